"""Webhooks: every record arrives, in order and signed, whatever the receiver does."""

import asyncio
import contextlib
import itertools
import os
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import msgspec
import pytest
from http_message_signatures import (
    HTTPMessageVerifier,
    InvalidSignature,
    MappingKeyResolver,
    algorithms,
)
from msgspec import Struct

from souq.core.annotation import Annotate
from souq.core.credential import AddKey
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.message import PostMessage
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.rules import OPERATOR, OpenMarket
from souq.core.seal import OperatorText, PublicText
from souq.core.signature import WEBHOOK_TAG, WINDOW_S, components, public_key
from souq.core.webhook import (
    WEBHOOKS,
    AddWebhook,
    Disabled,
    EnableWebhook,
    Live,
    RemoveWebhook,
    ReplayWebhook,
)
from souq.engine import Answer, Engine
from souq.journal.memory import MemoryStore
from souq.journal.replay import records
from souq.journal.store import Store
from souq.surfaces.delivery import RECORDS_MAX, Progress
from souq.surfaces.outward import Outward
from souq.surfaces.signatures import MarketKey
from souq.surfaces.webhooks import (
    AT_ONCE_MAX,
    GIVE_UP_S,
    SUSPECTS_MAX,
    WAIT_MAX_S,
    Webhooks,
)
from souq.views.feed import Feed
from souq.views.mentions import Mentions
from tests.surfaces.listener import Got, Listener, listening

START_S = 1_750_000_000
DAY_S = 86_400
# How soon news arrives; a machine that has much else to do is given more.
QUICK_S = 3.0 if os.environ.get("SOUQ_FULL") == "1" else 20.0
PATIENT_S = 60.0  # for an answer: so long nothing here takes


class Seen(Struct, frozen=True):
    seq: int
    actor: str
    events: tuple[str, ...]


class Page(NamedTuple):
    records: tuple[Seen, ...]
    last: int


