"""The words of the little language: each is a pattern, and the command or the comparison it means.

`tests/scenario.py` tells what can be said, and plays it. A step gets the play, the speaker's name
and what its pattern caught; a claim gives (what is, what is claimed).
"""

import re
from collections.abc import Callable
from typing import Any

from msgspec import UNSET

from souq.core import approval, contract, debt, dispute
from souq.core.agreement import cash_given
from souq.core.funds import (
    RESERVE,
    ConfirmReport,
    RejectReport,
    ReportChargeback,
    ReportDeposit,
    ReportPayout,
)
from souq.core.halt import SetHalt
from souq.core.listing import (
    LISTINGS,
    EditListing,
    PauseListing,
    PostListing,
    ResumeListing,
    WithdrawListing,
)
from souq.core.mandate import GoodsLimit, GrantMandate, Limits, RevokeMandate, SecretLimits
from souq.core.mechanisms.alternating_offers import Counter, MakeOffer
from souq.core.mechanisms.moves import Accept, Item, Reject, Withdraw
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.mechanisms.swap import ProposeSwap, SwapLeg
from souq.core.message import PostMessage, SendMessage
from souq.core.money import USD, Money
from souq.core.negotiation import NEGOTIATIONS
from souq.core.officer import RegisterOfficer
from souq.core.payout import (
    PAYOUTS,
    CancelPayout,
    ConfirmPayout,
    FailPayout,
    RequestPayout,
    SendPayout,
)
from souq.core.rules import SECOND_US
from souq.core.seal import OperatorText, PartyText, PublicText
from souq.core.stage import CONTRACTS

CASH = r"[\d.]+ [A-Z]+"
BASKET = r"(?:nothing|[\w. ]+?)"
SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
BPS = 10_000

STEPS: list[tuple[re.Pattern[str], str, Callable[[Any, str, Any], Any]]] = []
CLAIMS: list[tuple[re.Pattern[str], Callable[[Any, Any], tuple[Any, Any]]]] = []
RULES: list[tuple[re.Pattern[str], Callable[[Any], dict[str, Any]]]] = [
    (re.compile(r"fee (\d+) bps"), lambda said: {"fee_bps": int(said[1])}),
    (re.compile(r"arbiter (\w+)"), lambda said: {"arbiter": said[1]}),
    (re.compile(r"rounds (\d+)"), lambda said: {"rounds_max": int(said[1])}),
    (
        re.compile(r"silent ruling (\d+/\d+)"),
        lambda said: {"silent_ruling_bps": share_bps(said[1])},
    ),
    (re.compile(r"rails ([\w,]+)"), lambda said: {"rails": tuple(said[1].split(","))}),
    (
        re.compile(r"four eyes above ([\d.]+ USD)"),
        lambda said: {"four_eyes_units": money(said[1]).units},
    ),
    (
        re.compile(r"price band (\d+) % a step, (\d+) % an hour, (\d+) times a day"),
        lambda said: {
            "price_update_bps": 100 * int(said[1]),
            "price_hour_bps": 100 * int(said[2]),
            "price_day_times": int(said[3]),
        },
    ),
    (
        re.compile(r"categories ([\w,/]+)"),
        lambda said: {"categories": {name: {} for name in said[1].split(",")}},
    ),
]


def step(pattern: str, voice: str = "agent") -> Any:
    """Teach the language a step; `voice` is who speaks it unless the line says otherwise."""

    def teach(make: Any) -> Any:
        STEPS.append((re.compile(pattern), voice, make))
        return make

    return teach


def claim(pattern: str) -> Any:
    """Teach the language a claim."""

    def teach(check: Any) -> Any:
        CLAIMS.append((re.compile(pattern), check))
        return check

    return teach


def money(text: str) -> Money:
    """Read `5 USD`."""
    amount, code = text.split()
    return Money(USD.parse(amount).units, code)


def shown(units: int) -> str:
    """Write units as a scenario would."""
    return f"{USD.format(units).removesuffix('.00')} USD"


def interval(text: str) -> int:
    """Read `2 days 3 hours` or `2d`, in microseconds."""
    found = re.findall(r"(\d+) ?([smhd])[a-z]*", text)
    assert found, f"not a length of time: {text}"
    return sum(int(n) * SECONDS[unit] for n, unit in found) * SECOND_US


def share_bps(text: str) -> int:
    """Read `3/10` as basis points, exactly."""
    part, whole = (int(n) for n in text.split("/"))
    assert part * BPS % whole == 0, f"{text} is no whole number of basis points"
    return part * BPS // whole


def basket(play: Any, text: str) -> tuple[Money | None, tuple[Item, ...]]:
    """Read `5 USD and lamp and plate x2`: money, and items."""
    cash, items = None, []
    for part in [] if text == "nothing" else text.split(" and "):
        if re.fullmatch(CASH, part):
            cash = money(part)
        else:
            name, _, count = part.partition(" x")
            items.append(Item(play.thing(name), int(count or 1)))
    return cash, tuple(items)


