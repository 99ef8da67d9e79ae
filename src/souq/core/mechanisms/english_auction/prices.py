"""How a price rises in an English auction, and what may keep bidders from a war; plain sums."""

from typing import NamedTuple

from msgspec import Struct

from souq.core.refusal import Reason, Refused, invalid

INCREMENTS_MAX = 16
DOUBLINGS_MAX = 40


class Increment(Struct, frozen=True, forbid_unknown_fields=True):
    """From a price of `from_units` on, each step is `by_units`."""

    from_units: int
    by_units: int


class Restraints(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What keeps bidders from a war. All of it is off unless named.

    `entry_fee_units`: held of whoever bids, and given back to the winner, and to losers whose best
    bid came within `refund_increments` steps of the price; of others it goes to the seller.
    `round_us` with `idle_rounds_max`: whoever did not bid or lead for so many rounds in a row,
    from the opening on, is out for good. `doubling_bids`: the step doubles after every so many
    bids. `needs_value_cap`: the first bid must say what the thing is worth to its bidder at most;
    no bid of theirs may ever pass it, and it never rises.
    """

    entry_fee_units: int = 0
    refund_increments: int = 0
    round_us: int = 0
    idle_rounds_max: int = 0
    doubling_bids: int = 0
    needs_value_cap: bool = False


class Standings(NamedTuple):
    """Who leads at what price, and the least that the next bid must be."""

    leads_anew: bool
    price: int
    minimum: int


def check_increments(increments: tuple[Increment, ...]) -> None:
    """Raise Refused(invalid) unless the steps begin at 0, ascend, and are above 0."""
    starts = [one.from_units for one in increments]
    if not 0 < len(increments) <= INCREMENTS_MAX or starts[0] != 0:
        raise invalid("increments", f"1 to {INCREMENTS_MAX} of them, the first from 0")
    if starts != sorted(set(starts)) or any(one.by_units <= 0 for one in increments):
        raise invalid("increments", "ascending, each by more than 0")


def check_restraints(restraints: Restraints, units_max: int) -> None:
    """Raise Refused(invalid) where a restraint makes no sense."""
    for name in ("refund_increments", "round_us", "idle_rounds_max", "doubling_bids"):
        if getattr(restraints, name) < 0:
            raise invalid(f"restraints.{name}", "must be 0 or above")
    if not 0 <= restraints.entry_fee_units <= units_max:
        raise invalid("restraints.entry_fee_units", "must be 0 or above, and below 2**53")
    if bool(restraints.round_us) != bool(restraints.idle_rounds_max):
        raise invalid("restraints.round_us", "goes with idle_rounds_max")


def step(
    increments: tuple[Increment, ...], units: int, bids: int = 0, doubling_bids: int = 0
) -> int:
    """Give the step above a price, when so many bids have been made."""
    by = next(one.by_units for one in reversed(increments) if one.from_units <= units)
    if doubling_bids:
        by <<= min(bids // doubling_bids, DOUBLINGS_MAX)
    return by


def challenged(bid: int, leading: int, by: int) -> Standings:
    """Set a new bid against the leader's maximum; `by` is the step above the lower of the two.

    The lower one has lost; the price is a step above it, and no more than the higher one. Of
    equals the earlier leads.
    """
    lost = min(bid, leading)
    price = min(max(bid, leading), lost + by)
    return Standings(bid > leading, price, max(price, lost + by))


def is_idle(restraints: Restraints, now: int, since: int) -> bool:
    """Tell whether somebody who did nothing since an instant of the run is out."""
    if not restraints.round_us:
        return False
    rounds = now // restraints.round_us - since // restraints.round_us
    return rounds > restraints.idle_rounds_max


def check_cap(restraints: Restraints, maximum: int, cap: int, before: int) -> int:
    """Give a bidder's value cap, 0 for none. Raises Refused unless the bid keeps to it."""
    if cap < 0 or (restraints.needs_value_cap and not (cap or before)):
        raise invalid("value_cap", "say what it is worth to you at most")
    kept = min(one for one in (cap, before) if one) if cap or before else 0
    if before and cap > before:
        raise invalid("value_cap", "it never rises")
    if kept and maximum > kept:
        raise Refused(Reason.INVALID, field="maximum", why="above the value cap", cap=kept)
    return kept
