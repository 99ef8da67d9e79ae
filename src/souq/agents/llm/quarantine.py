"""The structured-only view: strangers' words are read by a call that can only fill typed fields.

The model that decides never sees them. After the dual-model pattern (Beurer-Kellner et al. 2025,
“Design Patterns for Securing LLM Agents against Prompt Injections”): whatever a text says, all that
comes out of it is a word from a short list and a number.
"""

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any, Literal

import msgspec
from msgspec import Struct

from souq.agents.llm import wording
from souq.agents.llm.calls import Ask, Choice, Model, NoAnswer
from souq.agents.llm.moves import is_amount
from souq.agents.llm.recording import Recorded, paid
from souq.agents.llm.spending import Purse
from souq.core.mandate import covers
from souq.views.history import Said
from souq.views.observation import ListingSeen, Observation

Condition = Literal["new", "good", "worn", "broken", "unknown"]
Kind = Literal["greeting", "question", "price", "agreement", "refusal", "other"]
CONDITIONS: tuple[str, ...] = Condition.__args__  # type: ignore[attr-defined]
KINDS: tuple[str, ...] = Kind.__args__  # type: ignore[attr-defined]
NONE = "none"
TEXT_MAX = 500
KEPT_MAX = 10_000
AMOUNT_MAX = 1_000_000


class ThingRead(Struct, tag_field="act", tag="thing"):
    """What a title says: which of the wanted categories it suits, and how the thing is."""

    suits: str = NONE
    condition: Condition = "unknown"


class WordsRead(Struct, tag_field="act", tag="words"):
    """What a message is, and the amount it names, if any."""

    kind: Kind = "other"
    amount: Decimal | None = None


_read = msgspec.json.Decoder(ThingRead | WordsRead, strict=False).decode


class Quarantine:
    """Reads each text once."""

    def __init__(self, model: Model | Recorded, categories: Iterable[str]) -> None:
        """`categories` are those that its agent may hear of by name."""
        self._model = model
        self._categories = tuple(sorted(set(categories)))
        self._known: dict[tuple[str, str], ThingRead | WordsRead] = {}

    async def clean(
        self, seen: Observation, shown: Collection[str], messages_max: int, purse: Purse
    ) -> Observation:
        """Give an observation without a stranger's word, and without listings not `shown`.

        Raises OverBudget and NotReady.
        """
        listings = [one for one in seen.listings if one.id in shown]
        cleaned = [await self._listing(one, seen.agent, purse) for one in listings]
        last = seen.messages[-messages_max:]
        messages = [await self._message(one, seen.agent, purse) for one in last]
        return msgspec.structs.replace(seen, listings=tuple(cleaned), messages=tuple(messages))

    async def _listing(self, one: ListingSeen, me: str, purse: Purse) -> ListingSeen:
        if one.agent == me:
            return one
        category = next(
            (name for name in self._categories if covers((name,), one.category)), "other"
        )
        if category == "other":
            # Nobody wants it, so nobody need read it.
            return msgspec.structs.replace(one, category=category, title="")
        fields = {
            "suits": {"type": "string", "enum": [*self._categories, NONE]},
            "condition": {"type": "string", "enum": list(CONDITIONS)},
        }
        choice = Choice("thing", wording.THING, fields, ("suits", "condition"))
        found = await self._reading(one.title, choice, purse)
        assert isinstance(found, ThingRead)
        suits = found.suits if found.suits in self._categories else NONE
        title = f"suits {suits}, condition {found.condition}"
        return msgspec.structs.replace(one, category=category, title=title)

    async def _message(self, said: Said, me: str, purse: Purse) -> Said:
        if said.agent == me:
            return said
        fields: dict[str, Any] = {
            "kind": {"type": "string", "enum": list(KINDS)},
            "amount": {"type": "integer", "minimum": 0, "maximum": AMOUNT_MAX},
        }
        choice = Choice("words", wording.WORDS, fields, ("kind",))
        found = await self._reading(said.text, choice, purse)
        assert isinstance(found, WordsRead)
        amount = found.amount
        if amount is not None and is_amount(amount) and amount <= AMOUNT_MAX:
            text = f"{found.kind} {round(amount)}"
        else:
            text = found.kind
        return msgspec.structs.replace(said, text=text)

    async def _reading(self, text: str, choice: Choice, purse: Purse) -> ThingRead | WordsRead:
        key = (choice.name, text[:TEXT_MAX])
        if key in self._known:
            return self._known[key]
        nothing: ThingRead | WordsRead = ThingRead() if choice.name == "thing" else WordsRead()
        told = msgspec.json.encode({"trust": "untrusted", "text": key[1]}).decode()
        try:
            answer = await paid(self._model, Ask(wording.QUARANTINE, (told,), (choice,)), purse)
        except NoAnswer:
            return nothing  # for now; it is asked again
        try:
            found = _read(answer.text)
        except msgspec.MsgspecError:
            found = nothing
        while len(self._known) >= KEPT_MAX:
            del self._known[next(iter(self._known))]
        self._known[key] = found if type(found) is type(nothing) else nothing
        return self._known[key]
