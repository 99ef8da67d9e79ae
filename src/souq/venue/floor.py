"""The answer about the market as a whole: what its records came to, and what is open now."""

from collections import Counter
from typing import Any

from souq.core.account import ACCOUNTS
from souq.core.channel import CHANNELS
from souq.core.listing import LISTINGS
from souq.core.negotiation import NEGOTIATIONS
from souq.core.refusal import Reason, Refused
from souq.core.rules import OPERATOR, rules
from souq.core.stage import CONTRACTS
from souq.core.state import State
from souq.operations import floor_queries as ask
from souq.venue.desk import Desk
from souq.views.floor import Prices


def get_floor(desk: Desk, actor: str, query: ask.GetFloor) -> ask.FloorFigures:
    state, folded = desk.state, desk.floor.folded
    house = rules(state)
    if not actor and not house.public_floor:
        raise Refused(Reason.NOT_YOURS)
    is_operator = actor == OPERATOR
    held = _held(state) if is_operator else None
    assets = {}
    for asset in house.assets:
        prices = folded.prices.get(asset.code) or Prices()
        units = None if held is None else held[asset.code]
        assets[asset.code] = (_all_of if is_operator else _told_of)(prices, units)
    return ask.FloorFigures(
        seq=desk.floor.seq,
        at=state.at,
        listings=folded.listings,
        offers=folded.offers,
        bids=folded.bids,
        messages=folded.messages,
        deals=folded.deals,
        fulfilled=folded.fulfilled,
        listings_open=len(state.rows(LISTINGS)),
        negotiations_open=len(state.rows(NEGOTIATIONS)),
        contracts_open=len(state.rows(CONTRACTS)),
        channels_open=len(state.rows(CHANNELS)),
        assets=assets,
        refusals=dict(sorted(folded.refusals.items())) if is_operator else None,
    )


def _all_of(prices: Prices, held_units: int | None) -> ask.AssetFigures:
    return ask.AssetFigures(
        deals=prices.deals,
        fulfilled=prices.fulfilled,
        told=prices.deals,
        units=prices.units,
        median_units=prices.median(),
        width_us=prices.series.width_us,
        series=tuple(prices.series.buckets),
        held_units=held_units,
    )


def _told_of(prices: Prices, held_units: int | None) -> ask.AssetFigures:
    return ask.AssetFigures(
        deals=prices.deals,
        fulfilled=prices.fulfilled,
        told=prices.told,
        units=prices.told_units,
        median_units=prices.told_median(),
        width_us=prices.told_series.width_us,
        series=tuple(prices.told_series.buckets),
        held_units=held_units,
    )


def _held(state: State) -> Counter[str]:
    """Sum by asset what pending transfers hold."""
    found = Counter[str]()
    for account in state.rows(ACCOUNTS).values():  # they are fewer than holds
        if account.held:
            found[account.asset] += account.held
    return found


ANSWERS: dict[type, Any] = {ask.GetFloor: get_floor}