def bargain(play: Any, who: str, match: Any, *, other: str) -> dict[str, Any]:
    """Read `offers BASKET ... for BASKET`; the payer is named where the goods do not say it."""
    paid, given = basket(play, match["given"])
    asked, taken = basket(play, match["taken"])
    assert not (paid and asked), "money goes one way"
    is_plain = not (given and taken) and bool(taken if paid else given)
    payer = play.agent(who) if paid else other if asked else ""
    return {
        "items": (*taken, *given),
        "price": paid or asked or Money(0, "USD"),
        "payer": "" if is_plain else payer,
    }


@step(rf"receives ({CASH})(?: by (\w+))?(?: as (\w+))?", "operator")
def _receives(play: Any, who: str, said: Any) -> Any:
    principal = who if who == RESERVE else play.principal(who)
    return ReportDeposit(principal, money(said[1]), said[2] or "credits", said[3] or UNSET)


@step(rf"reports ({CASH}) for (\w+) by (\w+)(?: as (\w+))?", "principal")
def _reports(play: Any, who: str, said: Any) -> Any:
    return ReportDeposit(play.principal(said[2]), money(said[1]), said[3], said[4] or UNSET)


@step(rf"takes back ({CASH}) of (\w+) by (\w+)", "principal")
def _takes_back(play: Any, who: str, said: Any) -> Any:
    return ReportChargeback(money(said[1]), said[3], said[2])


@step(r"(confirms|rejects) (R\d+)", "principal")
def _judges_report(play: Any, who: str, said: Any) -> Any:
    return (ConfirmReport if said[1] == "confirms" else RejectReport)(said[2])


@step(r"halts (commitments|negotiations|settlements)", "principal")
def _halts(play: Any, who: str, said: Any) -> Any:
    return SetHalt(said[1], PublicText("smoke"))


@step(r"lifts the halt", "principal")
def _lifts(play: Any, who: str, said: Any) -> Any:
    return SetHalt("open")


@step(r"becomes an officer", "operator")
def _becomes_officer(play: Any, who: str, said: Any) -> Any:
    answer = play.submit("operator", RegisterOfficer(PublicText(who))).need()
    play.door.let_speak(answer.events[0].officer)
    play.people[who] = (answer.events[0].officer,) * 2


@step(rf"asks for ({CASH})(?: by (\w+))?", "principal")
def _asks_for(play: Any, who: str, said: Any) -> Any:
    return RequestPayout(money(said[1]), said[2] or "credits", OperatorText("an account"))


@step(r"(sends|confirms|fails|cancels) (W\d+)", "principal")
def _handles_payout(play: Any, who: str, said: Any) -> Any:
    kinds = {"sends": SendPayout, "confirms": ConfirmPayout, "fails": FailPayout}
    return kinds.get(said[1], CancelPayout)(said[2])


@step(rf"cashes out ({CASH})", "operator")
def _cashes_out(play: Any, who: str, said: Any) -> Any:
    return ReportPayout(play.principal(who), money(said[1]))


@step(r"speaks for (\w+)", "operator")
def _speaks_for(play: Any, who: str, said: Any) -> Any:
    principal = play.principal(said[1])
    play.people[who] = (principal, play.hire(principal, who))
    return None


@step(r"grants (?:(\w+) )?mandate(?: (.+))?", "principal")
def _grants(play: Any, who: str, said: Any) -> Any:
    limits: dict[str, Any] = {}
    for word in (said[2] or "").split():
        name, _, value = word.partition("=")
        kind, _, what = name.partition(":")
        match kind:
            case "window":
                amount, _, length = value.partition("/")
                limits["window_units"] = USD.parse(amount).units
                limits["window_us"] = interval(length)
            case "per_deal" | "lifetime" | "approval_above":
                limits[f"{kind}_units"] = USD.parse(value).units
            case "approval" if value == "always":
                limits["approval_always"] = True
            case "quantity":
                limits["quantity_max"] = int(value)
            case "categories":
                limits["categories"] = tuple(value.split(","))
            case "with" | "without":
                key = "counterparties" if kind == "with" else "counterparties_denied"
                limits[key] = tuple(play.principal(one) for one in value.split(","))
            case "expires":
                limits["expires_at"] = play.now + interval(value)
            case "asset":
                limits["asset"] = value
            case "floor" | "barter":
                limit = GoodsLimit(USD.parse(value).units, may_barter=kind == "barter")
                limits.setdefault("goods", {})[what] = limit
            case "ceiling":
                limits.setdefault("ceilings", {})[play.thing(what)] = USD.parse(value).units
            case _:
                raise AssertionError(f"no such limit: {word}")
    return GrantMandate(play.agent(said[1] or who), SecretLimits(Limits(**limits)))


