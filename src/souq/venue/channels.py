"""Answers about channels: their terms, what is on record as due, and how they ended."""

from typing import Any

import msgspec

from souq.core.channel import (
    CHANNELS,
    ChannelOpened,
    ChannelsEnded,
    ChannelToppedUp,
    State,
    VoucherPresented,
    due_at,
)
from souq.core.refusal import Reason, Refused
from souq.core.rules import rules
from souq.core.state import was_issued
from souq.core.voucher import units_of
from souq.operations import channel_queries as ask
from souq.venue.access import agent_asked, need_party
from souq.venue.desk import Desk, check_limit, read_cursor, write_cursor

_NUMBER_END = 1 << 53


def get_channel(desk: Desk, actor: str, query: ask.GetChannel) -> ask.Channel:
    id = query.channel
    if id[:1] != "X" or not was_issued(desk.state, id):
        raise Refused(Reason.NOT_FOUND, id=id[:64])
    live = desk.state.get(CHANNELS, id)
    found = _ended(desk, id) if live is None else _running(desk, id, live)
    need_party(desk.state, actor, (found.payer, found.payee), id)
    return found


def list_channels(desk: Desk, actor: str, query: ask.ListChannels) -> ask.Channels:
    check_limit(query.limit)
    agent = agent_asked(desk.state, actor, query.agent)
    before = read_cursor(query.cursor, int) if query.cursor else _NUMBER_END
    # By number, so that what ends between two pages shifts nothing.
    ids = reversed(desk.affairs.channels(agent))
    numbers = [number for id in ids if (number := int(id[1:])) < before]
    page = [_live(desk, f"X{number}") for number in numbers[: query.limit]]
    more = len(numbers) > query.limit
    return ask.Channels(tuple(page), write_cursor(numbers[query.limit - 1]) if more else "")


def _live(desk: Desk, id: str) -> ask.Channel:
    live = desk.state.get(CHANNELS, id)
    assert live is not None, f"{id} is listed, and has ended"
    return _running(desk, id, live)


def _running(desk: Desk, id: str, live: State) -> ask.Channel:
    terms = live.terms
    return ask.Channel(
        id=id,
        market=rules(desk.state).name,
        payer=terms.payer,
        payee=terms.payee,
        deposit=terms.deposit,
        means=terms.means,
        opened_at=terms.opened_at,
        window_us=terms.window_us,
        state=type(live).__name__.lower(),
        due_at=due_at(live),
        known_units=units_of(terms.means, live.best),
    )


def _ended(desk: Desk, id: str) -> ask.Channel:
    """Fold a channel that is over from the records that mention it. Raises Refused(not_found)."""
    found: ask.Channel | None = None
    for record in desk.story(id):
        for event in record.events:
            found = _folded(desk, id, found, record.at, event)
    if found is None:  # it ended so lately that no view has read its records yet
        raise Refused(Reason.NOT_FOUND, id=id)
    return found


def _folded(
    desk: Desk, id: str, found: ask.Channel | None, at: int, event: Any
) -> ask.Channel | None:
    match event:
        case ChannelOpened(channel=channel) if channel == id:
            return ask.Channel(
                id=id,
                market=rules(desk.state).name,
                payer=event.payer,
                payee=event.payee,
                deposit=event.deposit,
                means=event.means,
                opened_at=at,
                window_us=event.window_us,
                state="open",
            )
        case _ if found is None:
            return None
        case ChannelToppedUp(channel, deposit) if channel == id:
            return msgspec.structs.replace(found, deposit=deposit)
        case VoucherPresented(channel, _, proof) if channel == id:
            known = units_of(found.means, proof)
            return msgspec.structs.replace(found, known_units=known)
        case ChannelsEnded(channels, units, why) if id in channels:
            n = channels.index(id)
            return msgspec.structs.replace(found, state=why[n], paid_units=units[n])
        case _:
            return found


ANSWERS: dict[type, Any] = {
    ask.GetChannel: get_channel,
    ask.ListChannels: list_channels,
}
