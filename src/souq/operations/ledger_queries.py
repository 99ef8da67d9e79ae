"""What may be asked about the whole ledger, and the answer it gets."""

from msgspec import Struct

from souq.operations.queries import LIMIT


class GetTrialBalance(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Add the whole ledger up, by asset and kind of account; list its accounts by name.

    By the operator and officers; the accounts are for the operator alone. The sums are made anew of
    every account's and every hold's own row as they stand, and kept nowhere.
    """

    limit: int = LIMIT
    cursor: str = ""


class KindSum(Struct, frozen=True):
    """All accounts of one kind. Money is in units of the asset.

    `kind` is wallet, fees, reserve, world:RAIL (what came in by a rail, and is owed to it), or own
    (those that the operator opened). `posted` is credits less debits; of it `held` is set aside, by
    pending transfers, and `incoming` is set aside for these accounts by others.
    """

    kind: str
    accounts: int
    posted: int
    held: int
    incoming: int


class HoldSum(Struct, frozen=True):
    """All pending transfers of one kind.

    `kind` is what they are for: contract (escrow, and what disputes cost), channel, negotiation
    (what bids set aside), bond, payout, or own (those that the operator made).
    """

    kind: str
    holds: int
    units: int


class AssetSum(Struct, frozen=True):
    """One asset. `posted` is 0, for every transfer takes from one account what it gives another.

    `held` and `incoming` over all accounts, and the units of all `holds`, are the same number.
    """

    asset: str
    posted: int
    held: int
    incoming: int
    kinds: tuple[KindSum, ...]
    holds: tuple[HoldSum, ...]


class AccountLine(Struct, frozen=True):
    """One account; `available` is `posted` less `held`."""

    account: str
    asset: str
    posted: int
    held: int
    incoming: int
    available: int


class TrialBalance(Struct, frozen=True):
    """The ledger as record `seq` left it, and a page of its accounts."""

    seq: int
    at: int
    assets: tuple[AssetSum, ...]
    accounts: tuple[AccountLine, ...]
    cursor: str = ""
