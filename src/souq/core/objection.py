"""What somebody would be bound to, and what a guard objects to in it: the words all guards share.

A guard is a function that looks at a binding, under the house's rules, and gives its objections,
none where all is well. It raises Refused only for what cannot be judged at all, as of a listing
that has ended. `authority` lists the guards and asks every one of them, at every offer and every
deal: a guard that nothing calls for gives () at once, where a generator takes longer to say so.
"""

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from souq.core.agreement import Leg
from souq.core.party import Agent
from souq.core.refusal import Fact, Reason, Refused
from souq.core.rules import Rules
from souq.core.state import View


class Binding(Struct, frozen=True, gc=False):
    """What an agent would be bound to: at an offer, and again at the deal.

    `reserves` is all that the agent's commitments in the negotiation could cost, these legs among
    them. `part_of` is a larger sum that these legs are a part of, so that no order slips below a
    threshold by being filled in pieces. Whoever it will deal with, where that is open, is "".
    `is_moving`: its own move would bind it, not another's that meets what it offered before.
    """

    agent: Agent
    legs: tuple[Leg, ...]
    negotiation: str
    reserves: int
    part_of: int = 0
    is_moving: bool = True


class Objection(Struct, frozen=True):
    """One rule's no; or where `approver` names somebody, that the deal waits for their approval.

    `layer` is whose rule it is: "mandate", or the scope of a policy. `facts` speak of the caller
    only, and hold no limit that is private. A policy's rule has a `number` in it. What was compared
    is told to whoever asks for an explanation and may read the rule; `is_private`: to nobody.
    """

    rule: str
    layer: str = "mandate"
    approver: str = ""
    reason: Reason = Reason.OUTSIDE_MANDATE
    facts: Mapping[str, Fact] = {}
    number: int = 0
    threshold: Fact = ""
    observed: Fact = ""
    asset: str = ""
    is_private: bool = False

    def refusal(self) -> Refused:
        """Build the refusal for this objection alone."""
        place: dict[str, Fact] = {}
        if self.number:
            place = {"layer": self.layer, "number": self.number}
        return Refused(self.reason, rule=self.rule, **place, **self.facts)


Guard = Callable[[View, Binding, Rules], Iterable[Objection]]
