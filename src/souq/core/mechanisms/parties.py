"""Who takes part in a run that anybody may join, in the order they came."""

from msgspec import Struct

from souq.core.index import Rank
from souq.core.state import Table, View


class Party(Struct, frozen=True, gc=False, array_like=True):
    negotiation: str
    agent: str
    number: int


def _rank(party: Party) -> Rank:
    return Rank(party.negotiation, 0, party.number)


PARTIES: Table[Party] = Table("parties", Party, rank=_rank)


def is_party(view: View, negotiation: str, agent: str) -> bool:
    """Tell whether an agent takes part."""
    return view.get(PARTIES, f"{negotiation}/{agent}") is not None


def opener(view: View, negotiation: str) -> tuple[str, ...]:
    """Name who opened a run: of its parties the one that everybody may know."""
    first = view.first(PARTIES, negotiation)
    return () if first is None else (first[1].agent,)


def joined(view: View, negotiation: str) -> tuple[str, ...]:
    """List who takes part, whoever opened the run first."""
    return tuple([party.agent for _, party in view.walk(PARTIES, negotiation)])
