"""Whose word counts for how much: worked out over the graph of payments, and told by the operator.

Evidence from a counterparty nobody trusts is worth nothing, or anybody could be their own. How much
a principal is trusted is found outside the core (`views.trust`) and comes back as `SetTrust`, whole
every time. Until the first one every word counts alike; from then on, whoever it leaves out counts
nothing. Principals in one ring, among whom value only goes round, count nothing for each other.
"""

from typing import Any

from msgspec import Struct

from souq.core.money import BPS
from souq.core.party import PRINCIPALS
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import need_operator, rules
from souq.core.state import Draft, Table, View

ROWS_MAX = 200_000


class SetTrust(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Say how far each principal's word counts, and who trades in rings. Operator only.

    In columns: to each of `principals` its share of full trust in `bps`; whoever is left out has
    none. `rings` numbers, beside each principal, the ring that it is in, 0 for none. `upto` is the
    record that all this was worked out from, `method` how.
    """

    principals: tuple[str, ...]
    bps: tuple[int, ...]
    rings: tuple[int, ...] = ()
    upto: int = 0
    method: str = "rooted"


class TrustSet(Struct, frozen=True, tag=True, omit_defaults=True):
    principals: tuple[str, ...]
    bps: tuple[int, ...]
    rings: tuple[int, ...] = ()
    upto: int = 0
    method: str = "rooted"


class Trust(Struct, frozen=True, omit_defaults=True):
    """By principal, how far its word counts; and by principal, its ring."""

    bps: dict[str, int]
    rings: dict[str, int] = {}


TRUST: Table[Trust] = Table("trust", Trust)
TABLES: tuple[Table[Any], ...] = (TRUST,)
_KEY = "market"
_METHOD_MAX = 32


def trust(view: View) -> Trust | None:
    """Give who is trusted, or None where nobody has said so yet."""
    return view.get(TRUST, _KEY)


def counts_bps(found: Trust | None, counterparty: str, subject: str) -> int:
    """Give how much a counterparty's deals count for a principal, of 10,000."""
    if counterparty == subject:
        return 0
    if found is None:
        return BPS
    ring = found.rings.get(counterparty)
    if ring is not None and ring == found.rings.get(subject):
        return 0
    return found.bps.get(counterparty, 0)


def changed(before: Trust | None, after: Trust, known: tuple[str, ...]) -> tuple[str, ...]:
    """List the counterparties whose deals may count otherwise than before."""
    if before is None:
        return known
    moved = {
        one for one in (*before.bps, *after.bps) if before.bps.get(one, 0) != after.bps.get(one, 0)
    }
    if before.rings != after.rings:
        moved.update(before.rings, after.rings)
    return tuple(sorted(moved))


def _set(draft: Draft, actor: str, command: SetTrust) -> None:
    need_operator(actor)
    rules(draft)
    named = command.principals
    if len(named) > ROWS_MAX or len(set(named)) != len(named):
        raise invalid("principals", f"up to {ROWS_MAX}, each once")
    if len(command.bps) != len(named) or not all(0 <= one <= BPS for one in command.bps):
        raise invalid("bps", "one beside each principal, between 0 and 10000")
    if command.rings and len(command.rings) != len(named):
        raise invalid("rings", "one beside each principal, or none at all")
    if not all(0 <= one <= ROWS_MAX for one in command.rings):
        raise invalid("rings", f"stands between 0 and {ROWS_MAX}")
    if not 0 <= command.upto <= 2**53 or not 0 < len(command.method) <= _METHOD_MAX:
        raise invalid("method", f"1 to {_METHOD_MAX} characters; `upto` is a record's number")
    for one in named:
        if draft.get(PRINCIPALS, one) is None:
            raise Refused(Reason.NOT_FOUND, id=one[:64])
    draft.emit(TrustSet(named, command.bps, command.rings, command.upto, command.method))


def read(event: TrustSet) -> Trust:
    """Give what an event says, without those that it says nothing of."""
    bps = {one: share for one, share in zip(event.principals, event.bps, strict=True) if share}
    rings = {
        one: ring
        for one, ring in zip(event.principals, event.rings or (0,) * len(bps), strict=False)
        if ring
    }
    return Trust(bps, rings)


def put(view: View, found: Trust) -> None:
    """Fold who is trusted from now on."""
    view.put(TRUST, _KEY, found)


DECIDE: dict[type, Any] = {SetTrust: _set}
EVOLVE: dict[type, Any] = {}  # `reputation` folds it: what was counted before counts anew
