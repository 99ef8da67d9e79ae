"""Nobody is shown what is not theirs; judged by a second reading of the raw records alone."""

import json
import os
import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from souq.core import budget, credential, ledger, mandate, market, message, payout, stock
from souq.core.contract import AcceptDelivery
from souq.core.funds import ReportDeposit, TransferMany
from souq.core.halt import SetHalt
from souq.core.listing import ListingPosted, PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms import BY_NAME
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.rules import HOUR_US, OPERATOR
from souq.core.seal import PublicText, Sealed
from souq.core.transfer import Batch
from souq.journal.memory import MemoryStore
from souq.journal.store import Store
from souq.lab.hall import Hall
from souq.views import audience, cutting, mentions, showing
from souq.views.feed import Feed
from souq.views.mentions import Mentions
from souq.views.showing import TEXTS, RecordSeen
from tests.journal.day import Day, play, usd
from tests.laws.walk import walk
from tests.mechanisms.plays import OPEN, OPEN_EVENTS, PLAYS, Play
from tests.views.chapters import CHAPTERS, SEEN

OPEN_NAMES = {one.NAME for one in OPEN}
RUN_SEEN = {
    **{kind.__name__: seen for one in OPEN for kind, seen in one.SEEN.items()},
    **{"PartyJoined": "own", "GoodsPledged": "own", "ClockSet": "public"},
}
FULL = os.environ.get("SOUQ_FULL") == "1"
Json = dict[str, Any]

PUBLIC = re.compile(
    r"(MarketOpened|PrincipalRegistered|AgentRegistered|ModelDeclared|MessagePosted"
    r"|Listing\w+|Stock\w+|TitleMoved|PrincipalAttested|AttestationRevoked|AgentDescribed"
    r"|TermsPublished|PrincipalErased)"
)
REPORTS = ("ReportProposed", "ReportConfirmed", "ReportRejected", "OfficerRegistered")
IDS = re.compile(r"[NCWHMX][1-9][0-9]*(?:\.[0-9]+)?")  # K, too, but a listing may be of "K2"
DIGEST = re.compile(r"s1:[0-9a-f]{64}")


