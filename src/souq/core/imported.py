"""A record from another market is a prior here: bounded, fading, and counted once.

Whoever runs the market has checked a signed statement outside the core (`sdk.statement`) and says
what it holds. It is bound to a key of the principal's, so that nobody brings another's. However
much it tells, all that a principal brings is worth at most ten deals, and halves like everything
else. The same evidence counts once, whoever vouches for it: its root is remembered for good, and of
one market only what happened after what was brought before.
"""

from typing import Any

from msgspec import Struct

from souq.core.credential import KEYS, KEYS_OF, has_expired
from souq.core.decay import NONE, Tally, as_of
from souq.core.money import BPS
from souq.core.officer import OFFICERS
from souq.core.party import need_principal
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import OPERATOR, rules
from souq.core.state import Draft, Table, View

DEALS_MAX = 10  # pseudo-observations that all statements together may be worth
_MILLI_MAX = 10**12
_NAME_MAX = 256
_HEX = frozenset("0123456789abcdef")


class ImportReputation(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Bring in a principal's record from another market, as checked. By the operator or an officer.

    `issuer` is who signed it, `source` the market it is of, `subject_key` the Ed25519 key that it
    speaks of, in hex: it must be one of the principal's. `digest` is the statement's SHA-256,
    `evidence_root` that of the deals behind it. `good_milli` and `bad_milli` count deals in
    thousandths, `weight_bps` is how far the issuer is trusted.
    """

    principal: str
    issuer: str
    source: str
    subject_key: str
    digest: str
    evidence_root: str
    from_at: int
    until_at: int
    valid_until: int
    good_milli: int
    bad_milli: int
    weight_bps: int = BPS


class ReputationImported(Struct, frozen=True, tag=True):
    """`good` and `bad` are what it is worth here, in millionths of a deal."""

    principal: str
    issuer: str
    source: str
    digest: str
    evidence_root: str
    until_at: int
    good: int
    bad: int


BROUGHT: Table[Tally] = Table("brought", Tally)  # by principal
ROOTS: Table[str] = Table("evidence roots", str)  # whose evidence has been counted, for good
UNTIL: Table[int] = Table("brought until", int)  # by principal and market
TABLES: tuple[Table[Any], ...] = (BROUGHT, ROOTS, UNTIL)
ONE = 1_000_000


def prior_of(view: View, principal: str, half_life: int) -> Tally:
    """Give what a principal brought along is worth now."""
    return as_of(view.get(BROUGHT, principal) or NONE, view.at, half_life)


def _import(draft: Draft, actor: str, command: ImportReputation) -> None:
    market = rules(draft)
    if actor != OPERATOR and draft.get(OFFICERS, actor) is None:
        raise Refused(Reason.NOT_YOURS)
    need_principal(draft, command.principal)
    _check(draft, command)
    for root in (command.evidence_root, command.digest):
        if draft.get(ROOTS, root) is not None:
            raise Refused(Reason.ALREADY_EXISTS)
    if command.from_at < (draft.get(UNTIL, _key(command.principal, command.source)) or 0):
        raise invalid("from_at", "this market's deals of that time have been counted")
    room = DEALS_MAX * ONE * command.weight_bps // BPS
    good, bad = command.good_milli * 1_000, command.bad_milli * 1_000
    good, bad = _within(good, bad, room)
    # What went badly is not hidden by what went well elsewhere: both share the bound alike.
    before = prior_of(draft, command.principal, market.reputation_half_life_us)
    good, bad = _within(before.good + good, before.bad + bad, DEALS_MAX * ONE)
    draft.emit(
        ReputationImported(
            command.principal,
            command.issuer,
            command.source,
            command.digest,
            command.evidence_root,
            command.until_at,
            good,
            bad,
        )
    )


def _check(draft: Draft, command: ImportReputation) -> None:
    for name in ("issuer", "source"):
        if not 0 < len(getattr(command, name)) <= _NAME_MAX:
            raise invalid(name, f"1 to {_NAME_MAX} characters")
    for name in ("digest", "evidence_root"):
        told = getattr(command, name)
        if len(told) != 64 or not _HEX.issuperset(told):
            raise invalid(name, "a SHA-256 is 64 lower-case hex digits")
    if not 0 <= command.from_at < command.until_at <= draft.at:
        raise invalid("until_at", "a period ends after it begins, and before now")
    if command.valid_until <= draft.at:
        raise invalid("valid_until", "the statement has expired")
    for name in ("good_milli", "bad_milli"):
        if not 0 <= getattr(command, name) <= _MILLI_MAX:
            raise invalid(name, f"stands between 0 and {_MILLI_MAX}")
    if not 0 <= command.weight_bps <= BPS:
        raise invalid("weight_bps", "stands between 0 and 10000")
    if not _is_key_of(draft, command.principal, command.subject_key):
        raise Refused(Reason.NOT_YOURS, field="subject_key")


def _is_key_of(view: View, principal: str, material: str) -> bool:
    keys = (view.get(KEYS, id) for id in view.get(KEYS_OF, principal) or ())
    return any(
        key is not None
        and key.kind == "ed25519"
        and key.material == material
        and not has_expired(key, view.at)
        for key in keys
    )


def _within(good: int, bad: int, most: int) -> tuple[int, int]:
    whole = good + bad
    if whole <= most:
        return good, bad
    less = good * most // whole
    return less, most - less


def _key(principal: str, source: str) -> str:
    return f"{principal}/{source}"


def _imported(view: View, event: ReputationImported) -> None:
    view.put(BROUGHT, event.principal, Tally(event.good, event.bad, view.at))
    view.put(ROOTS, event.evidence_root, event.principal)
    view.put(ROOTS, event.digest, event.principal)
    view.put(UNTIL, _key(event.principal, event.source), event.until_at)


DECIDE: dict[type, Any] = {ImportReputation: _import}
EVOLVE: dict[type, Any] = {ReputationImported: _imported}
