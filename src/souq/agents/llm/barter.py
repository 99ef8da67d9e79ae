"""An agent on a barter floor that asks a model what to do: looks, and takes one move of a few.

It is told what was understood of its person, sees the floor as every agent does, and keeps a note.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from souq.agents import Turn
from souq.agents.llm import barter_wording as wording
from souq.agents.llm.calls import Ask, Choice, Model, NoAnswer
from souq.agents.llm.manner import LAVISH, Manner
from souq.agents.llm.moves import Malformed
from souq.agents.llm.recording import Recorded, paid
from souq.agents.llm.spending import Purse
from souq.agents.swapper import MEMBERS_MAX, Holdings, SwapBrief, listing_of, look, swap_of
from souq.core.mechanisms.moves import Accept as AcceptCommand
from souq.core.mechanisms.moves import Reject as RejectCommand
from souq.views.observation import NegotiationSeen, Observation

REPAIRS_MAX = 2  # of one answer, before the turn passes


class _Move(Struct, tag_field="act"):
    say: str = ""
    note: str | None = None


class Swap(_Move, tag="swap"):
    agent: str = ""


class Rotate(_Move, tag="rotate"):
    members: tuple[str, ...] = ()


class Accept(_Move, tag="accept"):
    proposal: str = ""


class Reject(_Move, tag="reject"):
    proposal: str = ""


class Say(_Move, tag="say"):
    pass


class Pass(_Move, tag="pass"):
    pass


_read = msgspec.json.Decoder(Swap | Rotate | Accept | Reject | Say | Pass, strict=False).decode


class _Table(Struct, frozen=True):
    """What can be done now, by the ids that a model may name."""

    seen: Observation
    floor: Holdings
    held: str
    others: tuple[str, ...]  # agents that hold a book
    to_answer: Mapping[str, NegotiationSeen]


class Barterer:
    """The agent of one person. It keeps no link to the market, as no agent does."""

    def __init__(
        self,
        brief: SwapBrief,
        model: Model | Recorded,
        *,
        purse: Purse | None = None,
        manner: Manner = LAVISH,
    ) -> None:
        self._brief = brief
        self._model = model
        self._manner = manner
        self._place = {title: n for n, title in enumerate(brief.ranking, 1)}
        self._system = wording.SYSTEM.format(
            name=brief.name,
            title=brief.title,
            ranking="\n".join(f"{n}. {title}" for title, n in self._place.items()),
            style=wording.STYLES[brief.style].format(name=brief.name),
        )
        self._has_listed = False
        self.purse = purse or Purse()

    async def wake(self, seen: Observation, note: str) -> Turn:
        """List the book, then ask the model for one move. Raises OverBudget and NotReady."""
        if not self._has_listed:
            self._has_listed = True
            return Turn(listing_of(self._brief))
        floor = look(seen)
        held = floor.title.get(seen.agent, "")
        others = tuple(agent for agent in floor.title if agent != seen.agent)
        to_answer = {one.id: one for one in seen.negotiations if one.is_my_turn}
        table = _Table(seen, floor, held, others, to_answer)
        ask = Ask(self._system, (self._state(table, note),), self._choices(table))
        for _ in range(REPAIRS_MAX + 1):
            try:
                answer = await paid(self._model, ask, self.purse)
            except NoAnswer as none:
                self.purse.failed(str(none))
                return Turn()
            try:
                return self._turn(answer.text, table)
            except Malformed as why:
                self.purse.repaired()
                said = answer.text or "(nothing)"
                turns = (*ask.turns, said[:2_000], wording.REPAIR.format(why=why))
                ask = Ask(ask.system, turns, ask.choices)
        return Turn()

    def _state(self, table: _Table, note: str) -> str:
        """Give the floor as it is now, as one JSON document."""
        seen, floor = table.seen, table.floor
        left = max(0, self._brief.closes_at - seen.at) // 60_000_000
        you: dict[str, Any] = {
            "agent": seen.agent,
            "holds": table.held,
            "its_place": self._place.get(table.held),
            "minutes_left": left,
        }
        if seen.refusal:
            you["last_move_was_refused"] = seen.refusal
        whole: dict[str, Any] = {"you": you}
        if note:
            whole["memory"] = {"what": wording.MEMORY, "note": note}
        messages = seen.messages[-self._manner.messages_max :]
        whole["floor"] = {
            "trust": "untrusted",
            "books": [
                {
                    "title": floor.title[agent],
                    "with": agent,
                    "your_place": self._place_of(agent, floor),
                }
                for agent in sorted(table.others, key=lambda one: self._place_of(one, floor))
            ],
            "proposals": [self._proposal(one, seen.agent, floor) for one in seen.negotiations],
            "messages": [
                {
                    "by": "you" if one.agent == seen.agent else one.agent,
                    "text": one.text[: self._manner.text_max],
                }
                for one in messages
            ],
        }
        return msgspec.json.encode(whole).decode()

    def _place_of(self, agent: str, floor: Holdings) -> int:
        return self._place.get(floor.title[agent], len(self._place) + 1)

    def _proposal(self, one: NegotiationSeen, me: str, floor: Holdings) -> dict[str, Any]:
        gets = [floor.name.get(leg.listing, "") for leg in one.goods if leg.taker == me]
        gives = [floor.name.get(leg.listing, "") for leg in one.goods if leg.giver == me]
        return {
            "id": one.id,
            "with": [party for party in one.parties if party != me],
            "you_give": gives,
            "you_get": gets,
            "your_place_of_it": [self._place.get(title) for title in gets],
            "waits_for_you": one.is_my_turn,
        }

    def _choices(self, table: _Table) -> tuple[Choice, ...]:
        """Give what is possible now, `pass` among it always."""
        found: dict[str, dict[str, Any]] = {}
        if table.to_answer:
            one_of = {"type": "string", "enum": list(table.to_answer)}
            found["accept"] = found["reject"] = {"proposal": one_of}
        if table.held and table.others:
            agent = {"type": "string", "enum": list(table.others)}
            found["swap"] = {"agent": agent}
            if len(table.others) > 1:
                most = min(MEMBERS_MAX - 1, len(table.others))
                members = {"type": "array", "items": agent, "minItems": 2, "maxItems": most}
                found["rotate"] = {"members": members}
        found |= {"say": {}, "pass": {}}
        words = {"say": {"type": "string", "maxLength": self._manner.say_max}}
        if self._manner.note_max:
            words["note"] = {"type": "string", "maxLength": self._manner.note_max}
        return tuple(
            Choice(
                name,
                wording.CHOICES[name],
                {**fields, **words},
                ("say",) if name == "say" else tuple(fields),
            )
            for name, fields in found.items()
        )

    def _turn(self, text: str, table: _Table) -> Turn:
        """Give the turn that an answer asks for. Raises Malformed."""
        try:
            move = _read(text)
        except msgspec.MsgspecError as error:
            raise Malformed(f"that is no move: {str(error)[:200]}") from None
        if len(move.say) > self._manner.say_max:
            raise Malformed(f"`say` has at most {self._manner.say_max} characters")
        note = None if move.note is None else move.note[: self._manner.note_max]
        return Turn(_operation(move, table), move.say.strip(), note or None)


def _operation(move: _Move, table: _Table) -> Any:
    match move:
        case Swap(agent=agent):
            return _ring((agent,), table)
        case Rotate(members=members):
            return _ring(members, table)
        case Accept(proposal=id):
            return AcceptCommand(id, _waiting(id, table).terms)
        case Reject(proposal=id):
            return RejectCommand(_waiting(id, table).id)
        case Say(say=say) if not say.strip():
            raise Malformed("`say` is empty; choose pass to do nothing")
        case _:
            return None


def _ring(members: tuple[str, ...], table: _Table) -> Any:
    if not table.held:
        raise Malformed("you hold no book now")
    for agent in members:
        if agent not in table.others:
            raise Malformed(f"an agent is one of {', '.join(table.others)}, not {agent[:40]!r}")
    if not members or len(set(members)) < len(members) or len(members) >= MEMBERS_MAX:
        raise Malformed(f"name 1 to {MEMBERS_MAX - 1} agents, each once")
    return swap_of((table.seen.agent, *members), table.floor)


def _waiting(id: str, table: _Table) -> NegotiationSeen:
    if id not in table.to_answer:
        waiting = ", ".join(table.to_answer) or "nothing now"
        raise Malformed(f"`proposal` is one of {waiting}, not {id[:40]!r}")
    return table.to_answer[id]
