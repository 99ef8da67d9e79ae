"""A small house with words in it: two people deal, one of them is later to be forgotten."""

from itertools import count
from pathlib import Path
from typing import Any

from souq.core.account import ACCOUNTS
from souq.core.agent_facts import DescribeAgent
from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.dispute import OpenDispute, Rule
from souq.core.funds import ReportDeposit
from souq.core.listing import PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.message import PostMessage
from souq.core.money import Money
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.payout import ConfirmPayout, RequestPayout, SendPayout
from souq.core.rules import DAY_US, OPERATOR, SECOND_US, OpenMarket, Rules
from souq.core.seal import OperatorText, PartyText, PublicText
from souq.engine import Answer
from souq.journal.store import Store
from souq.venue import Venue

START = 1_790_000_000_000_000
NAME, CONTACT, TITLE = "Zenobia Quill", "zenobia@quill.example", "A lamp from the attic of Quill"
SAID, CLAIM, ACCOUNT = "Zenobia says hello to the floor", "the claim of Zenobia", "IBAN of Zenobia"
WORDS = (NAME, CONTACT, TITLE, SAID, CLAIM, ACCOUNT)
LIMITS = Limits(per_deal_units=777_777)


def usd(units: int) -> Money:
    return Money(units, "USD")


class House:
    """A venue with a clock that a test moves. P1 is Zenobia Quill, P2 somebody else."""

    def __init__(
        self, store: Store, *, data: Path | None = None, rules: Rules | None = None
    ) -> None:
        self.now = START
        self.ids = count(1)
        self.venue = Venue(store, data=data, clock=lambda: self.now)
        self.store = store
        if self.venue.engine.head[0] == 0:
            self.do(OPERATOR, OpenMarket(rules or Rules(fee_bps=250)))

    def try_(self, actor: str, command: Any) -> Answer:
        self.now += SECOND_US
        return self.venue.submit(actor, f"{self.now}-{next(self.ids)}", command)

    def do(self, actor: str, command: Any) -> Answer:
        return self.try_(actor, command).need()

    def furnish(self) -> None:
        """Let two people in, with money and authority, and let Zenobia say all she ever says."""
        for n, name in enumerate((NAME, "Somebody Else"), 1):
            self.do(OPERATOR, RegisterPrincipal(PublicText(name)))
            self.do(OPERATOR, RegisterAgent(f"P{n}", PublicText(f"agent of {name}")))
            self.do(OPERATOR, ReportDeposit(f"P{n}", usd(1_000_000)))
            self.do(f"P{n}", GrantMandate(f"A{n}", SecretLimits(LIMITS)))
        self.do("A1", PostMessage(PublicText(SAID)))
        self.do("A1", DescribeAgent("A1", "quill.example", contact=PublicText(CONTACT)))
        lamp = PostListing(PublicText(TITLE), "home", price=usd(40_001), quantity=5)
        listing = self.do("A1", lamp).events[0].listing.id
        self.sell("A2", listing)
        other = PostListing(PublicText("A chair of somebody else"), "home", price=usd(100))
        self.do("A2", other)
        self.quarrel("L2")

    def sell(self, buyer: str, listing: str, units: int = 40_001) -> None:
        events = self.do(buyer, TakePrice(listing, usd(units))).events
        deal = next(one.contract for one in events if hasattr(one, "contract"))
        self.do("A1" if buyer == "A2" else "A2", SubmitDelivery(deal))
        self.do(buyer, AcceptDelivery(deal))

    def quarrel(self, listing: str) -> None:
        """Let Zenobia buy a thing and get three tenths of its price back."""
        events = self.do("A1", TakePrice(listing, usd(100))).events
        deal = next(one.contract for one in events if hasattr(one, "contract"))
        self.do("A2", SubmitDelivery(deal))
        self.do("A1", OpenDispute(deal, "damaged", PartyText(CLAIM)))
        self.do(OPERATOR, Rule(deal, 3_000))

    def empty(self, principal: str = "P1") -> None:
        """Pay out all that a principal has."""
        account = self.venue.engine.state.rows(ACCOUNTS)[f"wallet:{principal}/USD"]
        asked = RequestPayout(usd(account.available), destination=OperatorText(ACCOUNT))
        payout = self.do(principal, asked).events[0].payout
        self.do(OPERATOR, SendPayout(payout))
        self.do(OPERATOR, ConfirmPayout(payout))

    def pass_days(self, days: int) -> None:
        self.now += days * DAY_US
        self.venue.engine.tick()

    def close(self) -> None:
        self.venue.close()