class Raw:
    """A reading of a whole journal's bytes that shares nothing with the views."""

    def __init__(self, store: Store) -> None:
        self.records: list[Json] = [json.loads(entry.body) for entry in store.read()]
        self.payloads = {one.digest: one for one in store.payloads()}
        self.principal: dict[str, str] = {}
        self.officers: set[str] = set()
        self.of: dict[str, set[str]] = {}  # whose a thing is
        self.disputed: dict[str, int] = {}  # by contract: since which record
        self.arbiter = self.auditor = ""
        self.checked: dict[str, set[str]] = {}  # who verifies or audits a contract
        self.judging: dict[str, set[str]] = {}  # by contract: whom else it was put before
        self.runs: set[str] = set()  # open to all
        self.parts: dict[str, set[str]] = {}  # to whom a part of a mandate was lent
        holds: dict[str, tuple[str, str]] = {}
        for record in self.records:
            for event in record.get("events", ()):
                self._read(record["seq"], event, holds)

    def _read(self, seq: int, event: Json, holds: dict[str, tuple[str, str]]) -> None:
        match event["type"]:
            case "MarketOpened":
                self.arbiter = event["rules"].get("arbiter", OPERATOR)
                self.auditor = event["rules"].get("auditor", "")
            case "AgentRegistered":
                self.principal[event["agent"]] = event["principal"]
            case "OfficerRegistered":
                self.officers.add(event["officer"])
            case "NegotiationOpened" if event["mechanism"] in OPEN_NAMES:
                self.runs.add(event["negotiation"])
            case "PartyJoined":
                self.of.setdefault(event["negotiation"], set()).add(event["agent"])
            case "OfferMade":
                self.of[event["negotiation"]] = {event["opener"], event["responder"]}
            case "PriceTaken":
                self.of[event["negotiation"]] = set(event["agreement"]["parties"])
            case "SwapProposed":
                self.of[event["negotiation"]] = set(event["parties"])
            case "AgreementReached":
                self.of[event["contract"]] = set(event["agreement"]["parties"])
            case "DisputeOpened":
                self.disputed[event["contract"]] = seq
                if event.get("arbiter"):
                    self.judging.setdefault(event["contract"], set()).add(event["arbiter"])
            case "VerificationAsked":
                self.checked.setdefault(event["contract"], set()).add(event["verifier"])
            case "AuditDrawn" if event["report_by"]:
                self.checked.setdefault(event["contract"], set()).add(self.auditor)
            case "PanelDrawn":
                self.judging.setdefault(event["contract"], set()).update(event["jurors"])
            case "ArbiterCalled":
                self.judging.setdefault(event["contract"], set()).add(event["arbiter"])
            case "ChannelOpened":
                self.of[event["channel"]] = {event["payer"], event["payee"]}
            case "MandateGranted":
                self.of[event["mandate"]] = {event["agent"]}
                if "parent" in event:
                    above = self.parts.get(event["parent"], set())
                    self.parts[event["parent"]] = above | {event["agent"]}
                    self.parts[event["mandate"]] = set(self.of[event["parent"]])
                    # Of those further up, a refusal may speak as well.
                    for whole, agents in self.parts.items():
                        if agents & self.of[event["parent"]]:
                            self.parts[whole] = agents | {event["agent"]}
            case "RestrictionSet":
                self.of[event["principal"]] = {event["principal"], "officers"}
            case "KeyAdded":
                self.of[event["key"]] = {event["owner"]}
            case "ReviewAsked":
                self.of[event["review"]] = {event["principal"]}
            case "WebhookAdded":
                self.of[event["webhook"]] = {event["owner"]}
            case "PayoutRequested":
                by_hand = {"officers"} if event["rail"] == "manual" else set()
                self.of[event["payout"]] = {event["principal"]} | by_hand
            case "DepositBrought":
                self.of[f"{event['rail']} {event['reference']}"] = {event["principal"]}
            case "TransfersMade":
                # Where a row leaves its accounts out, write down those of the hold it ends.
                batch = event["batch"]
                kinds = batch.get("kind") or [0] * len(batch["id"])
                for n, (id, kind) in enumerate(zip(batch["id"], kinds, strict=True)):
                    if kind == 1:
                        holds[id] = batch["debit"][n], batch["credit"][n]
                    elif kind > 1:
                        ends = holds[batch["hold"][n]]
                        event.setdefault("ends", {})[n] = ends
            case "ClocksStopped" | "ClocksStarted":
                event["wallets"] = [holds.get(id.removeprefix("hold:"), ()) for id in event["ids"]]
            case _:
                pass

    def everybody(self) -> list[str]:
        principals = set(self.principal.values()) | {"P3"}
        return sorted({"", OPERATOR, *self.principal, *principals, *self.officers})

    def is_of(self, viewer: str, owner: str) -> bool:
        """Tell whether what is an owner's may be seen by a viewer."""
        if owner == "officers":
            return viewer in self.officers
        return bool(viewer) and viewer in (owner, self.principal.get(owner))

    def has(self, viewer: str, wallet: str) -> bool:
        kind, _, rest = wallet.partition(":")
        if kind != "wallet" or not viewer:
            return False
        return rest.partition("/")[0] in (viewer, self.principal.get(viewer))

    def owns(self, viewer: str, id: str) -> bool:
        return any(self.is_of(viewer, owner) for owner in self.of.get(id, ()))

    def may_name(self, viewer: str, id: str) -> bool:
        may_look = self.owns(viewer, id) or self.rules_on(viewer, id) or self.checks(viewer, id)
        is_part = any(self.is_of(viewer, agent) for agent in self.parts.get(id, ()))
        return id in self.runs or may_look or is_part

    def checks(self, viewer: str, id: str) -> bool:
        return any(self.is_of(viewer, one) for one in self.checked.get(id, ()))

    def rules_on(self, viewer: str, id: str) -> bool:
        is_judge = any(self.is_of(viewer, one) for one in self.judging.get(id, ()))
        return is_judge or (viewer == self.arbiter and id in self.disputed)

    def rows(self, viewer: str, event: Json) -> list[int]:
        """List the rows of an event with columns that a viewer may see."""
        match event["type"]:
            case "TransfersMade":
                batch = event["batch"]
                found = []
                for n, ends in enumerate(zip(batch["debit"], batch["credit"], strict=True)):
                    ends = event.get("ends", {}).get(n, ends)
                    if any(self.has(viewer, account) for account in ends):
                        found.append(n)
                return found
            case "ChannelsEnded":
                return [n for n, id in enumerate(event["channels"]) if self.owns(viewer, id)]
            case "BudgetsSettled":
                return [n for n, one in enumerate(event["agents"]) if self.is_of(viewer, one)]
            case "DebtsRepaid" | "ClaimsPaid":
                return [n for n, one in enumerate(event["accounts"]) if self.has(viewer, one)]
            case _:
                return [
                    n
                    for n, id in enumerate(event["ids"])
                    if self.owns(viewer, id)
                    or any(self.has(viewer, account) for account in event["wallets"][n])
                ]

    def may_see(self, viewer: str, event: Json) -> bool:
        """Tell whether a viewer may see an event, by what it is and what it names."""
        kind = event["type"]
        if viewer == OPERATOR or PUBLIC.fullmatch(kind):
            return True
        if kind in SEEN:
            return bool(SEEN[kind](self, viewer, event))
        if kind == "HaltSet":
            return "scope" not in event or self.is_of(viewer, event["scope"])
        if kind == "MandateGranted" and "parent" in event and self.owns(viewer, event["parent"]):
            return True
        if kind in ("Annotated", "ChargebackAwaited", "ClaimRaised", "LegalHoldSet"):
            return False
        if kind in ("DenyListLoaded", "PrincipalScreened"):
            return viewer in self.officers
        if kind in ("TermsAdopted", "ReviewAsked", "ReviewAnswered"):
            return viewer in (event["principal"], event.get("by"))
        if kind in REPORTS:
            return viewer in self.officers
        if kind in RUN_SEEN:
            return RUN_SEEN[kind] == "public" or self.is_of(viewer, event["agent"])
        if kind == "NegotiationOpened" and event["negotiation"] in self.runs:
            return True
        if kind in COLUMNS:
            return bool(self.rows(viewer, event))
        if kind == "AccountOpened":
            return self.has(viewer, event["account"])
        if kind == "DebtIncurred":
            return event["account"].startswith(f"wallet:{viewer}/")
        if kind.startswith("Deposit"):
            return self.owns(viewer, f"{event['rail']} {event['reference']}")
        if kind == "ClaimsFailed":
            return self.is_of(viewer, event["by"])
        for field in ("channel", "mandate", "key", "webhook", "payout", "contract", "negotiation"):
            if field in event:
                id = event[field]
                is_judge = kind in ("DisputeOpened", "RulingMade") and self.rules_on(viewer, id)
                return self.owns(viewer, id) or is_judge
        raise AssertionError(f"nobody has said who may see {kind}")

    def check(self, viewer: str, seen: RecordSeen | None, seq: int) -> None:
        """Raise unless exactly what a viewer may see of a record is shown."""
        record = self.records[seq - 1]
        actor = record["actor"]
        is_own = viewer == OPERATOR or self.is_of(viewer, actor)
        events = [one for one in record.get("events", ()) if self.may_see(viewer, one)]
        if seen is None:
            is_left_out = bool(events) or is_own
            assert not is_left_out, f"{viewer} is not told of {seq}"
            return
        told = json.loads(_reveal.encode(seen))
        shown = told.get("events", [])
        assert [one["type"] for one in shown] == [one["type"] for one in events], (viewer, seq)
        assert shown or is_own, f"{viewer} is told of {seq}, which does not concern it"
        for ours, theirs in zip(events, shown, strict=True):
            self._check_event(viewer, ours, theirs)
        if not is_own:
            assert "command_id" not in told
            assert "refusal" not in told
            known = set(_strings(shown))
            assert told.get("actor", "") in {"", *known}, f"{viewer} is told who did {seq}"
        if viewer not in (OPERATOR, actor):
            self._check_ids(viewer, shown)
        self._check_words(viewer, actor, shown, told.get("words", {}))

    def _check_event(self, viewer: str, ours: Json, theirs: Json) -> None:
        kind = ours["type"]
        if viewer != OPERATOR and kind in COLUMNS:
            rows = self.rows(viewer, ours)
            holder, mine = ours.get("batch", ours), theirs.get("batch", theirs)
            for name, column in mine.items():
                if isinstance(column, list) and column:
                    assert column == [holder[name][n] for n in rows], f"{name} of {kind}"
            assert not {"outcomes", "burnt"} & theirs.keys()
        if isinstance(theirs.get("limits"), dict):
            raise AssertionError("the limits of a mandate are told")
        if kind in ("PrincipalRegistered", "AgentRegistered") and theirs.get("key"):
            owner = theirs.get("agent") or theirs["principal"]
            assert self.is_of(viewer, owner) or viewer == OPERATOR, "a key is told"
        if kind == "ListingPosted" and theirs["listing"].get("ref"):
            assert self.is_of(viewer, theirs["listing"]["agent"]) or viewer == OPERATOR

    def _check_ids(self, viewer: str, shown: list[Json]) -> None:
        for event in shown:
            for text in _strings([{**event, "batch": None, "reference": ""}]):
                if IDS.fullmatch(text):
                    text = text.partition(".")[0]  # a top-up is named after its channel
                    told = f"{viewer} reads of {text} in {event['type']}"
                    assert self.may_name(viewer, text), told
                # Whoever loses of a bond is told to whom it went.
                if text.startswith("wallet:") and event["type"] != "BondForfeited":
                    assert self.has(viewer, text), f"{viewer} reads of {text}"

    def _check_words(
        self, viewer: str, actor: str, shown: list[Json], words: dict[str, str]
    ) -> None:
        digests = {text for text in _strings(shown) if DIGEST.fullmatch(text)}
        assert words.keys() <= digests
        for digest in digests:
            payload = self.payloads[digest]
            kind, _, thing = payload.audience.partition(":")
            may_read = viewer == OPERATOR
            match kind:
                case "public":
                    may_read = True
                case "parties":
                    may_read |= self.owns(viewer, thing) or self.rules_on(viewer, thing)
                case "operator":
                    may_read |= viewer == actor
                case _:
                    may_read = False  # limits are nobody's words
            assert (digest in words) == may_read, f"{viewer}, {payload.audience}"
            assert not may_read or words[digest] == json.loads(payload.content)


