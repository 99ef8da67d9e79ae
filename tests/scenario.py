"""Deals told as a person would tell them: the little language of `tests/scenarios/*.deal`.

A line is a step, a claim, a house rule, or the passing of time. `#` starts a comment. A step must
be accepted, unless `!` names the reason it is refused for. Facts after the reason are all the
facts there are, `without facts` says that there are none; amounts in facts are USD.

    bea offers 600 USD to sol for lamp        ! insufficient_funds available=500 needed=600

People come into being when first named: a principal, and an agent with an open mandate. Agents
trade, principals grant, approve and rule; `bea in person` and `bea's agent` say which, where it
matters. `nobody` has no account, `operator` runs the market. A step takes a second. Moves go to
the speaker's latest talk or deal; a trailing `in N1` or `in C1` names another.

  before anything    market fee 250 bps | market arbiter rui | market rounds 3
                     market silent ruling 3/10 | market categories home,bikes
                     market rails credits,bank,manual | market four eyes above 100 USD
                     market price band 20 % a step, 50 % an hour, 2 times a day
                     market detects 50 % of cheats and allows 5 USD
  money and people   W receives 5 USD [by bank] [as d1] | W cashes out 5 USD | dan speaks for W
                     W asks for 5 USD [by bank] | W sends|confirms|fails|cancels W1
                     operator takes back 5 USD of d1 by bank | reserve receives 5 USD
                     W becomes an officer | W reports 5 USD for W by manual [as d1]
                     W confirms|rejects R1
  authority          W grants [dan] mandate per_deal=600 window=900/1h lifetime=5 quantity=2
                       categories=a,b with=W,W without=W approval_above=500 approval=always
                       expires=2h
                       asset=EUR floor:REF=400 barter:REF=400 ceiling:CATEGORY-OR-THING=700
                     W revokes [dan]
  models             W declares [W to run on] MODEL | W takes back the model [of W]
                     W runs on MODEL|nothing declared
  listings           W lists T [for 9 USD | free] in home [x3] [as data] [delivery title]
                       [by swap,..] [ref lamp] | W wants T [for 9 USD] in home [x3]
                     W edits T to 5 USD | W edits T to x3 | W pauses|resumes|withdraws T
  bargaining         W offers BASKET to W for BASKET [within 2 hours] | W counters 5 USD
                     W counters BASKET for BASKET | W takes T [x2] [at 5 USD]
                     W proposes swap T->W, T->W | W accepts [version 1] | W rejects | W withdraws
                       (a BASKET is `5 USD and lamp and plate x2`, or `nothing`)
  keys               W adds [signing] key NAME for W|W's agent [for 2 hours]
                       [in place of NAME] | W ends key NAME
                     key NAME lets W|W's agent speak | key NAME opens nothing
  webhooks           W has everything|events E and E sent to URL | W removes|enables webhook H1
                     operator gives up on|forbids webhook H1
                     W has webhook H1 go back to record 5
                     webhook H1 is live|failing|forbidden|gone
                     no record tells the word WORD
  the kill switch    operator halts commitments|negotiations|settlements
                     operator lifts the halt
  performance        W delivers | confirms | disputes | cancels | approves | declines
                     W rules 3/10 to W
  channels           W opens a channel of 5 USD to W [at 1 USD a word] [for 2 days]
                       [with 1 day to answer] | W tops X1 up by 5 USD
                     W presents 5 USD|7 words of X1 [as X2]
                     W closes X1 [with 5 USD|7 words [of X2]] [signed by W]
                     W agrees to end X1 at 5 USD | W settles X1 with 5 USD, X2 with 7 words
                     channel X1 is open|closing|over
  reputation         W stakes 5 USD | W rates it well|badly [with 4 stars]
                     operator trusts W 80 %, W 5 % | W may owe 5 USD | W owes goods for 5 USD
                     W has shown 1.00 good and 0.50 bad | W has been rated by 2
  words              W says TEXT | W calls out TEXT
  retries            W replays its last step | W reuses its last id
  time               time passes 2 days 3 hours
  claims             W has 5 USD | W holds 5 USD | W has reserved 5 USD | W has spent 5 USD
                     W owes 5 USD | the reserve has 5 USD | W1 is requested|sent|over
                     rail bank brought 5 USD | rail bank claims 5 USD
                     fees are 5 USD | T has 2 left | T belongs to W
                     T is open|paused|withdrawn|over
                     talk N1 is open|WHY | deal C1 is STATE|HOW-IT-ENDED | there are 2 deals
                     the journal never shows 437 USD
"""

import importlib
import pkgutil
import re
from random import Random
from typing import Any, Protocol

