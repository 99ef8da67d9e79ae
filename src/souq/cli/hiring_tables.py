"""Prints what became of a goal: who was hired for what, and where the budget went."""

from rich.markup import escape
from rich.table import Table

from souq.cli.output import console, dollars, figures, grid, percent
from souq.lab.hiring.telling import Attempt, ServicesSummary


def services(found: ServicesSummary) -> None:
    """Print a table for each piece of work, then the totals."""
    console.print(f"The goal: {found.goal}", markup=False, soft_wrap=True)
    for piece in dict.fromkeys(one.piece for one in found.attempts):
        _piece(piece, [one for one in found.attempts if one.piece == piece])
    grid(
        "What each agent was lent",
        ["agent", "at most", "spent", "left"],
        [
            [one.agent, *map(dollars, (one.cap_units, one.spent_units, one.left_units))]
            for one in found.mandates
        ],
    )
    grid(
        "Everybody else in the end; a bond is a locked part of the money",
        ["who", "money", "bond", "lost of it", "deals count", "standing"],
        [
            [
                one.name,
                *map(dollars, (one.wallet_units, one.bond_units, one.forfeited_units)),
                f"{one.evidence_milli / 1000:.1f}" if one.evidence_milli else "–",
                percent(one.standing_bps / 10_000) if one.evidence_milli else "–",
            ]
            for one in found.people
        ],
    )
    figures(
        "The goal is reached" if found.is_reached else "The goal is not reached",
        [
            ("budget", dollars(found.budget_units)),
            ("spent", dollars(found.spent_units)),
            ("  of that the house's fees", dollars(found.fee_units)),
            ("got from bonds", dollars(found.back_units)),
            ("left", dollars(found.left_units)),
            ("records", f"{found.records:,}"),
        ],
    )


def _piece(title: str, attempts: list[Attempt]) -> None:
    table = Table(title=escape(title), title_justify="left")
    for head, justify in (("deal", "left"), ("who", "left"), ("price", "right")):
        table.add_column(head, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    table.add_column("what happened", overflow="fold")
    table.add_column("paid", justify="right", no_wrap=True)
    for one in attempts:
        paid = one.paid_units + one.fee_units
        cells = (one.contract, one.contractor, dollars(one.price_units))
        happened = "; ".join(one.happened)
        table.add_row(*map(escape, (*cells, happened, dollars(paid) if paid else "–")))
    console.print(table)