COLUMNS = (
    *("TransfersMade", "DebtsRepaid", "ClaimsPaid", "ClocksStopped", "ClocksStarted"),
    *("ChannelsEnded", "BudgetsSettled"),
)


def _revealed(value: Any) -> Any:
    # What a careless door would write out: the value itself, where it still hangs on.
    assert isinstance(value, Sealed)
    return value.digest if value.value is None else msgspec.to_builtins(value.value)


_reveal = msgspec.json.Encoder(enc_hook=_revealed)


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from _strings(one)
        case dict():
            for one in value.values():
                yield from _strings(one)
        case _:
            pass


def feed_of(engine: Any) -> Feed:
    """Give a feed over an engine's journal."""
    index = Mentions(None, lambda: engine.state)
    index.catch_up(engine.store)
    return Feed(engine.store, index, lambda: engine.state)


def whole(found: Feed, viewer: str, *types: str) -> list[RecordSeen]:
    """Read a viewer's feed from its beginning to its end."""
    seen: list[RecordSeen] = []
    page = found.page(viewer, 0, 1_000, frozenset(types))
    while page.last < found._store.head()[0]:
        seen += page.records
        page = found.page(viewer, page.last, 1_000, frozenset(types))
    return [*seen, *page.records]


def check_everybody(engine: Any) -> None:
    """Raise unless everybody sees of every record just what they may, live and in pages."""
    raw, found = Raw(engine.store), feed_of(engine)
    count = len(raw.records)
    for viewer in raw.everybody():
        page = {one.seq: one for one in whole(found, viewer)}
        for seq in range(1, count + 1):
            raw.check(viewer, page.get(seq), seq)
    for seq in range(1, count + 1):
        record = found.record(seq)
        for viewer in raw.everybody():
            raw.check(viewer, found.see(record, viewer), seq)


