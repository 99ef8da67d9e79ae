"""The words of the little language for channels: who opens one, pays by it, and how it ends.

What is paid off the market leaves no record; a proof of it is told where somebody brings it. The
key of a channel, or its chain, is its payer's name.
"""

from typing import Any

from souq.core.channel import (
    CHANNELS,
    AgreeClose,
    CloseChannel,
    OpenChannel,
    PresentVoucher,
    TopUpChannel,
)
from souq.core.channel_batch import Claim, SettleChannels
from souq.core.rules import DAY_US, rules
from souq.core.state import was_issued
from souq.core.voucher import Payword, Proof, Scope, Voucher, hashed, signed_bytes
from tests.core.channels import chain, key, secret, signed
from tests.scenarios.words import CASH, claim, interval, money, step

LENGTH = 100


@step(
    rf"opens a channel of ({CASH}) to (\w+)(?: at ({CASH}) a word)?"
    r"(?: for (\d+ \w+))?(?: with (\d+ \w+) to answer)?"
)
def _opens(play: Any, who: str, said: Any) -> Any:
    deposit, payee, unit, length, window = said.groups()
    means = chain(who, unit=money(unit).units, length=LENGTH) if unit else signed(who)
    return OpenChannel(
        play.agent(payee),
        money(deposit),
        means,
        interval(length) if length else 7 * DAY_US,
        interval(window) if window else DAY_US,
    )


@step(rf"tops (X\d+) up by ({CASH})")
def _tops_up(play: Any, who: str, said: Any) -> Any:
    return TopUpChannel(said[1], money(said[2]))


@step(rf"presents ({CASH}|\d+ words) of (X\d+)(?: as (X\d+))?")
def _presents(play: Any, who: str, said: Any) -> Any:
    return PresentVoucher(said[3] or said[2], _proof(play, said[2], said[1]))


@step(rf"closes (X\d+)(?: with ({CASH}|\d+ words)(?: of (X\d+))?)?(?: signed by (\w+))?")
def _closes(play: Any, who: str, said: Any) -> Any:
    id, amount, other, signer = said.groups()
    return CloseChannel(id, _proof(play, other or id, amount, signer) if amount else None)


@step(rf"agrees to end (X\d+) at ({CASH})")
def _agrees(play: Any, who: str, said: Any) -> Any:
    return AgreeClose(said[1], money(said[2]).units)


@step(rf"settles ((?:X\d+ with (?:{CASH}|\d+ words)(?:, )?)+)")
def _settles(play: Any, who: str, said: Any) -> Any:
    rows = (row.split(" with ") for row in said[1].split(", "))
    return SettleChannels(tuple(Claim(id, _proof(play, id, amount)) for id, amount in rows))


@claim(r"channel (X\d+) is (open|closing|over)")
def _is(play: Any, said: Any) -> Any:
    found = play.engine.state.get(CHANNELS, said[1])
    if found is None:
        return "over" if was_issued(play.engine.state, said[1]) else "unknown", said[2]
    return type(found).__name__.lower(), said[2]


def _proof(play: Any, id: str, amount: str, signer: str | None = None) -> Proof:
    """Make the proof that a channel's payer gave, or somebody else in its name."""
    state = play.engine.state
    found = state.get(CHANNELS, id)
    payer = next(name for name, ids in play.people.items() if ids[1] == found.terms.payer)
    if amount.endswith(" words"):
        index = int(amount.partition(" ")[0])
        return Payword(index, hashed(secret(signer or payer), LENGTH - index).hex())
    scope = Scope(rules(state).name, id, found.terms.opened_at)
    units = money(amount).units
    return Voucher(units, key(signer or payer).sign(signed_bytes(scope, units)).hex())
