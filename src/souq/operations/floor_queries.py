"""What may be asked about the market as a whole, and the answer it gets."""

from msgspec import Struct

from souq.views.floor import Bucket


class GetFloor(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Give the market's figures: listings, offers, deals, prices over time, what is open.

    For anybody with a key; without one, where the house rule `public_floor` says so. The operator
    is told everything. Others hear of prices in tens of deals, so that no figure, nor the
    difference of two, tells what one deal came to; and nothing of refusals and money held.
    """


class AssetFigures(Struct, frozen=True, omit_defaults=True):
    """Deals that are paid in one asset, and in no other. Prices and sums are in its units.

    `deals` were agreed, `fulfilled` performed to the end. All that follows is of the first `told`
    of those deals: of all, or in tens, each at the time of its last. `units` is their value,
    `median_units` what the middle one of the latest 1,000 came to. `series` has at most 240
    buckets of `width_us`, those without a deal left out. A sum stops at 2**53 - 1.

    `held_units` is what pending transfers hold: escrow, deposits of channels, standing bids,
    bonds, payouts under way; None is untold.
    """

    deals: int = 0
    fulfilled: int = 0
    told: int = 0
    units: int = 0
    median_units: int | None = None
    width_us: int = 0
    series: tuple[Bucket, ...] = ()
    held_units: int | None = None


class FloorFigures(Struct, frozen=True):
    """Counts are of the records up to `seq`; what is `_open` is so at the moment `at`.

    `offers` are made in bargains, counteroffers among them; `bids` placed in runs that anybody may
    join; `messages` said to the floor or in a negotiation. `deals` counts those without a price
    too. `listings_open` have not ended. `refusals` are by reason; None is untold.
    """

    seq: int
    at: int
    listings: int
    offers: int
    bids: int
    messages: int
    deals: int
    fulfilled: int
    listings_open: int
    negotiations_open: int
    contracts_open: int
    channels_open: int
    assets: dict[str, AssetFigures]
    refusals: dict[str, int] | None = None