def long_day(store: MemoryStore) -> Day:
    """Play the scripted day, and then what only a third agent and an operator's batches show."""
    day = play(store)
    for name in ("Dan", "Eve"):
        day.do(OPERATOR, RegisterPrincipal(PublicText(name)))
    dan, eve = (f"P{n}" for n in (5, 6))
    dans = day.do(dan, RegisterAgent(dan, PublicText("dan's"), key=KEY)).need().events[0].agent
    eves = day.do(eve, RegisterAgent(eve, PublicText("eve's"))).need().events[0].agent
    for principal, agent in ((dan, dans), (eve, eves), ("P2", "A2")):
        day.do(principal, GrantMandate(agent, SecretLimits(Limits(lifetime_units=987_654_321))))
    day.do(OPERATOR, ReportDeposit(eve, usd(10_000)))
    rows = (("h1", "P2", dan), ("h2", "P2", eve), ("h3", dan, eve), ("h4", "P2", dan))
    begin = Batch(
        id=tuple(id for id, _, _ in rows),
        debit=tuple(f"wallet:{payer}/USD" for _, payer, _ in rows),
        credit=tuple(f"wallet:{payee}/USD" for _, _, payee in rows),
        amount=(700, 800, 900, 1_000),
        kind=(1, 1, 1, 1),
        interval_us=(0, 0, 0, 5 * HOUR_US),
    )
    day.do(OPERATOR, TransferMany(begin))  # dan has nothing to give, so h3 fails
    end = Batch(("e1", "e2"), ("", ""), ("", ""), (300, 0), (2, 3), ("h1", "h2"))
    day.do(OPERATOR, TransferMany(end))
    ad = PostListing(PublicText("Dan's"), "home", price=usd(50), ref="dan's own name for it")
    lot = day.do(dans, ad).need().events[0].listing.id
    deal = day.opened(day.do(eves, TakePrice(lot, usd(50))))
    day.do(OPERATOR, SetHalt("settlements"))
    day.do(eves, AcceptDelivery(deal))  # refused: halted
    day.do(OPERATOR, SetHalt("open"))
    day.clock.now += 9 * HOUR_US
    day.engine.tick()
    # A day later the name of a hold may be another's.
    day.clock.now += 3 * 24 * HOUR_US
    for n in range(4):  # each forgets the ids of two batches that are a day old
        day.do(OPERATOR, TransferMany(Batch((f"f{n}",), ("pool",), ("meter",), (1,))))
    again = Batch(("h1",), ("wallet:P2/USD",), (f"wallet:{eve}/USD",), (40,), (1,))
    day.do(OPERATOR, TransferMany(again)).need()
    day.do(OPERATOR, TransferMany(Batch(("e9",), ("",), ("",), (0,), (2,), ("h1",)))).need()
    for chapter in CHAPTERS:
        chapter.play(day)
    return day