from souq.core.ledger import ACCOUNTS
from souq.core.mandate import MANDATES, GrantMandate, Limits, SecretLimits
from souq.core.money import USD
from souq.core.party import AGENTS, RegisterAgent, RegisterPrincipal, wallet
from souq.core.rules import OPERATOR, SECOND_US, OpenMarket, Rules
from souq.core.seal import PublicText
from souq.engine import Answer, Engine
from souq.journal.replay import records
from souq.journal.store import Store
from tests import scenarios
from tests.scenarios.words import CLAIMS, RULES, STEPS, interval

START = 1_750_000_000_000_000
for found in pkgutil.iter_modules(scenarios.__path__):  # each teaches the language words
    importlib.import_module(f"{scenarios.__name__}.{found.name}")
OUTSIDERS = ("nobody", OPERATOR)
VOICES = {"'s agent": "agent", " in person": "principal"}


class Clock:
    """What time it is, and salts that anybody could guess: the same for every telling."""

    def __init__(self) -> None:
        self.now = START
        self._chance = Random(7)

    def time(self) -> int:
        return self.now

    def salt(self) -> bytes:
        return self._chance.randbytes(16)


class Door(Protocol):
    """Where a telling's commands go in."""

    engine: Engine

    def submit(self, actor: str, id: str, command: Any) -> Answer: ...
    def tick(self) -> None: ...
    def let_speak(self, actor: str) -> None: ...