@step(r"revokes(?: (\w+))?", "principal")
def _revokes(play: Any, who: str, said: Any) -> Any:
    return RevokeMandate(play.agent(said[1] or who))


@step(
    rf"(?P<verb>lists|wants) (?P<thing>\w+)(?: for (?P<price>{CASH})| (?P<free>free))?"
    r" in (?P<category>[\w/]+)(?: x(?P<count>\d+))?(?: as (?P<subject>\w+))?"
    r"(?: delivery (?P<delivery>\w+))?(?: by (?P<by>[\w,]+))?(?: ref (?P<ref>\w+))?"
)
def _lists(play: Any, who: str, said: Any) -> Any:
    price = Money(0, "USD") if said["free"] else said["price"] and money(said["price"])
    more: dict[str, Any] = {}
    if said["by"]:
        more["mechanisms"] = tuple(said["by"].split(","))
    return PostListing(
        PublicText(said["thing"]),
        said["category"],
        price=price or None if not said["free"] else price,
        side="sell" if said["verb"] == "lists" else "want",
        subject=said["subject"] or "goods",
        quantity=int(said["count"] or 1),
        delivery=said["delivery"] or "meet",
        ref=said["ref"] or "",
        **more,
    )


@step(rf"edits (\w+) to (?:({CASH})|x(\d+))")
def _edits(play: Any, who: str, said: Any) -> Any:
    price = money(said[2]) if said[2] else None
    return EditListing(play.thing(said[1]), price, available=int(said[3]) if said[3] else None)


@step(r"(pauses|resumes|withdraws) (\w+)")
def _shuts(play: Any, who: str, said: Any) -> Any:
    kinds = {"pauses": PauseListing, "resumes": ResumeListing, "withdraws": WithdrawListing}
    return kinds[said[1]](play.thing(said[2]))


@step(rf"offers (?P<given>{BASKET}) to (?P<to>\w+) for (?P<taken>{BASKET})(?: within (?P<t>.+))?")
def _offers(play: Any, who: str, said: Any) -> Any:
    to = play.agent(said["to"])
    valid = interval(said["t"]) if said["t"] else None
    return MakeOffer(**bargain(play, who, said, other=to), to=to, valid_us=valid)


@step(rf"counters ({CASH})")
def _counters(play: Any, who: str, said: Any) -> Any:
    return Counter(play.talk(who), money(said[1]))


@step(rf"counters (?P<given>{BASKET}) for (?P<taken>{BASKET})")
def _counters_anew(play: Any, who: str, said: Any) -> Any:
    talk = play.talk(who)
    other = next(one for one in play.parties[talk] if one != play.agent(who))
    return Counter(talk, **bargain(play, who, said, other=other))


@step(rf"takes (\w+)(?: x(\d+))?(?: at ({CASH}))?")
def _takes(play: Any, who: str, said: Any) -> Any:
    found = play.engine.state.get(LISTINGS, play.thing(said[1]))
    price = money(said[3]) if said[3] else (found and found.price) or Money(0, "USD")
    return TakePrice(play.thing(said[1]), price, int(said[2] or 1))


@step(r"proposes swap (.+)")
def _proposes(play: Any, who: str, said: Any) -> Any:
    legs = (leg.split("->") for leg in said[1].split(", "))
    return ProposeSwap(tuple(SwapLeg(play.thing(thing), play.agent(to)) for thing, to in legs))


@step(r"accepts(?: version (\d+))?")
def _accepts(play: Any, who: str, said: Any) -> Any:
    talk = play.talk(who)
    versions = play.terms.get(talk, ["none"])
    return Accept(talk, versions[int(said[1]) - 1 if said[1] else -1])


@step(r"(rejects|withdraws)")
def _gives_up(play: Any, who: str, said: Any) -> Any:
    return (Reject if said[1] == "rejects" else Withdraw)(play.talk(who))


@step(r"(approves|declines)", "principal")
def _decides(play: Any, who: str, said: Any) -> Any:
    return (approval.Approve if said[1] == "approves" else approval.Decline)(play.deal(who))


@step(r"(delivers|confirms|cancels|disputes)")
def _performs(play: Any, who: str, said: Any) -> Any:
    deal = play.deal(who)
    match said[1]:
        case "delivers":
            return contract.SubmitDelivery(deal, "photo")
        case "confirms":
            return contract.AcceptDelivery(deal)
        case "cancels":
            return contract.CancelContract(deal)
        case _:
            return dispute.OpenDispute(deal, "not_as_described", PartyText("not what it was"))