KEY = "0123456789abcdee" * 4
# See test_audits_seen: the scripted day's rules name no auditor.
UNPLAYED = {"AuditAwaited", "AuditDrawn", "AuditEnded"}


def test_every_event_says_who_may_see_it() -> None:
    assert set(market.EVENTS) == set(audience.AUDIENCES)


def test_everybody_sees_of_a_day_just_what_they_may() -> None:
    day = long_day(MemoryStore())
    raw = Raw(day.engine.store)
    happened = {event["type"] for record in raw.records for event in record.get("events", ())}
    named = {event.__name__ for event in set(market.EVENTS) - OPEN_EVENTS}
    assert named - UNPLAYED == happened
    check_everybody(day.engine)


@pytest.mark.parametrize(
    ("name", "play"), [(name, play) for name, plays in PLAYS.items() for play in plays]
)
def test_everybody_sees_of_a_run_just_what_they_may(name: str, play: Play) -> None:
    hall = Hall(BY_NAME[name])
    play(hall)
    check_everybody(hall.simulation.engine)


@pytest.mark.parametrize("seed", range(40 if FULL else 3))
def test_everybody_sees_of_a_walk_just_what_they_may(seed: int) -> None:
    check_everybody(walk(seed, 700).engine)


@settings(
    max_examples=200 if FULL else 15,
    deadline=None,
    derandomize=not FULL,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.integers(0, 2**32), st.integers(1, 60))
def test_no_short_walk_leaks(seed: int, steps: int) -> None:
    check_everybody(walk(seed, steps).engine)