class EngineDoor:
    """No door at all: the engine itself, which takes everybody's word for who they are."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.engine = Engine(store, clock=clock.time, salts=clock.salt)

    def submit(self, actor: str, id: str, command: Any) -> Answer:
        return self.engine.submit(actor, id, command)

    def tick(self) -> None:
        self.engine.tick()

    def let_speak(self, actor: str) -> None:
        """Whoever speaks is heard."""


class Play:
    """One scenario on one market."""

    def __init__(self, store: Store, door: Door | None = None, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.store = store
        self.door = door or EngineDoor(store, self.clock)
        self.rules: dict[str, Any] = {}
        self.is_open = False
        self.count = self.seen = 0
        self.people: dict[str, tuple[str, str]] = {}  # name: principal, agent
        self.things: dict[str, str] = {}
        self.terms: dict[str, list[str]] = {}
        self.parties: dict[str, tuple[str, ...]] = {}
        self.ended: dict[str, str] = {}
        self.deals: dict[str, Any] = {}
        self.talk_of: dict[str, str] = {}
        self.deal_of: dict[str, str] = {}
        self.named = ""
        self.last: dict[str, tuple[str, str, Any, Answer]] = {}

    def tell(self, text: str) -> "Play":
        """Play a whole scenario. Raises AssertionError, naming the line that is not so."""
        for number, line in enumerate(text.splitlines(), 1):
            said, _, expected = line.partition("#")[0].partition("!")
            said, expected = " ".join(said.split()), " ".join(expected.split())
            if said:
                try:
                    self._line(said, expected)
                except AssertionError as error:
                    raise AssertionError(f"line {number}: {said}: {error}") from error
        return self

    def _line(self, said: str, expected: str) -> None:
        if said.startswith("market "):
            assert not self.is_open, "house rules come before anything else"
            for pattern, read in RULES:
                if match := pattern.fullmatch(said.removeprefix("market ")):
                    self.rules.update(read(match))
                    return
        self._open()
        if match := re.fullmatch(r"time passes (.+)", said):
            self.clock.now += interval(match[1])
            self.door.tick()
            self._look()
            return
        for pattern, check in CLAIMS:
            if match := pattern.fullmatch(said):
                found, claimed = check(self, match)
                assert found == claimed, f"it is {found}"
                return
        self._step(said, expected)

    def _open(self) -> None:
        if self.is_open:
            return
        self.is_open = True
        arbiter = self.rules.get("arbiter")
        rules = {**self.rules, "arbiter": "P1"} if arbiter else self.rules
        self.submit(OPERATOR, OpenMarket(Rules(**rules))).need()
        if arbiter:
            self.person(arbiter)  # the first to come, so P1

    def _step(self, said: str, expected: str) -> None:
        target = re.fullmatch(r"(.+) in ([NC]\d+)", said)
        said, self.named = (target[1], target[2]) if target else (said, "")
        subject = re.fullmatch(r"(\w+)('s agent| in person)? (.+)", said)
        assert subject, "who does what?"
        who, voice, rest = subject.groups()
        found = [(usual, make, pattern.fullmatch(rest)) for pattern, usual, make in STEPS]
        usual, make, match = next((one for one in found if one[2]), found[0])
        assert match is not None, "the language has no such step"
        self.clock.now += SECOND_US
        made = make(self, who, match)
        if made is None:
            return
        if not isinstance(made, Answer):
            made = self.submit(self.actor(who, VOICES.get(voice, usual)), made, who)
        if "thing" in match.groupdict() and made.refusal is None:
            self.things[match["thing"]] = made.events[0].listing.id
        judge(made, expected)

    def submit(self, actor: str, command: Any, who: str = "") -> Answer:
        """Send one command."""
        self.count += 1
        id = f"s{self.count}"
        answer = self.door.submit(actor, id, command)
        self.last[who] = (actor, id, command, answer)
        self._look()
        return answer

    def replay(self, who: str) -> Answer:
        """Send somebody's last command again: the same answer, and no new record."""
        actor, id, command, before = self.last[who]
        head = self.engine.head
        again = self.door.submit(actor, id, command)
        assert again.is_replay, "it was judged anew"
        assert self.engine.head == head, "it was recorded again"
        was, now = ((one.seq, one.events, one.refusal) for one in (before, again))
        assert was == now, "another answer"
        return again

    def _look(self) -> None:
        """Read on in the journal: what was agreed, and how things ended."""
        last, _ = self.engine.head  # waits until the ticks before it are on disk
        for record in records(self.store, self.seen + 1, last):
            self.seen = record.seq
            for event in record.events:
                self._note(event)

    def _note(self, event: Any) -> None:
        match type(event).__name__:
            case "OfferMade" | "SwapProposed":
                talk = event.negotiation
                self.terms.setdefault(talk, []).append(event.terms)
                pair = getattr(event, "opener", ""), getattr(event, "responder", "")
                self.parties[talk] = getattr(event, "parties", pair)
                self.talk_of |= dict.fromkeys(self.parties[talk], talk)
            case "PartyJoined":
                self.talk_of[event.agent] = event.negotiation
            case "NegotiationClosed":
                self.ended[event.negotiation] = event.why
            case "AgreementReached":
                self.deals[event.contract] = event.agreement
                self.deal_of |= dict.fromkeys(event.agreement.parties, event.contract)
            case "ContractFulfilled":
                self.ended[event.contract] = "fulfilled"
            case "ContractCancelled":
                self.ended[event.contract] = event.why
            case "RulingMade":
                self.ended[event.contract] = "ruled"
            case _:
                pass

    def person(self, name: str) -> tuple[str, str]:
        """Give a person's principal and agent, who come into being when first named."""
        if name not in self.people:
            answer = self.submit(OPERATOR, RegisterPrincipal(PublicText(name))).need()
            principal = answer.events[0].principal
            self.door.let_speak(principal)
            self.people[name] = (principal, self.hire(principal, name))
        return self.people[name]

    def hire(self, principal: str, name: str) -> str:
        """Give a principal one more agent, with an open mandate."""
        answer = self.submit(principal, RegisterAgent(principal, PublicText(name))).need()
        agent = str(answer.events[0].agent)
        self.door.let_speak(agent)
        self.submit(principal, GrantMandate(agent, SecretLimits(Limits()))).need()
        return agent

    def principal(self, name: str) -> str:
        return name if name in OUTSIDERS else self.person(name)[0]

    def agent(self, name: str) -> str:
        return name if name in OUTSIDERS else self.person(name)[1]

    def actor(self, name: str, voice: str) -> str:
        """Say who speaks: an agent, its principal, or the operator for them."""
        if voice == "operator":
            return OPERATOR
        return self.agent(name) if voice == "agent" else self.principal(name)

    def thing(self, name: str) -> str:
        return self.things.get(name, name)

    def talk(self, who: str) -> str:
        """Give the talk a move is meant for: the one named, else the speaker's latest."""
        return self.named or self.talk_of.get(self.agent(who)) or "N0"

    def deal(self, who: str) -> str:
        """Give the deal a step is meant for: the one named, else the speaker's latest."""
        return self.named or self.deal_of.get(self.agent(who)) or "C0"

    @property
    def engine(self) -> Engine:
        return self.door.engine

    @property
    def now(self) -> int:
        return self.clock.now

    def account(self, name: str) -> Any:
        return self.engine.state.get(ACCOUNTS, name)

    def wallet(self, who: str, asset: str) -> Any:
        return self.account(wallet(self.principal(who), asset))

    def mandate(self, who: str) -> Any:
        agent = self.engine.state.get(AGENTS, self.agent(who))
        assert agent is not None
        return self.engine.state.get(MANDATES, agent.mandate)


def judge(answer: Answer, expected: str) -> None:
    """Compare an answer with what the line says. Raises AssertionError."""
    if not expected:
        assert answer.refusal is None, f"refused: {answer.refusal}"
        return
    assert answer.refusal is not None, "it was accepted"
    reason, *facts = expected.split()
    assert answer.refusal.reason == reason, f"refused for another reason: {answer.refusal}"
    money_facts = {"cap", "needed", "units", "price_min", "price_max"}
    money_facts |= {"available"} if "stock" not in reason else set()
    found = {
        name: USD.format(int(value)).removesuffix(".00") if name in money_facts else str(value)
        for name, value in answer.refusal.facts.items()
    }
    if facts == ["without", "facts"]:
        assert found == {}, f"it tells {found}"
    elif facts:
        assert found == dict(fact.split("=") for fact in facts), f"it tells {found}"
