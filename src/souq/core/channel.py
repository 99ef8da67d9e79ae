"""A channel is a deposit that is spent in many small payments, none of which touches the market.

    open     the payer pays by vouchers     silence: what is on record is paid, the rest returns
    closing  the payer asked for the end    silence: likewise
    ended    the payee redeemed, both agreed, or time has passed

A voucher is final, for its payer gave it. So the payee ends a channel at once by its best one; the
payer can only ask, and the payee has `window_us` to bring what it holds. What the payer may lose is
the deposit, what the payee may lose is what it has not brought in time. The deposit is a pending
transfer, `#X1.price` and `#X1.fee`; at the end as much of both is captured as was redeemed.
"""

from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from souq.core import halt
from souq.core.channel_deposit import Due, Terms, check_sides, pay_out, set_aside
from souq.core.funds import need_amount
from souq.core.money import UNITS_MAX, Money
from souq.core.party import need_agent, need_other_agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import DAY_US, DURATION_MAX_US, SECOND_US, rules
from souq.core.state import (
    DEADLINES,
    Draft,
    Table,
    View,
    change,
    need_live,
    next_id,
    row_of,
    take_id,
)
from souq.core.voucher import (
    BadProof,
    HashChain,
    Means,
    Proof,
    Scope,
    check_means,
    check_proof,
    units_of,
)

TOPUPS_MAX = 16


