"""What the interview asks, in its order: about the person, and about each thing and want."""

from typing import Any, Literal, NamedTuple

from souq.agents.brief import Brief, ThingTold, WantTold
from souq.agents.intake import words
from souq.agents.intake.words import NotUnderstood, Read
from souq.core.listing import TITLE_MAX
from souq.core.money import USD, Asset

Kind = Literal["thing", "want"]
ITEMS_MAX = 50  # things, and wants
ENTRIES_MAX = 50  # of what is owned, never wanted, wished
LINE_MAX = 300
NEEDED: Any = object()  # the default of what cannot be skipped


class Field(NamedTuple):
    """One thing to ask for. `default` is what a skipped answer means."""

    name: str
    ask: str
    read: Read
    default: Any = NEEDED
    hint: str = ""


class Topic(NamedTuple):
    """One question about the person. `entries`: it goes on until “done”."""

    name: str
    ask: str
    read: Read | None = None
    entries: bool = False
    hint: str = ""


_title = words.text_up_to(TITLE_MAX)
_line = words.text_up_to(LINE_MAX)

FIELDS: dict[Kind, tuple[Field, ...]] = {
    "thing": (
        Field("title", "What is it? A title, as you would put it on a note.", _title),
        Field(
            "category",
            "Which category does “{title}” go under?",
            words.category,
            hint="one word or two, such as books, home or bikes/folding",
        ),
        Field(
            "description",
            "What should a buyer know about it? Condition, size, flaws.",
            words.text_up_to(2_000),
            "",
            "skip is fine",
        ),
        Field("ask", "What do you ask for it?", words.amount, hint="a price such as 80 or 12.50"),
        Field(
            "floor",
            "And the least you would take? Nobody on the market is told.",
            words.amount,
            None,
            "skip means: not below what you ask",
        ),
        Field(
            "may_barter",
            "May your agent swap it for something instead of money?",
            words.is_yes,
            False,
            "yes or no; the market cannot hold a swap to that least price",
        ),
    ),
    "want": (
        Field("what", "What are you looking for?", _title),
        Field(
            "category",
            "Which category would “{what}” be under?",
            words.category,
            hint="one word or two, such as books, home or bikes/folding",
        ),
        Field(
            "most",
            "What is the most you would pay for one?",
            words.amount,
            hint="a price such as 30 or 12.50; nobody on the market is told",
        ),
        Field("count", "How many?", words.count, 1, "skip means one"),
    ),
}

TOPICS = (
    Topic("name", "What is your name? Your agent will say whom it speaks for.", _title),
    Topic(
        "things",
        "What would you like to sell? One thing at a time; its title first.",
        entries=True,
        hint="done when there is nothing more",
    ),
    Topic(
        "wants",
        "What would you like to buy? One thing at a time.",
        entries=True,
        hint="done when there is nothing more",
    ),
    Topic(
        "order",
        "Which of these would you rather have? Numbers, the most wanted first.",
        hint="such as 2 1 3; skip if the list stands right",
    ),
    Topic(
        "owns",
        "What do you own already, so that nobody buys it for you twice?",
        entries=True,
        hint="one line each, or parted by ; and done when that is all",
    ),
    Topic(
        "never",
        "What do you never want, whatever it costs?",
        entries=True,
        hint="one line each, or parted by ; and done when that is all",
    ),
    Topic(
        "style",
        "How should your agent talk and haggle?",
        _line,
        hint="such as friendly and brief; skip leaves it to the agent",
    ),
    Topic(
        "wishes",
        "Any special wishes? Such as: one gift to yourself under $5.",
        entries=True,
        hint="one line each, or parted by ; and done when that is all",
    ),
    Topic(
        "budget",
        "What may your agent spend in all?",
        words.amount,
        hint="skip means: whatever your wants come to",
    ),
)
TOPIC = {topic.name: topic for topic in TOPICS}
PEOPLE_ANSWER = ("name", "style", "budget")  # topics with one answer
LISTS = ("owns", "never", "wishes")


def is_asked(topic: str, brief: Brief) -> bool:
    """Tell whether a topic has anything to ask about."""
    return topic != "order" or len(brief.wants) > 1


def field_of(kind: Kind, name: str) -> Field:
    """Give one field of a thing or a want."""
    return next(field for field in FIELDS[kind] if field.name == name)


def items_of(brief: Brief, kind: Kind) -> tuple[ThingTold, ...] | tuple[WantTold, ...]:
    """Give what is for sale, or wanted."""
    return brief.things if kind == "thing" else brief.wants


def built(kind: Kind, told: dict[str, Any]) -> ThingTold | WantTold:
    """Make a thing or a want of what was told, by field."""
    given = {
        field.name: told.get(field.name, field.default)
        for field in FIELDS[kind]
        if field.default is not NEEDED or field.name in told
    }
    return ThingTold(**given) if kind == "thing" else WantTold(**given)


def check_item(
    kind: Kind, told: dict[str, Any], brief: Brief, asset: Asset = USD, at: int | None = None
) -> None:
    """Raise NotUnderstood where what was told of an item does not fit together.

    `at` is the item's own place, where it stands in the brief already.
    """
    others = [one for n, one in enumerate(items_of(brief, kind)) if n != at]
    if len(others) >= ITEMS_MAX:
        raise NotUnderstood(f"{ITEMS_MAX} are enough for one agent; say done.")
    if kind == "want":
        return
    title = told.get("title")
    if any(isinstance(one, ThingTold) and one.title == title for one in others):
        raise NotUnderstood(
            f"You have {words.echo(str(title))} already; your agent tells things by title."
        )
    ask, floor = told.get("ask"), told.get("floor")
    if ask is None or floor is None:
        return
    if asset.parse(str(floor)).units > asset.parse(str(ask)).units:
        raise NotUnderstood(f"The least you take, {floor}, is above the {ask} you ask.")