def _to_the_table(event: Any, known: Any) -> Any:
    return known.sides(event.negotiation)


def _to_all(event: Any, known: Any) -> Any:
    return (audience.PUBLIC,)


def _to_no_one(event: Any, known: Any) -> Any:
    return ()


RULE_BUGS: dict[str, tuple[type, Callable[[Any, Any], Any]]] = {
    "a budget is shown to the counterparty": (budget.BudgetReserved, _to_the_table),
    "a mandate is shown to all": (mandate.MandateGranted, _to_all),
    "a key is shown to all": (credential.KeyAdded, _to_all),
    "a message is shown to strangers": (message.MessageSent, _to_all),
    "a payout is hidden from its principal": (payout.PayoutSent, _to_no_one),
    "stock is hidden": (stock.StockSold, _to_no_one),
}


@pytest.mark.parametrize("bug", RULE_BUGS)
def test_a_rule_that_is_forgotten_is_caught(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    event, rule = RULE_BUGS[bug]
    monkeypatch.setitem(audience.AUDIENCES, event, rule)
    with pytest.raises(AssertionError):
        check_everybody(play(MemoryStore()).engine)


def test_a_batch_that_is_not_cut_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cutting._CUTS, ledger.TransfersMade, lambda event, rows: event)
    with pytest.raises(AssertionError):
        check_everybody(long_day(MemoryStore()).engine)


def test_a_secret_that_is_not_taken_out_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "without_secrets", lambda event, faces: event)
    with pytest.raises(AssertionError):
        check_everybody(play(MemoryStore()).engine)


def test_a_text_read_by_the_wrong_eyes_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {kind: tuple((of, False) for of, _ in fields) for kind, fields in TEXTS.items()}
    monkeypatch.setattr(showing, "TEXTS", texts)
    engine = play(MemoryStore()).engine
    # The destination of a payout by hand: the officers see the payout, and must not read that.
    with pytest.raises(AssertionError):
        check_everybody(engine)


@pytest.mark.parametrize("forgotten", ["A1", "P1", "public", "officers", "wallet:P2/USD"])
def test_an_index_that_forgets_somebody_is_caught(
    forgotten: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = mentions.subjects
    monkeypatch.setattr(mentions, "subjects", lambda *given: sound(*given) - {forgotten})
    with pytest.raises(AssertionError):
        check_everybody(long_day(MemoryStore()).engine)


def test_another_ones_refusal_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "_speaks", lambda actor, viewer, known: True)
    with pytest.raises(AssertionError):
        check_everybody(play(MemoryStore()).engine)


def test_a_sellers_own_name_for_a_thing_is_not_shown() -> None:
    day = long_day(MemoryStore())
    found = feed_of(day.engine)
    refs = {
        viewer: {
            event.listing.ref
            for record in whole(found, viewer, "ListingPosted")
            for event in record.events
            if isinstance(event, ListingPosted) and event.listing.agent == "A3"
        }
        for viewer in ("", "A1", "A3", "P5", OPERATOR)
    }
    own = {"dan's own name for it"}
    assert refs == {"": {""}, "A1": {""}, "A3": own, "P5": own, OPERATOR: own}


def test_rows_of_a_batch_reach_those_whose_wallets_they_touch() -> None:
    day = long_day(MemoryStore())
    found = feed_of(day.engine)

    def rows(viewer: str) -> list[str]:
        return [
            id
            for record in whole(found, viewer, "TransfersMade")
            for event in record.events
            if event.from_caller
            for id in event.batch.id
        ]

    assert rows("P5") == ["h1", "h4", "e1"]
    assert rows("A4") == rows("P6") == ["h2", "e2", "h1", "e9"]
    assert rows("P2") == ["h1", "h2", "h4", "e1", "e2", "h1", "e9"]
    assert rows("P1") == []


def test_a_random_name_is_a_stranger() -> None:
    found = feed_of(play(MemoryStore()).engine)
    public = whole(found, "")
    chance = Random(1)
    names = ["officers", "public", "system", "wallet:P1/USD", "P99", f"A{chance.randint(50, 99)}"]
    assert [whole(found, name) for name in names] == [public] * len(names)
