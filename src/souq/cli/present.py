"""Prints what was found."""

from msgspec import Struct

from souq.cli.hiring_tables import services
from souq.cli.output import console, dollars, figures, grid, percent, write_json
from souq.core import ledger
from souq.core.state import State
from souq.journal.verify import Checked
from souq.lab.confabulation import Screening
from souq.lab.hiring.telling import ServicesSummary
from souq.lab.summary import DealSummary
from souq.lab.swap import SwapSummary
from souq.lab.tiers import UNDECLARED, ModelAudit


def show(found: DealSummary | SwapSummary | ServicesSummary, *, as_json: bool) -> None:
    """Print a market's figures."""
    if as_json:
        write_json(found)
        return
    if isinstance(found, DealSummary):
        _deal(found)
    elif isinstance(found, ServicesSummary):
        services(found)
    else:
        _swap(found)
    console.print(f"state hash {found.state_hash}", soft_wrap=True)


def _deal(found: DealSummary) -> None:
    figures(
        f"Market “{found.market}”",
        [
            ("people", f"{found.people:,}"),
            ("listings", f"{found.listings:,}"),
            ("wanted ads", f"{found.wanted:,}"),
            ("deals", f"{found.deals:,}"),
            (
                "  of them bundles, barters, gifts",
                f"{found.bundles}, {found.barters}, {found.gifts}",
            ),
            ("items sold", f"{found.items_sold:,}"),
            ("share of listings sold", percent(found.share_sold)),
            ("value", dollars(found.value)),
            ("median price of an item", dollars(found.median_price)),
            ("mean price of an item", dollars(_cents(found.mean_price))),
            ("surplus realised", dollars(found.surplus_realised)),
            ("best possible, budgets aside", dollars(found.surplus_possible)),
            ("realised against best", percent(found.efficiency)),
            ("gained by buyers", dollars(found.surplus_buyers)),
            ("gained by sellers", dollars(found.surplus_sellers)),
            ("Gini of what people gained", f"{found.gini_surplus:.3f}"),
            ("budgets breached", f"{found.budget_breaches}"),
            ("gift cards, all together", dollars(found.gift_cards)),
            ("records", f"{found.records:,}"),
            *_screening(found.screening),
        ],
    )
    grid(
        "Who gained, by style",
        ["style", "people", "bought", "sold", "buying", "selling", "a person"],
        [
            [
                style.style or "(unknown)",
                f"{style.people}",
                f"{style.bought}",
                f"{style.sold}",
                dollars(style.surplus_buying),
                dollars(style.surplus_selling),
                dollars(
                    _cents((style.surplus_buying + style.surplus_selling) // max(1, style.people))
                ),
            ]
            for style in found.styles
        ],
    )
    _models(found.by_model)


def _screening(found: Screening | None) -> list[tuple[str, str]]:
    if found is None:
        return []
    return [
        ("messages", f"{found.messages:,}"),
        ("  sentences beyond the brief, of people", f"{found.about_person:,}"),
        ("  sentences beyond the brief, of things", f"{found.about_thing:,}"),
    ]


def _models(audit: ModelAudit) -> None:
    if not audit.compares:
        return
    grid(
        "Who got what, by declared model (nobody has checked it)",
        ["model", "people", "listed", "sold", "deals each", "mean sold", "mean bought", "a person"],
        [
            [
                one.model or UNDECLARED,
                f"{one.people}",
                f"{one.listed}",
                percent(one.share_sold),
                f"{one.deals_per_person:.2f}",
                dollars(_cents(one.mean_price_selling)),
                dollars(_cents(one.mean_price_buying)),
                dollars(_cents(one.surplus_per_person)),
            ]
            for one in audit.models
        ],
    )
    grid(
        "Mean price of an item, by who sold to whom",
        ["seller > buyer", "mean price", "items"],
        [
            [
                f"{one.seller or UNDECLARED} > {one.buyer or UNDECLARED}",
                dollars(_cents(one.mean_price)),
                f"{one.items}",
            ]
            for one in audit.pairings
        ],
    )
    if audit.changed:
        console.print(f"declared several models, of which the last counts: {audit.changed}")


def _cents(units: int) -> int:
    """Cut what a division left below the cent; JSON keeps it."""
    return units // 10_000 * 10_000


def _swap(found: SwapSummary) -> None:
    figures(
        "Market “swap”",
        [
            (name.replace("_", " "), _plain(found, name))
            for name in _names(found)
            if name != "state_hash"
        ],
    )


def _names(found: Struct) -> tuple[str, ...]:
    return type(found).__struct_fields__


def _plain(found: Struct, name: str) -> str:
    value = getattr(found, name)
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def verified(checked: Checked, *, as_json: bool) -> None:
    """Print what was checked."""
    if as_json:
        fields = {name: getattr(checked, name) for name in _names(checked)}
        write_json({"ok": True, **fields})
        return
    figures(
        "Everything checked, nothing off",
        [
            (name.replace("_", " "), _plain(checked, name))
            for name in _names(checked)
            if name not in ("head", "state_hash")
        ],
    )
    console.print(f"head       {checked.head}", soft_wrap=True)
    console.print(f"state hash {checked.state_hash}", soft_wrap=True)


def replayed(seq: int, state: State, state_hash: str, *, as_json: bool) -> None:
    """Print a state: how many of everything, who has how much, and its hash."""
    rows = {
        table.name: len(rows)
        for table, rows in sorted(state.tables.items(), key=lambda item: item[0].name)
        if rows
    }
    balances = {
        account: {"posted": one.posted, "held": one.held, "incoming": one.incoming}
        for account, one in sorted(state.rows(ledger.ACCOUNTS).items())
    }
    if as_json:
        write_json(
            {
                "seq": seq,
                "at": state.at,
                "state_hash": state_hash,
                "rows": rows,
                "balances": balances,
            }
        )
        return
    figures(f"The state at record {seq}", [(name, f"{count:,}") for name, count in rows.items()])
    grid(
        "Accounts",
        ["account", "posted", "held"],
        [[id, dollars(one["posted"]), dollars(one["held"])] for id, one in balances.items()],
    )
    console.print(f"state hash {state_hash}", soft_wrap=True)
