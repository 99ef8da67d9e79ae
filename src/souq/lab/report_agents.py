"""What a report says of the agents themselves: by the model they run on, and what they made up."""

from souq.lab.confabulation import Screening
from souq.lab.markup import about, counted, table_of, words_of
from souq.lab.tiers import UNDECLARED, ModelAudit
from souq.views.history import History

CHECKED = "Models are as declared by or for each agent; nobody has checked them."


def players(history: History) -> str:
    """Name who trades: scripts, unless agents say that they run on models."""
    named = {declared[-1] for declared in history.models.values()} - {""}
    return words_of(", ".join(sorted(named))) if named else "scripted agents"


def models(audit: ModelAudit, knows: bool) -> str:
    """Set models side by side, where more than one was declared; else nothing."""
    if not audit.compares:
        return ""
    notes = [CHECKED]
    if audit.changed:
        notes.append(f"{counted(audit.changed, 'agent')} declared several; the last counts.")
    return (
        f"<section><h2>By model</h2><p>{' '.join(notes)}</p>{_outcomes(audit, knows)}"
        f"{_pairings(audit)}</section>"
    )


def screening(found: Screening | None, history: History) -> str:
    """Show what agents claimed that nobody had told them; nothing where they did not speak."""
    if found is None:
        return ""
    told = (
        f"<p>In {counted(found.messages, 'message')},"
        f" {counted(found.flagged, 'sentence')} claimed more than the agent had been told:"
        f" {found.about_person:,} about its person, {found.about_thing:,} about a thing it sells."
        " The screen compares words only: it misses some, and flags some that are harmless.</p>"
    )
    rows = [
        (
            f"{one.seq:,}",
            words_of(history.names.get(one.agent, one.agent)),
            "its person" if one.kind == "about_person" else "a thing",
            f'<div class="w">{words_of(one.sentence)}</div>',
            words_of(", ".join(one.unsupported)),
        )
        for one in found.examples
    ]
    heads = ("#Record", "Who", "About", "Sentence", "Words nothing supports")
    table = table_of(heads, rows, caption="The first of them") if rows else ""
    return f"<section><h2>Beyond the brief</h2>{told}{table}</section>"


def _outcomes(audit: ModelAudit, knows: bool) -> str:
    heads = ("Model", "#People", "#Listed", "#Share sold", "#Deals a person")
    means = ("#Mean price selling", "#Mean price buying")
    rows = []
    for one in audit.models:
        row = [
            _model(one.model),
            f"{one.people:,}",
            f"{one.listed:,}",
            f"{one.share_sold:.1%}",
            f"{one.deals_per_person:.2f}",
            about(one.mean_price_selling),
            about(one.mean_price_buying),
        ]
        rows.append([*row, about(one.surplus_per_person)] if knows else row)
    gain = ("#Surplus a person",) if knows else ()
    table = table_of((*heads, *means, *gain), rows, caption="What people got, by model")
    return f'<div class="figure">{table}</div>'


def _pairings(audit: ModelAudit) -> str:
    rows = [
        (_model(one.seller), _model(one.buyer), about(one.mean_price), f"{one.items:,}")
        for one in audit.pairings
    ]
    if not rows:
        return ""
    heads = ("Seller", "Buyer", "#Mean price", "#Items")
    table = table_of(heads, rows, caption="Mean price of an item, by who sold to whom")
    return f'<div class="figure">{table}</div>'


def _model(model: str) -> str:
    return words_of(model) if model else UNDECLARED
