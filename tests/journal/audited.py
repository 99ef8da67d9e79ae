"""A day on another market, whose rules ask for what the first day's do not: it draws audits.

Kinds of commands and events that neither the first day nor a chapter reaches stand here.
"""

from typing import Any

from souq.core.acceptance import ConfirmReturn, Contest, SendBack
from souq.core.audit import ReportAudit
from souq.core.bond import PostBond
from souq.core.conditions import Conditions
from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.delegation import DelegateMandate
from souq.core.dispute import Rule
from souq.core.epoch import CommitEpoch, RevealEpoch, of_secret
from souq.core.funds import ReportDeposit
from souq.core.listing import PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Asset
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.rules import DAY_US, OPERATOR, OpenMarket, Rules
from souq.core.seal import PublicText
from souq.journal.store import Store
from tests.journal.day import Day, usd

SECRET, NEXT, FINDINGS = "ab" * 16, "cd" * 16, "ef" * 32
PRICE = usd(100)


def play(store: Store) -> Day:
    """Play the whole day into a store."""
    day = Day(store)
    _open(day)
    deals = [_sold(day) for _ in range(3)]
    _returned(day)
    _audited(day, deals)
    _lent(day)
    return day


def _open(day: Day) -> None:
    rules = Rules(name="the audited", assets=(Asset("USD", 6),), arbiter="P3", auditor="P3")
    day.do(OPERATOR, OpenMarket(rules)).need()
    for number, name in enumerate(("Ann", "Ben", "Cy"), 1):
        who = f"P{number}"
        day.do(OPERATOR, RegisterPrincipal(PublicText(name))).need()
        day.do(who, RegisterAgent(who, PublicText(f"{name}'s"))).need()
        day.do(who, GrantMandate(f"A{number}", SecretLimits(Limits()))).need()
        day.do(OPERATOR, ReportDeposit(who, usd(10_000))).need()
    day.do(OPERATOR, CommitEpoch(of_secret(SECRET))).need()


def _sold(day: Day, **asked: Any) -> str:
    """Have the second agent sell to the first, who accepts; give the contract."""
    words = PublicText("From the Dead Sea. 塩 🧂")
    conditions = Conditions(**asked)
    ad = PostListing(PublicText("Salt"), "home", PRICE, description=words, conditions=conditions)
    listing = day.do("A2", ad).need().events[0].listing.id
    deal = day.opened(day.do("A1", TakePrice(listing, PRICE)))
    day.do("A2", SubmitDelivery(deal)).need()
    day.do("A1", AcceptDelivery(deal)).need()
    return deal


def _returned(day: Day) -> None:
    for answer in (ConfirmReturn, Contest):
        deal = _sold(day, returns_us=DAY_US)
        day.do("A1", SendBack(deal)).need()
        day.do("A2", answer(deal)).need()
    day.do("P3", Rule(deal, 5_000)).need()


def _audited(day: Day, deals: list[str]) -> None:
    """Draw every contract, as nothing was at stake when they ended; one report stays out."""
    day.do("P2", PostBond(usd(2_000))).need()
    day.do(OPERATOR, CommitEpoch(of_secret(NEXT))).need()
    day.do(OPERATOR, RevealEpoch("E1", SECRET)).need()
    day.clock.now += 1_000_000
    day.engine.tick()
    for passed, deal in zip((True, False), deals, strict=False):
        day.do("P3", ReportAudit(deal, passed, FINDINGS)).need()
    day.clock.now += 4 * DAY_US
    day.engine.tick()


def _lent(day: Day) -> None:
    day.do("P1", RegisterAgent("P1", PublicText("Ann's helper"))).need()
    part = SecretLimits(Limits(per_deal_units=70, lifetime_units=200))
    day.do("A1", DelegateMandate("A4", part)).need()
