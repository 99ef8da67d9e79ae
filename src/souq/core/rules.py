"""A market's house rules: set by the operator, in the first record of its journal.

Some may be amended later, for what is agreed from then on; what others built on stays as it is.
"""

from typing import Any, Literal

from msgspec import Struct

from souq.core import ledger
from souq.core import procedure as procedures
from souq.core.money import BPS, UNITS_MAX, USD, Asset, Money
from souq.core.procedure import Procedure
from souq.core.refusal import Reason, Refused, invalid
from souq.core.state import Draft, Table, View

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 3_600 * SECOND_US
DAY_US = 24 * HOUR_US
DURATION_MAX_US = 366 * DAY_US
ROUNDS_MAX = 10_000
PRICE_TIMES_MAX = 1_000
HALF_LIFE_MAX_US = 3_660 * DAY_US
PAIR_MAX = 10_000
LEVELS_MAX = 4  # verification levels are 0 to 3
OPERATOR = "operator"
SYSTEM = "system"
MANUAL = "manual"  # the rail on which people say what happened, two of them where it matters

# What an attribute of a listing may be: a whole number, words, yes or no, or one of a few choices.
AttributeKind = str | tuple[str, ...]


class LevelBounds(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The most that a principal of one verification level may do; None leaves it open."""

    per_deal_units: int | None = None
    per_day_units: int | None = None  # of days in UTC, in each asset
    contracts_max: int | None = None  # running at once


class Rules(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one market's participants can rely on. Durations are in microseconds.

    `categories` maps a category to its attributes ("int", "text", "bool", or a tuple of choices);
    empty means that any category is welcome. Every duration ends in a defined outcome, so that no
    money can be stuck: see `contract`.
    """

    name: str = "souq"
    assets: tuple[Asset, ...] = (USD,)
    fee_bps: int = 0  # of each payment, taken from what the payee receives
    arbiter: str = OPERATOR
    categories: dict[str, dict[str, AttributeKind]] = {}
    offer_us: int = DAY_US
    offer_max_us: int = 30 * DAY_US
    rounds_max: int = 20
    approval_us: int = DAY_US
    delivery_us: int = 7 * DAY_US
    inspection_us: int = DAY_US
    ruling_us: int = 7 * DAY_US
    silent_ruling_bps: int = 5_000  # of the price back to the payer when no ruling comes in time
    rails: tuple[str, ...] = ("credits",)  # ways in and out; none with real money unless named
    four_eyes_units: int = 0  # above it, what happens on rail `manual` takes two people
    # How far agents may move a listing's price without their principal; 0 is any way. See
    # `price_change`.
    price_update_bps: int = 0  # in one step, up or down
    price_hour_bps: int = 0  # from any price of the last hour, up or down
    price_day_times: int = 0  # times, or of that a fraction, any price of the last day
    signed_approvals: bool = False  # an approval must be signed over the deal's digest
    # Random audits: who makes them ("" has none), how soon, how often the payer notices cheating
    # anyway, and what share of contracts is audited at most. See `audit`.
    auditor: str = ""
    audit_us: int = 3 * DAY_US
    audit_detection_bps: int = 0
    audit_max_bps: int = BPS
    procedure: Procedure | None = None  # of every dispute whose deal names no other
    # How deals become evidence; see `reputation`. Values are of the first asset.
    reputation_half_life_us: int = 90 * DAY_US
    reputation_one_units: int = 10_000_000  # a deal of this value weighs 1, of four times that 2
    reputation_value_max_units: int = 1_000_000_000  # what is paid beyond it adds no weight
    reputation_pair_max: int = 10  # the weight that all deals with one principal reach together
    reputation_without_fee: bool = True  # whether deals count in a house that takes no fee at all
    trust_bond_units: int = 100_000_000  # a bond of so much earns full trust; see `views.trust`
    # How much a principal may still owe; see `exposure`. 0 is any amount.
    exposure_detect_bps: int = 0  # how likely a cheat is found out
    exposure_allowance_units: int = 0  # what anybody may owe, without bond or record
    exposure_record_units: int = 0  # what each fulfilled deal of weight 1 adds
    feedback_us: int = 14 * DAY_US  # from a contract's end; see `feedback`
    levels: tuple[LevelBounds, ...] = ()  # by verification level; beyond the last, the last counts
    # Whether names are compared with a deny list: "" not; "open" with the one that is loaded;
    # "closed" where none is loaded, or none so young, nobody is let in, bound, or paid out.
    deny_list: Literal["", "open", "closed"] = ""
    deny_list_age_us: int = 30 * DAY_US
    confirm_above_units: int | None = None  # dearer deals wait for their principal: see `summary`
    signed_acts: bool = False  # what binds an agent must carry its own signature: see `act`
    public_floor: bool = False  # the floor's figures are for guests too, who bring no key


class OpenMarket(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Open the market under its rules. Operator only, once."""

    rules: Rules = Rules()


class AmendRules(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Change rules of a market that is open; `rules` are all of them, as they will be. Operator.

    Fees, durations, bounds of price changes and of exposure may change, what is to be confirmed,
    and whether guests see the floor. Contracts, and deadlines that run, stay as they were made.
    """

    rules: Rules


class MarketOpened(Struct, frozen=True, tag=True):
    rules: Rules


class RulesAmended(Struct, frozen=True, tag=True):
    """`rules` are all of them, from now on."""

    rules: Rules


# What may change while people trade. Anything else (assets, rails, how deals become evidence, who
# must sign what) has been relied on by records that already stand.
AMENDABLE = (
    *("fee_bps", "offer_us", "offer_max_us", "rounds_max", "approval_us", "delivery_us"),
    *("inspection_us", "ruling_us", "silent_ruling_bps", "confirm_above_units"),
    *("price_update_bps", "price_hour_bps", "price_day_times"),
    *("exposure_detect_bps", "exposure_allowance_units", "exposure_record_units"),
    "public_floor",
)


# Name, least and most of what reputation and exposure are counted by. A cheat that is found out
# for certain would need no limit at all, so that `exposure_detect_bps` stays below one.
_REPUTATION: tuple[tuple[str, int, int], ...] = (
    ("reputation_half_life_us", HOUR_US, HALF_LIFE_MAX_US),
    ("reputation_one_units", 1, UNITS_MAX),
    ("reputation_value_max_units", 1, UNITS_MAX),
    ("reputation_pair_max", 1, PAIR_MAX),
    ("trust_bond_units", 1, UNITS_MAX),
    ("exposure_detect_bps", 0, BPS - 1),
    ("exposure_allowance_units", 0, UNITS_MAX),
    ("exposure_record_units", 0, UNITS_MAX),
    ("feedback_us", HOUR_US, DURATION_MAX_US),
)

RULES: Table[Rules] = Table("rules", Rules)
TABLES: tuple[Table[Any], ...] = (RULES,)


def rules(view: View) -> Rules:
    """Give the market's rules. Raises Refused(wrong_state) before it is open."""
    found = view.get(RULES, "market")
    if found is None:
        raise Refused(Reason.WRONG_STATE, state="NotOpen")
    return found


def need_operator(actor: str) -> None:
    """Raise Refused(not_yours) for anybody but the operator."""
    if actor != OPERATOR:
        raise Refused(Reason.NOT_YOURS)


def fee_of(view: View, price: Money) -> Money:
    """Give the fee on a payment, rounded down in the payee's favour."""
    return price.split(rules(view).fee_bps, BPS)[0]


def need_asset(view: View, asset: str) -> None:
    """Raise Refused(invalid) for an asset that this market does not count in."""
    for known in rules(view).assets:
        if known.code == asset:
            return
    raise invalid("asset", f"this market does not know {asset!r}")


def need_rail(view: View, rail: str) -> None:
    """Raise Refused(invalid) for a rail that this market does not use."""
    if rail not in rules(view).rails:
        raise invalid("rail", f"this market does not use {rail[:32]!r}")


def _is_rail_name(name: str) -> bool:
    return name.isascii() and name.isalnum() and name.islower() and len(name) <= 32


def _open_market(draft: Draft, actor: str, command: OpenMarket) -> None:
    need_operator(actor)
    asked = command.rules
    if draft.get(RULES, "market") is not None:
        raise Refused(Reason.ALREADY_EXISTS)
    check(asked)
    draft.emit(MarketOpened(asked))
    for asset in asked.assets:
        ledger.open_account(draft, f"fees/{asset.code}", asset.code, no_overdraft=True)
        ledger.open_account(draft, f"reserve/{asset.code}", asset.code, no_overdraft=True)


def _amend_rules(draft: Draft, actor: str, command: AmendRules) -> None:
    need_operator(actor)
    now, asked = rules(draft), command.rules
    for name in Rules.__struct_fields__:
        if name not in AMENDABLE and getattr(asked, name) != getattr(now, name):
            raise invalid(name, "stands from the opening on; open another market for it")
    check(asked)
    if asked != now:
        draft.emit(RulesAmended(asked))


def check(asked: Rules) -> None:
    """Raise Refused(invalid) for rules that no market can have."""
    if not asked.assets or len({asset.code for asset in asked.assets}) != len(asked.assets):
        raise invalid("assets", "name at least one asset, each once")
    for name in ("fee_bps", "silent_ruling_bps", "audit_detection_bps", "audit_max_bps"):
        if not 0 <= getattr(asked, name) <= BPS:
            raise invalid(name, "stands between 0 and 10000")
    for name, most in (
        ("offer_max_us", DURATION_MAX_US),
        ("offer_us", asked.offer_max_us),
        ("approval_us", DURATION_MAX_US),
        ("delivery_us", DURATION_MAX_US),
        ("inspection_us", DURATION_MAX_US),
        ("ruling_us", DURATION_MAX_US),
        ("audit_us", 6 * DAY_US),  # a bond that is asked back must still be there
        ("rounds_max", ROUNDS_MAX),
        ("deny_list_age_us", DURATION_MAX_US),
    ):
        if not 0 < getattr(asked, name) <= most:
            raise invalid(name, f"must be above 0 and at most {most}")
    if not all(map(_is_rail_name, asked.rails)) or len(set(asked.rails)) != len(asked.rails):
        raise invalid("rails", "up to 32 small letters and digits each, each once")
    for name, most in (
        ("price_update_bps", BPS),
        ("price_hour_bps", BPS),
        ("price_day_times", PRICE_TIMES_MAX),
    ):
        if not 0 <= getattr(asked, name) <= most:
            raise invalid(name, f"must be 0, for any change, or up to {most}")
    if asked.procedure is not None:
        procedures.check(asked.procedure, "procedure")
    if not 0 <= asked.four_eyes_units <= UNITS_MAX:
        raise invalid("four_eyes_units", "must be 0 or above, and below 2**53")
    for name, least, most in _REPUTATION:
        if not least <= getattr(asked, name) <= most:
            raise invalid(name, f"stands between {least} and {most}")
    bounds = [getattr(one, name) for one in asked.levels for name in one.__struct_fields__]
    if len(asked.levels) > LEVELS_MAX or any(one is not None and one < 0 for one in bounds):
        raise invalid("levels", f"up to {LEVELS_MAX}, each bound 0 or more")
    if asked.confirm_above_units is not None and asked.confirm_above_units < 0:
        raise invalid("confirm_above_units", "must be 0 or more")
    kinds = [kind for schema in asked.categories.values() for kind in schema.values()]
    if any(kind not in ("int", "text", "bool") for kind in kinds if isinstance(kind, str)):
        raise invalid("categories", "an attribute is int, text, bool, or a list of choices")


def _ruled(view: View, event: MarketOpened | RulesAmended) -> None:
    view.put(RULES, "market", event.rules)


DECIDE: dict[type, Any] = {OpenMarket: _open_market, AmendRules: _amend_rules}
EVOLVE: dict[type, Any] = {MarketOpened: _ruled, RulesAmended: _ruled}