@step(r"rules (\d+/\d+) to (\w+)", "principal")
def _rules(play: Any, who: str, said: Any) -> Any:
    deal = play.deal(said[2])
    is_payer = cash_given(play.deals[deal].legs, play.agent(said[2])) > 0
    bps = share_bps(said[1])
    return dispute.Rule(deal, bps if is_payer else BPS - bps)


@step(r"says (.+)")
def _says(play: Any, who: str, said: Any) -> Any:
    return SendMessage(play.talk(who), PartyText(said[1]))


@step(r"calls out (.+)")
def _calls_out(play: Any, who: str, said: Any) -> Any:
    return PostMessage(PublicText(said[1]))


@step(r"replays its last step")
def _replays(play: Any, who: str, said: Any) -> Any:
    return play.replay(who)


@step(r"reuses its last id")
def _reuses(play: Any, who: str, said: Any) -> Any:
    actor, id, _, _ = play.last[who]
    return play.door.submit(actor, id, PostMessage(PublicText("something else")))


@claim(rf"(\w+) has ({CASH})")
def _has(play: Any, said: Any) -> Any:
    amount = money(said[2])
    return shown(play.wallet(said[1], amount.asset).available), shown(amount.units)


@claim(rf"(\w+) holds ({CASH})")
def _holds(play: Any, said: Any) -> Any:
    amount = money(said[2])
    return shown(play.wallet(said[1], amount.asset).held), shown(amount.units)


@claim(rf"(\w+) has (reserved|spent) ({CASH})")
def _budget(play: Any, said: Any) -> Any:
    mandate = play.mandate(said[1])
    units = mandate.reserved_units if said[2] == "reserved" else mandate.lifetime_units
    return shown(units), shown(money(said[3]).units)


@claim(rf"(\w+) owes ({CASH})")
def _owes(play: Any, said: Any) -> Any:
    amount = money(said[2])
    account = f"wallet:{play.principal(said[1])}/{amount.asset}"
    return shown(play.engine.state.get(debt.DEBTS, account) or 0), shown(amount.units)


@claim(rf"rail (\w+) (claims|brought) ({CASH})")
def _rail(play: Any, said: Any) -> Any:
    amount = money(said[3])
    account = f"world:{said[1]}/{amount.asset}"
    claims = play.engine.state.get(debt.CLAIMS, account) or 0
    found = play.account(account)
    units = claims if said[2] == "claims" else -(found.posted if found else 0)
    return shown(units), shown(amount.units)


@claim(rf"the reserve has ({CASH})")
def _reserve(play: Any, said: Any) -> Any:
    amount = money(said[1])
    return shown(play.account(f"{RESERVE}/{amount.asset}").available), shown(amount.units)


@claim(r"(W\d+) is (requested|sent|over)")
def _payout_is(play: Any, said: Any) -> Any:
    found = play.engine.state.get(PAYOUTS, said[1])
    return type(found).__name__.lower() if found else "over", said[2]


@claim(rf"fees are ({CASH})")
def _fees(play: Any, said: Any) -> Any:
    amount = money(said[1])
    return shown(play.account(f"fees/{amount.asset}").posted), shown(amount.units)


@claim(r"(\w+) has (\d+) left")
def _left(play: Any, said: Any) -> Any:
    found = play.engine.state.get(LISTINGS, play.thing(said[1]))
    return str(found.available if found else 0), said[2]


@claim(r"(\w+) belongs to (\w+)")
def _belongs(play: Any, said: Any) -> Any:
    found = play.engine.state.get(LISTINGS, play.thing(said[1]))
    return found and found.principal, play.principal(said[2])


@claim(r"(\w+) is (open|paused|withdrawn|over)")
def _listing_is(play: Any, said: Any) -> Any:
    found = play.engine.state.get(LISTINGS, play.thing(said[1]))
    if found is None:
        return "over", said[2]
    return "withdrawn" if found.is_withdrawn else "paused" if found.is_paused else "open", said[2]


@claim(r"talk (N\d+) is (\w+)")
def _talk_is(play: Any, said: Any) -> Any:
    is_open = play.engine.state.get(NEGOTIATIONS, said[1]) is not None
    return "open" if is_open else play.ended.get(said[1]), said[2]


@claim(r"deal (C\d+) is (\w+)")
def _deal_is(play: Any, said: Any) -> Any:
    live = play.engine.state.get(CONTRACTS, said[1])
    return type(live).__name__.lower() if live else play.ended.get(said[1]), said[2]


@claim(r"there (?:is|are) (\d+) deals?")
def _deals(play: Any, said: Any) -> Any:
    return str(len(play.deals)), said[1]


@claim(rf"the journal never shows ({CASH})")
def _never_shows(play: Any, said: Any) -> Any:
    secret = str(money(said[1]).units).encode()
    return [entry.seq for entry in play.store.read() if secret in entry.body], []
