"""The walker's moves with channels: opened, topped up, ended by either side, meddled with."""

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
from souq.core.money import Money
from souq.core.party import AGENTS
from souq.core.rules import DAY_US, HOUR_US, RULES
from souq.core.voucher import (
    HashChain,
    Payword,
    Proof,
    Scope,
    SignedVouchers,
    Voucher,
    hashed,
    signed_bytes,
)
from tests.core.channels import key, secret, signed

NAMES = ("one", "two", "three")
LENGTH = 9
_CHAINS: dict[str, str] = {}  # what a chain was made of, by its anchor


def _chain(walk: Any) -> HashChain:
    name = f"chain {walk.number if walk.chance.randint(0, 9) else walk.number % 7}"
    anchor = hashed(secret(name), LENGTH).hex()
    _CHAINS[anchor] = name
    return HashChain(anchor, walk.chance.choice((1, 3, 20)), LENGTH)


def open_channel(walk: Any) -> Any:
    chance = walk.chance
    if len(walk.rows(CHANNELS)) > 12:
        return None
    agents = [one.id for one in walk.rows(AGENTS)]
    payer, payee = chance.choice(agents), chance.choice(agents)
    means = _chain(walk) if chance.randint(0, 1) else signed(chance.choice(NAMES))
    valid_us = chance.choice((5 * HOUR_US, DAY_US, 3 * DAY_US))
    deposit = Money(chance.randint(1, 90), chance.choice(("USD",) * 7 + ("EUR",)))
    return payer, OpenChannel(payee, deposit, means, valid_us, chance.choice((HOUR_US, valid_us)))


def use_channel(walk: Any) -> Any:
    chance = walk.chance
    found = list(walk.state.rows(CHANNELS).items())
    if not found:
        return None
    id, state = chance.choice(found)
    terms = state.terms
    payer, payee = terms.payer, terms.payee
    proof = None if chance.randint(0, 3) == 0 else _proof(walk, id, terms)
    match chance.randint(0, 9):
        case 0 | 1:
            return payer, TopUpChannel(id, Money(chance.randint(1, 40), terms.deposit.asset))
        case 2 | 3:
            return payee, PresentVoucher(id, proof or _proof(walk, id, terms))
        case 4:
            return _voice(walk, payer), CloseChannel(id, proof)
        case 5:
            return _voice(walk, payee), CloseChannel(id, proof)
        case 6:
            asked = (Claim(one, _proof(walk, one, it.terms)) for one, it in found[:3])
            return _voice(walk, payee), SettleChannels((Claim(id, proof), *asked))
        case _:
            side = chance.choice((payer, payee))
            if state.offer is not None and chance.randint(0, 2):
                other = payer if state.offer.by == payee else payee
                return other, AgreeClose(id, state.offer.units)
            return _voice(walk, side), AgreeClose(id, chance.randint(0, terms.deposit.units))


def _voice(walk: Any, agent: str) -> str:
    return str(walk.state.get(AGENTS, agent).principal if walk.chance.randint(0, 4) == 0 else agent)


def _proof(walk: Any, id: str, terms: Any) -> Proof:
    """Make a proof, mostly a good one: the walker has everybody's keys."""
    chance = walk.chance
    if isinstance(terms.means, HashChain):
        index = chance.randint(0, LENGTH)
        name = _CHAINS[terms.means.anchor] if chance.randint(0, 9) else "another"
        claimed = index if chance.randint(0, 9) else index + 1
        return Payword(claimed, hashed(secret(name), LENGTH - index).hex())
    assert isinstance(terms.means, SignedVouchers)
    units = chance.randint(0, terms.deposit.units + 2)
    own = next(name for name in NAMES if signed(name) == terms.means)
    signer = own if chance.randint(0, 9) else chance.choice(NAMES)
    meant = id if chance.randint(0, 9) else f"X{chance.randint(1, 9)}"
    market = walk.state.get(RULES, "market").name
    message = signed_bytes(Scope(market, meant, terms.opened_at), units)
    return Voucher(units, key(signer).sign(message).hex())