class OwnRecords:
    """A feed on which everybody sees what they did themselves, and the operator sees all."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.asked: list[tuple[str, int]] = []

    def page(self, viewer: str, after: int, limit: int, types: frozenset[str]) -> Page:
        self.asked.append((viewer, after))
        head, _ = self.store.head()
        found, last = [], after
        for record in records(self.store, after + 1, min(head, after + 4 * limit)):
            last = record.seq
            events = tuple(type(event).__name__ for event in record.events)
            is_wanted = not types or not types.isdisjoint(events)
            if viewer in (OPERATOR, record.actor) and is_wanted:
                found.append(Seen(record.seq, record.actor, events))
            if len(found) == limit:
                break
        return Page(tuple(found), last)


class Town:
    """A market, its clock, and webhooks that may be started again."""

    def __init__(self, folder: Path, listener: Listener, store: Store | None = None) -> None:
        self.now = float(START_S)
        self.listener = listener
        self.store = store or MemoryStore()
        self.engine = Engine(self.store, clock=lambda: int(self.now * 1_000_000))
        self.key = MarketKey.load_or_make(folder / "market.pem")
        self.count = itertools.count(1)
        self.do(OPERATOR, OpenMarket())
        self.do(OPERATOR, RegisterPrincipal(PublicText("bea")))
        for n in (1, 2):
            self.do("P1", RegisterAgent("P1", PublicText(f"agent {n}")))

    def try_(self, actor: str, command: Any) -> Answer:
        self.now += 0.001
        return self.engine.submit(actor, f"t{next(self.count)}", command)

    def do(self, actor: str, command: Any) -> Answer:
        return self.try_(actor, command).need()

    def say(self, count: int, actor: str = "A1") -> list[int]:
        return [self.do(actor, PostMessage(PublicText(f"{n}"))).seq for n in range(count)]

    def hook(self, path: str = "/in", actor: str = "A1", types: tuple[str, ...] = ()) -> str:
        url = OperatorText(self.listener.url + path)
        return str(self.do(actor, AddWebhook(url, types)).events[0].webhook)

    def state_of(self, webhook: str) -> Any:
        return self.engine.state.get(WEBHOOKS, webhook)

    async def submit(self, actor: str, id: str, command: Any) -> Answer:
        return self.engine.submit(actor, id, command)

    def run(
        self,
        play: Callable[[Webhooks], Awaitable[Any]],
        *,
        outward: Outward | None = None,
        shelf: Any = None,
        feed: Any = None,
        chance: float = 0.0,
        answer_s: float = PATIENT_S,
    ) -> Any:
        """Start the deliverer anew, and play with it."""

        async def scene() -> Any:
            caller = outward or Outward(allow_private=True)
            webhooks = Webhooks(
                self.submit,
                lambda: self.engine.state,
                feed or OwnRecords(self.store),
                shelf or self.store,
                self.key,
                caller,
                clock=lambda: self.now,
                chance=lambda: chance,
                poll_s=0.05,
                answer_s=answer_s,
            )
            try:
                return await play(webhooks)
            finally:
                await caller.close()

        return asyncio.run(scene())

    def step(self, times: int = 1, **more: Any) -> Any:
        """Start anew, and step as often; give the status at the end."""

        async def play(webhooks: Webhooks) -> Any:
            for _ in range(times):
                await webhooks.step()
            return webhooks.status()

        return self.run(play, **more)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


@pytest.fixture
def town(tmp_path: Path, listener: Listener) -> Town:
    return Town(tmp_path, listener)


def arrived(listener: Listener) -> list[int]:
    return [seq for got in listener.taken for seq in got.seqs]


def test_what_comes_after_it_was_added_arrives_in_order(town: Town, listener: Listener) -> None:
    town.say(3)
    id = town.hook()
    said = town.say(2 * RECORDS_MAX + 5)
    (status,) = town.step()
    assert arrived(listener) == said
    assert [len(got.seqs) for got in listener.taken] == [RECORDS_MAX, RECORDS_MAX, 5]
    assert msgspec.json.decode(listener.taken[0].body)["webhook"] == id
    assert (status.webhook, status.owner, status.cursor) == (id, "A1", said[-1])
    town.step()
    assert len(listener.got) == 3


def test_only_its_owners_records_and_only_the_wanted_arrive(town: Town, listener: Listener) -> None:
    town.hook("/one")
    town.hook("/all", OPERATOR, ("AgentRegistered",))
    own = town.say(2)
    town.say(2, "A2")
    other = town.do("P1", RegisterAgent("P1", PublicText("late"))).seq
    town.step()
    assert {got.path: got.seqs for got in listener.taken} == {"/one": own, "/all": [other]}


FAULTS = ("500", "404", "301", "silent", "cut", "half", "html", "headers")


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_went_wrong_the_same_bytes_come_again(
    town: Town, listener: Listener, fault: str
) -> None:
    town.hook()
    said = town.say(3)
    listener.faults["/in"].append(fault)

    async def play(webhooks: Webhooks) -> None:
        await webhooks.step()
        (status,) = webhooks.status()
        assert (status.failures, status.cursor < said[0]) == (1, True)
        assert status.last_error
        webhooks._answer_s = PATIENT_S
        later = town.say(2)
        await webhooks.step()
        assert len(listener.got) == 1  # not before its time
        town.now += 1
        await webhooks.step()
        first, second, third = listener.got
        assert (first.key, first.body) == (second.key, second.body)
        assert first.headers["signature"] != second.headers["signature"]
        assert second.seqs == said
        assert third.seqs == later
        (status,) = webhooks.status()
        assert (status.failures, status.last_error, status.cursor) == (0, "", later[-1])

    town.run(play, answer_s=2.0 if fault == "silent" else PATIENT_S)
    assert {got.path for got in listener.got} == {"/in"}  # no redirect was followed


def test_an_answer_without_end_is_cut_off_and_counts(town: Town, listener: Listener) -> None:
    town.hook()
    said = town.say(1)
    listener.faults["/in"].append("huge")
    (status,) = town.step()
    assert status.cursor == said[-1]
    assert listener.written < 8 << 20  # what lines and kernels hold, and no more


def test_an_empty_answer_counts(town: Town, listener: Listener) -> None:
    town.hook()
    said = town.say(1)
    listener.faults["/in"].append("204")
    assert town.step()[0].cursor == said[-1]


def test_the_signature_is_the_markets_and_covers_the_delivery(
    town: Town, listener: Listener
) -> None:
    town.hook("/in/sub?token=a%20b&x=1")
    town.say(1)
    town.step()
    (got,) = listener.taken
    _verify(town, got)
    for changed in (
        got._replace(body=got.body + b" "),
        got._replace(path="/other?token=a%20b&x=1"),
        got._replace(headers={**got.headers, "idempotency-key": "H1-1-1"}),
    ):
        with pytest.raises(InvalidSignature):
            _verify(town, changed)


class _Message(NamedTuple):
    method: str
    url: str
    headers: dict[str, str]


def _verify(town: Town, got: Got) -> None:
    """Check as a receiver would: with the library alone, and the key the market publishes."""
    jwk = town.key.jwk
    material = urlsafe_b64decode(jwk["x"] + "=").hex()
    verifier = HTTPMessageVerifier(
        signature_algorithm=algorithms.ED25519,
        key_resolver=MappingKeyResolver(
            public_keys={jwk["kid"]: public_key("ed25519", material)}, private_keys={}
        ),
    )
    verifier.validate_created_and_expires = lambda *_, **__: None  # type: ignore[method-assign]
    url = f"http://{got.headers['host']}{got.path}"
    (result,) = verifier.verify(_Message("POST", url, got.headers), body=got.body)
    assert result.parameters["tag"] == WEBHOOK_TAG
    created, expires = (int(result.parameters[name]) for name in ("created", "expires"))
    assert START_S <= created < expires == created + WINDOW_S
    assert {f'"{name}"' for name in components("POST", has_body=True)} <= set(
        result.covered_components
    )


def test_waits_double_from_a_second_to_an_hour_and_are_spread(
    town: Town, listener: Listener
) -> None:
    town.hook()
    town.say(1)
    listener.always["/in"] = "500"

    async def waits(webhooks: Webhooks) -> list[float]:
        found = []
        for _ in range(15):
            await webhooks.step()
            at = webhooks.status()[0].next_attempt_at / 1e6
            found.append(round(at - town.now, 3))
            town.now = at + 0.001
        return found

    shortest = town.run(waits)
    assert shortest[:4] == [1, 2, 4, 8]
    assert shortest[-1] == WAIT_MAX_S / 1.5
    longest = town.run(waits, chance=1.0)
    assert longest[:3] == [1.5, 3, 6]
    assert longest[-1] == WAIT_MAX_S


def test_after_a_day_of_failures_it_is_disabled_and_enabled_it_goes_on(
    town: Town, listener: Listener
) -> None:
    id = town.hook()
    said = town.say(2)
    listener.always["/in"] = "500"

    async def play(webhooks: Webhooks) -> None:
        began = town.now
        while isinstance(town.state_of(id), Live):
            assert town.now - began <= GIVE_UP_S + WAIT_MAX_S
            await webhooks.step()
            town.now = max(town.now, webhooks.status()[0].next_attempt_at / 1e6) + 0.001
        assert town.now - began >= GIVE_UP_S
        assert town.state_of(id).why == "failing"
        tries = len(listener.got)
        assert tries < 60
        town.now += DAY_S
        await webhooks.step()
        assert len(listener.got) == tries
        (status,) = webhooks.status()
        assert not status.is_live
        assert status.last_error == "HTTP 500"

        own = town.do("A1", EnableWebhook(id)).seq
        await webhooks.step()
        assert isinstance(town.state_of(id), Live)  # another whole day
        listener.always.clear()
        town.now += 2
        await webhooks.step()
        assert arrived(listener) == [*said, own]

    town.run(play)


def test_a_day_of_failures_counts_through_restarts_but_not_through_sleep(
    town: Town, listener: Listener
) -> None:
    id = town.hook()
    town.say(1)
    listener.always["/in"] = "500"
    town.step()
    town.now += 3 * DAY_S  # the market itself was down

    async def play(webhooks: Webhooks) -> None:
        for tries in range(1, 6):
            assert isinstance(town.state_of(id), Live), tries
            await webhooks.step()
            town.now += 60
        assert isinstance(town.state_of(id), Disabled)

    town.run(play)


def test_one_success_ends_the_day_of_failures(town: Town, listener: Listener) -> None:
    id = town.hook()
    town.say(1)

    async def play(webhooks: Webhooks) -> None:
        for _ in range(6):
            listener.always["/in"] = "500"
            town.say(1)
            for _ in range(6):
                await webhooks.step()
                town.now += 3_600
            listener.always.clear()
            await webhooks.step()
        assert isinstance(town.state_of(id), Live)

    town.run(play)


def test_a_replay_sends_again_under_new_keys_and_only_back(town: Town, listener: Listener) -> None:
    id = town.hook()
    said = town.say(5)
    town.step()
    town.do("A1", ReplayWebhook(id, said[2]))
    more = [said[-1] + 1, *town.say(1)]  # the replay's own record is the agent's too
    town.step()
    town.do("A1", ReplayWebhook(id, 10**6))
    (status,) = town.step()
    own = more[-1] + 1
    assert arrived(listener) == [*said, *said[3:], *more, own]
    assert len({got.key for got in listener.taken}) == len(listener.taken) == 3
    assert status.cursor == own


def test_what_was_removed_hears_nothing_more(town: Town, listener: Listener) -> None:
    id = town.hook()
    town.say(1)
    town.step()
    town.do("A1", RemoveWebhook(id))
    town.say(3)
    assert town.step() == ()
    assert len(listener.got) == 1
    assert town.hook() == "H2"
    later = town.say(1)
    town.step()
    assert listener.taken[-1].seqs == later


class Deadly:
    """A shelf whose n-th mark is never written: the process died before."""

    def __init__(self, store: Store, at: int) -> None:
        self._store = store
        self._left = at

    @property
    def is_dead(self) -> bool:
        return self._left == 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def set_mark(self, name: str, value: str) -> None:
        self._left -= 1
        if self.is_dead:
            raise RuntimeError("killed")
        self._store.set_mark(name, value)


@pytest.mark.parametrize(("at", "sent"), [(1, 0), (2, 1), (3, 1)])
def test_killed_before_any_mark_it_loses_nothing_and_repeats_the_page_in_hand_alone(
    town: Town, listener: Listener, at: int, sent: int
) -> None:
    """The first mark says what is sent, the second that it arrived, the third what is sent next."""
    town.hook()
    said = town.say(3)
    shelf = Deadly(town.store, at)
    while not shelf.is_dead:
        with contextlib.suppress(ExceptionGroup):
            town.step(shelf=shelf)
            said += town.say(1)
    before = list(listener.got)
    assert len(before) == sent
    said += town.say(2)
    town.step()
    if at == 2:
        again = listener.got[1]
        assert (again.key, again.body) == (before[0].key, before[0].body)
        assert arrived(listener) == [*before[0].seqs, *said]
    else:
        assert arrived(listener) == said


class Forgetful(Deadly):
    """A shelf that does not keep where the page in hand ends."""

    def set_mark(self, name: str, value: str) -> None:
        progress = msgspec.json.decode(value, type=Progress)
        kept = msgspec.structs.replace(progress, until=0)
        super().set_mark(name, msgspec.json.encode(kept).decode())


def test_without_the_mark_before_it_a_page_would_come_again_as_another(
    town: Town, listener: Listener
) -> None:
    """The bug that the mark before each page is there to prevent, planted."""
    town.hook()
    town.say(3)
    with pytest.raises(ExceptionGroup):
        town.step(shelf=Forgetful(town.store, 2))
    town.say(2)
    town.step()
    first, again = listener.got
    assert first.key != again.key
    assert len(again.seqs) == 5


def test_the_markets_own_feed_tells_each_what_it_may_see(town: Town, listener: Listener) -> None:
    for actor in ("A1", "A2", "P1", OPERATOR):
        town.hook(f"/{actor}", actor)
    said = town.say(1)[0]  # everybody's
    lent = town.do("P1", GrantMandate("A1", SecretLimits(Limits()))).seq
    key = town.do("P1", AddKey("A1", "bearer", "ab" * 32)).seq  # the agent's and its principal's
    note = town.do(OPERATOR, Annotate("topic", OperatorText("note"))).seq  # nobody else's
    state = lambda: town.engine.state  # noqa: E731
    mentions = Mentions(None, state)
    mentions.catch_up(town.store)
    town.step(feed=Feed(town.store, mentions, state))
    found = {got.path: got for got in listener.taken}
    assert found["/A2"].seqs[-1] == said
    assert found["/A1"].seqs[-3:] == found["/P1"].seqs[-3:] == [said, lent, key]
    assert found["/operator"].seqs[-4:] == [said, lent, key, note]
    (record,) = (one for one in found["/A2"].records if one["seq"] == said)
    assert record["events"][0]["type"] == "MessagePosted"
    assert list(record["words"].values()) == ["0"]
    assert b"/P1" not in found["/A1"].body  # an address stays its owner's


def test_a_silent_receiver_holds_up_nobody_else(town: Town, listener: Listener) -> None:
    for actor, count in (("A1", 8), ("A2", 8), ("P1", 8), (OPERATOR, 7)):
        for n in range(count):
            town.hook(f"/silent/{actor}/{n}", actor)
            listener.always[f"/silent/{actor}/{n}"] = "silent"
    town.hook("/quick", OPERATOR)
    said = town.say(1)[0]

    async def play(webhooks: Webhooks) -> None:
        task = asyncio.get_running_loop().create_task(webhooks.run())
        async with asyncio.timeout(QUICK_S):
            while not any(said in got.seqs for got in listener.taken):
                await asyncio.sleep(0.01)
            more = town.say(1)[0]
            webhooks.wake()
            while not any(more in got.seqs for got in listener.taken):
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    town.run(play)
    assert {got.path for got in listener.taken} == {"/quick"}


class Kept(Outward):
    """A caller that silent receivers keep; it counts them by itself, for they are not there."""

    def __init__(self) -> None:
        super().__init__(allow_private=True)
        self.kept = self.waiting = self.waiting_max = 0

    async def post(self, url: httpx2.URL, headers: Mapping[str, str], body: bytes) -> int:
        if not url.path.startswith("/silent"):
            return await super().post(url, headers, body)
        self.kept += 1
        self.waiting += 1
        self.waiting_max = max(self.waiting_max, self.waiting)
        try:
            await asyncio.Event().wait()
        finally:
            self.waiting -= 1
        raise AssertionError("it answered")


def test_only_so_many_are_called_at_once_and_the_silent_share_few_places(
    town: Town, listener: Listener
) -> None:
    for n in range(3, 14):
        town.do("P1", RegisterAgent("P1", PublicText(f"agent {n}")))
    for n in range(1, 13):
        for place in range(8):
            town.hook(f"/silent/{n}/{place}", f"A{n}")
    town.hook("/quick", "A13")
    for n in range(1, 13):
        town.say(1, f"A{n}")

    async def play(webhooks: Webhooks) -> None:
        caller = webhooks._outward
        assert isinstance(caller, Kept)
        await webhooks.step()
        assert SUSPECTS_MAX < caller.waiting_max <= AT_ONCE_MAX - SUSPECTS_MAX
        assert caller.kept == 96
        caller.waiting_max = 0
        town.now += 2
        said = town.say(1, "A13")
        task = asyncio.get_running_loop().create_task(webhooks.step())
        async with asyncio.timeout(QUICK_S):
            while not (said[0] in arrived(listener) or task.done()):
                await asyncio.sleep(0.01)
        assert caller.kept < 2 * 96  # it did not wait for its turn behind them all
        await task
        assert caller.waiting_max <= SUSPECTS_MAX
        assert caller.kept == 2 * 96
        assert arrived(listener) == said

    town.run(play, outward=Kept(), answer_s=0.4)


def test_woken_it_delivers_at_once_and_stops_when_cancelled(town: Town, listener: Listener) -> None:
    town.hook()

    async def play(webhooks: Webhooks) -> None:
        task = asyncio.get_running_loop().create_task(webhooks.run())
        for n in range(5):
            town.say(1)
            webhooks.wake()
            async with asyncio.timeout(QUICK_S):
                while len(arrived(listener)) <= n:
                    await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    town.run(play)