class OpenChannel(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Set a deposit aside for many small payments to one agent. By the payer's agent.

    `means`: {"type": "signed", "key": …} or {"type": "chain", "anchor": …, "unit": …, "length": …}.
    It ends after `valid_us` by itself; `window_us` is how long the payee may take to bring its best
    voucher once the payer asks for the end.
    """

    payee: str
    deposit: Money
    means: Means
    valid_us: int = 7 * DAY_US
    window_us: int = DAY_US


class TopUpChannel(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Add to an open channel's deposit. By the payer's agent."""

    channel: str
    deposit: Money


class PresentVoucher(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Put one's best voucher on record without ending the channel: silence will pay it.

    By the payee.
    """

    channel: str
    proof: Proof


class CloseChannel(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """End a channel: at once by the payee, who is paid what it proves.

    By the payer it begins the window in which the payee may do so; `proof` is then what the payer
    owns up to.
    """

    channel: str
    proof: Proof | None = None


class AgreeClose(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Name the final amount; once both sides name the same, it is paid and the channel ends."""

    channel: str
    units: int


class ChannelOpened(Struct, frozen=True, tag=True):
    channel: str
    payer: str
    payee: str
    deposit: Money
    means: Means
    expires_at: int
    window_us: int


class ChannelToppedUp(Struct, frozen=True, tag=True):
    """`deposit` is what there is now."""

    channel: str
    deposit: Money


class VoucherPresented(Struct, frozen=True, tag=True):
    channel: str
    by: str
    proof: Proof


class CloseAsked(Struct, frozen=True, tag=True):
    """The payer wants the channel to end; silence until `settle_by` pays what is on record."""

    channel: str
    by: str
    settle_by: int


class CloseOffered(Struct, frozen=True, tag=True):
    """One side agrees to a final amount."""

    channel: str
    by: str
    units: int


class ChannelsEnded(Struct, frozen=True, tag=True):
    """Channels ended, in columns. `why`: redeemed, agreed, undisputed or expired."""

    channels: tuple[str, ...]
    paid_units: tuple[int, ...]
    why: tuple[str, ...]


class Offer(Struct, frozen=True):
    """A final amount that one side agrees to."""

    by: str
    units: int


class Open(Struct, frozen=True, tag=True):
    terms: Terms
    expires_at: int
    best: Proof | None = None
    offer: Offer | None = None


class Closing(Struct, frozen=True, tag=True):
    terms: Terms
    settle_by: int
    best: Proof | None = None
    offer: Offer | None = None


State = Open | Closing
CHANNELS: Table[State] = Table("channels", State)
ANCHORS: Table[str] = Table("anchors", str)  # the channel of every chain, for good
TABLES: tuple[Table[Any], ...] = (CHANNELS, ANCHORS)


class End(NamedTuple):
    """A channel that ends, what its payee gets, and why."""

    channel: str
    units: int
    why: str


def need_channel(view: View, id: str) -> State:
    """Give a channel. Raises Refused(not_found), or Refused(closed) once it has ended."""
    return need_live(view, CHANNELS, id, "X")


def due_at(state: State) -> int:
    """Give the instant at which silence ends a channel."""
    return state.expires_at if isinstance(state, Open) else state.settle_by


def scope_of(view: View, id: str, terms: Terms) -> Scope:
    """Give what a channel's vouchers are bound to."""
    return Scope(rules(view).name, id, terms.opened_at)


def redeemed(draft: Draft, actor: str, id: str, proof: Proof | None) -> End:
    """Judge a payee's wish to end a channel. Raises Refused."""
    state = need_channel(draft, id)
    if _side(draft, actor, state.terms) != state.terms.payee:
        raise Refused(Reason.NOT_YOURS)
    return End(id, _worth(draft, id, state, proof), "redeemed")


def end(draft: Draft, ends: list[End]) -> None:
    """End channels, paying what is due of each."""
    dues = [Due(id, row_of(draft, CHANNELS, id).terms, units) for id, units, _ in ends]
    ids, units, why = zip(*ends, strict=True)
    draft.emit(ChannelsEnded(ids, units, why))
    pay_out(draft, dues)


def _open(draft: Draft, actor: str, command: OpenChannel) -> None:
    agent = need_agent(draft, actor)
    halt.need(draft, "commitments", agent)
    need_amount(draft, command.deposit)
    payee = need_other_agent(draft, command.payee)
    if payee.principal == agent.principal:
        raise Refused(Reason.SAME_PRINCIPAL)
    if not SECOND_US <= command.window_us <= command.valid_us <= DURATION_MAX_US:
        raise invalid("window_us", f"{SECOND_US} or more; valid_us that or more, to a year")
    means = command.means
    try:
        check_means(means)
    except ValueError as error:
        raise invalid("means", str(error)) from None
    if isinstance(means, HashChain) and draft.get(ANCHORS, means.anchor) is not None:
        raise Refused(Reason.ALREADY_EXISTS)  # its words may be known
    id, deposit = next_id(draft, "X"), command.deposit
    terms = Terms(agent.id, payee.id, deposit, means, draft.at, command.window_us)
    check_sides(draft, id, terms, deposit)
    expires_at = draft.at + command.valid_us
    draft.emit(ChannelOpened(id, agent.id, payee.id, deposit, means, expires_at, command.window_us))
    set_aside(draft, id, terms, deposit)


def _top_up(draft: Draft, actor: str, command: TopUpChannel) -> None:
    agent = need_agent(draft, actor)
    id, added = command.channel, command.deposit
    state = need_channel(draft, id)
    terms = state.terms
    if agent.id != terms.payer:
        raise Refused(Reason.NOT_YOURS)
    halt.need(draft, "negotiations", agent)
    if not isinstance(state, Open):
        raise Refused(Reason.WRONG_STATE, state=type(state).__name__)
    need_amount(draft, added)
    if added.asset != terms.deposit.asset:
        raise invalid("deposit", f"this channel counts in {terms.deposit.asset}")
    whole = terms.deposit + added
    if whole.units > UNITS_MAX or terms.topups >= TOPUPS_MAX:
        raise invalid("deposit", f"at most {TOPUPS_MAX} times, and below 2**53 in all")
    after = replace(terms, deposit=whole, topups=terms.topups + 1)
    check_sides(draft, id, after, added)
    draft.emit(ChannelToppedUp(id, whole))
    set_aside(draft, id, after, added)


def _present(draft: Draft, actor: str, command: PresentVoucher) -> None:
    id, state = command.channel, need_channel(draft, command.channel)
    halt.need(draft, "settlements")
    found = redeemed(draft, actor, id, command.proof)
    if found.units == units_of(state.terms.means, state.best):
        raise invalid("proof", "as much is on record already")
    draft.emit(VoucherPresented(id, state.terms.payee, command.proof))


def _close(draft: Draft, actor: str, command: CloseChannel) -> None:
    id, state = command.channel, need_channel(draft, command.channel)
    side = _side(draft, actor, state.terms)
    halt.need(draft, "settlements")
    match state:
        case _ if side == state.terms.payee:
            end(draft, [redeemed(draft, actor, id, command.proof)])
        case Open():
            _worth(draft, id, state, command.proof)
            if command.proof is not None:
                draft.emit(VoucherPresented(id, side, command.proof))
            settle_by = min(state.expires_at, draft.at + state.terms.window_us)
            draft.emit(CloseAsked(id, side, settle_by))
        case _:
            raise Refused(Reason.WRONG_STATE, state=type(state).__name__)


def _agree(draft: Draft, actor: str, command: AgreeClose) -> None:
    id, state = command.channel, need_channel(draft, command.channel)
    side = _side(draft, actor, state.terms)
    halt.need(draft, "settlements")
    if not 0 <= command.units <= state.terms.deposit.units:
        raise invalid("units", "stands between 0 and the deposit")
    match state.offer:
        case Offer(by, units) if units == command.units and by == side:
            raise Refused(Reason.NOT_YOUR_TURN)
        case Offer(by, units) if units == command.units:
            end(draft, [End(id, units, "agreed")])
        case _:
            draft.emit(CloseOffered(id, side, command.units))


def lapse(draft: Draft, id: str) -> None:
    """Handle a channel's deadline. It cannot be refused."""
    state = row_of(draft, CHANNELS, id)
    why = "expired" if isinstance(state, Open) else "undisputed"
    end(draft, [End(id, units_of(state.terms.means, state.best), why)])


def put_off(view: View, id: str, due: int) -> None:
    """Fold a deadline that has moved into what the channel says of it."""
    state = row_of(view, CHANNELS, id)
    if isinstance(state, Open):
        view.put(CHANNELS, id, replace(state, expires_at=due))
    else:
        view.put(CHANNELS, id, replace(state, settle_by=due))


def _side(view: View, actor: str, terms: Terms) -> str:
    """Give the side that an agent is, or that a principal stands behind."""
    for side in (terms.payer, terms.payee):
        if actor in (side, need_other_agent(view, side).principal):
            return side
    raise Refused(Reason.NOT_YOURS)


def _worth(view: View, id: str, state: State, proof: Proof | None) -> int:
    """Give what ends up due by a proof; by none, what is on record. Raises Refused(invalid)."""
    terms, known = state.terms, units_of(state.terms.means, state.best)
    if proof is None:
        return known
    try:
        # The cheap looks first, so that nobody is made to hash for nothing.
        units = units_of(terms.means, proof)
        if units > terms.deposit.units:
            raise BadProof("it is above the deposit")
        if units < known:
            raise BadProof("more than that is on record already")
        return check_proof(terms.means, scope_of(view, id, terms), proof, state.best)
    except BadProof as error:
        raise invalid("proof", str(error)) from None


def _opened(view: View, event: ChannelOpened) -> None:
    take_id(view, event.channel)
    terms = Terms(event.payer, event.payee, event.deposit, event.means, view.at, event.window_us)
    view.put(CHANNELS, event.channel, Open(terms, event.expires_at))
    view.put(DEADLINES, event.channel, event.expires_at)
    if isinstance(event.means, HashChain):
        view.put(ANCHORS, event.means.anchor, event.channel)


def _topped_up(view: View, event: ChannelToppedUp) -> None:
    state = row_of(view, CHANNELS, event.channel)
    terms = replace(state.terms, deposit=event.deposit, topups=state.terms.topups + 1)
    view.put(CHANNELS, event.channel, replace(state, terms=terms))


def _presented(view: View, event: VoucherPresented) -> None:
    # An amount that one side agreed to before stands no more: it may be less than this.
    change(view, CHANNELS, event.channel, best=event.proof, offer=None)


def _close_asked(view: View, event: CloseAsked) -> None:
    state = row_of(view, CHANNELS, event.channel)
    closing = Closing(state.terms, event.settle_by, state.best, state.offer)
    view.put(CHANNELS, event.channel, closing)
    view.put(DEADLINES, event.channel, event.settle_by)


def _offered(view: View, event: CloseOffered) -> None:
    offer = Offer(event.by, event.units)
    change(view, CHANNELS, event.channel, offer=offer)


def _over(view: View, event: ChannelsEnded) -> None:
    for id in event.channels:
        view.drop(CHANNELS, id)
        view.drop(DEADLINES, id)


DECIDE: dict[type, Any] = {
    OpenChannel: _open,
    TopUpChannel: _top_up,
    PresentVoucher: _present,
    CloseChannel: _close,
    AgreeClose: _agree,
}
EVOLVE: dict[type, Any] = {
    ChannelOpened: _opened,
    ChannelToppedUp: _topped_up,
    VoucherPresented: _presented,
    CloseAsked: _close_asked,
    CloseOffered: _offered,
    ChannelsEnded: _over,
}
