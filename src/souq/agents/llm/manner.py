"""How much a model is shown and may say: large ones much, small and local ones little."""

from msgspec import Struct


class Manner(Struct, frozen=True):
    """Bounds of a prompt and of an answer.

    `has_whole_prices`: prices are whole numbers of the asset, because grammars of local servers
    bound integers only.
    """

    listings_max: int
    messages_max: int
    talks_max: int
    text_max: int  # of one stranger's text
    say_max: int
    note_max: int
    has_whole_prices: bool


LAVISH = Manner(
    listings_max=60,
    messages_max=20,
    talks_max=30,
    text_max=1_000,
    say_max=400,
    note_max=1_000,
    has_whole_prices=False,
)
FRUGAL = Manner(
    listings_max=8,
    messages_max=3,
    talks_max=6,
    text_max=200,
    say_max=120,
    note_max=0,
    has_whole_prices=True,
)
_SMALL = ("local", "ollama", "vllm", "llamacpp", "compatible")


def manner_of(name: str) -> Manner:
    """Give the manner that suits a model by its name, `PROVIDER:MODEL`."""
    return FRUGAL if name.partition(":")[0] in _SMALL else LAVISH
