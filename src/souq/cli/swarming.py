"""Many scripted agents in one process, trading over HTTP, and a table of how it goes."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from rich.live import Live

from souq.agents.concern import Concerns
from souq.agents.running import Runner
from souq.agents.strategies import STRATEGIES
from souq.agents.trader import Errand, Trader
from souq.cli.connecting import ClientLink, key_of
from souq.cli.output import Mistake, console, write_json
from souq.cli.swarm_books import Books
from souq.cli.swarm_table import Result, Times, table
from souq.core.credential import AddKey
from souq.core.funds import ReportDeposit
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.money import Asset, Money
from souq.core.party import RegisterAgent, RegisterPrincipal, wallet
from souq.core.refusal import Refused
from souq.core.seal import PublicText
from souq.engine import Answer
from souq.lab import goods, population
from souq.operations.queries import GetBalance, GetMarket
from souq.sdk.async_client import AsyncClient
from souq.sdk.client import Client
from souq.sdk.errors import BadRequest, NotProven, Unreachable
from souq.sdk.signing import bearer_secret, digest_of_secret
from souq.views.observation import ListingSeen

THINGS = 3  # that each brings
CHUNK = 200  # commands of a set-up in one request
CONNECTIONS = 64
REFRESH_S = 0.5
PLAIN_S = 5.0
START_S = 30.0
END_S = 10.0  # to take everything back, and for the last records to arrive
TIMER_S = 5.0  # between two looks of an agent that nothing concerned
LOST_S = 1.0  # before an agent whose market went away tries again


class Member(Struct):
    """One of the swarm."""

    person: population.Person
    principal: str
    agent: str
    secret: str


class Clocked(ClientLink):
    """A link that notes how long each call took, and lets only so many go at once."""

    def __init__(self, client: AsyncClient, places: asyncio.Semaphore, times: Times) -> None:
        super().__init__(client)
        self._places = places
        self._times = times

    async def observe(self) -> Any:
        """Look, when there is a place free."""
        async with self._places:
            return await super().observe()

    async def submit(self, command: Any) -> Any:
        """Act, when there is a place free."""
        async with self._places:
            began = time.perf_counter()
            try:
                return await super().submit(command)
            finally:
                self._times.add(time.perf_counter() - began)


def run(
    *,
    agents: int,
    seconds: float,
    server: str,
    key: str,
    seed: int,
    is_plain: bool,
    as_json: bool,
) -> bool:
    """Let them trade; tell whether the books add up and something was traded. Raises Mistake."""
    signal.signal(signal.SIGTERM, _interrupt)  # so that a market of its own is always stopped
    with contextlib.ExitStack() as stack:
        if server:
            secret = key_of(key)
        else:
            server, secret = stack.enter_context(_own_market())
            if not as_json:
                console.print(f"A market of its own at {server}", soft_wrap=True)
        operator = stack.enter_context(Client(server, key=secret, patience_s=60.0))
        if operator.who_am_i().kind != "operator":
            raise Mistake("a swarm needs the operator's key: --key souq_…")
        market = operator.get_market()
        asset = market.rules.assets[0]
        people = population.draw(
            goods.bundled(), people=agents, seed=seed, per_person=THINGS, budget_units=None
        )
        members = _join(operator, people, asset)
        swarm = Swarm(members, people, asset, seed)
        result = asyncio.run(swarm.trade(server, secret, seconds, is_plain=is_plain))
        signal.signal(signal.SIGTERM, _interrupt)  # asyncio has put the default back
    if as_json:
        write_json(result)
    else:
        console.print(table(result))
        for line in swarm.differences[:10]:
            console.print(f"The books do not add up: {line}", soft_wrap=True)
        if not result.deals:
            console.print("Nothing was traded", soft_wrap=True)
    return result.is_sound and result.deals > 0


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def _own_market() -> Iterator[tuple[str, str]]:
    """Serve a market from a process and a folder of its own; give its address and admin key."""
    with tempfile.TemporaryDirectory(prefix="souq-swarm-") as folder:
        unlimited = {f"SOUQ_LIMITS__{name}_PER_S": "0" for name in ("COMMANDS", "QUERIES")}
        words = [sys.executable, "-m", "souq.cli", "serve", "--store", folder, "--port", "0"]
        serving = subprocess.Popen(
            [*words, "--log-level", "error"],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | unlimited,
            start_new_session=True,  # Ctrl-C is for the swarm, which stops it
        )
        try:
            assert serving.stdout is not None
            told = [serving.stdout.readline().split() for _ in range(2)]
            if not all(told):
                raise Mistake("the market of its own did not start")
            yield told[0][-1], told[1][-1]
        finally:
            serving.terminate()
            try:
                serving.wait(START_S)
            except subprocess.TimeoutExpired:
                serving.kill()
                serving.wait()


def _join(operator: Client, people: population.Population, asset: Asset) -> list[Member]:
    """Register everybody, in batches."""

    def give(commands: list[Any]) -> list[Answer]:
        answers: list[Answer] = []
        for start in range(0, len(commands), CHUNK):
            answers += operator.submit_many(commands[start : start + CHUNK])
        return [answer.need() for answer in answers]

    persons = people.people
    names = [PublicText(person.name) for person in persons]
    principals = [one.events[0].principal for one in give([*map(RegisterPrincipal, names)])]
    pairs = list(zip(principals, names, strict=True))
    agents = [one.events[0].agent for one in give([RegisterAgent(*pair) for pair in pairs])]
    members = [
        Member(person, principal, agent, bearer_secret().secret)
        for person, principal, agent in zip(persons, principals, agents, strict=True)
    ]
    give([_mandate(one, asset) for one in members])
    give(
        [
            ReportDeposit(one.principal, Money(one.person.budget_units, asset.code))
            for one in members
        ]
    )
    give([AddKey(one.agent, "bearer", digest_of_secret(one.secret)) for one in members])
    return members


def _mandate(member: Member, asset: Asset) -> GrantMandate:
    budget = member.person.budget_units
    return GrantMandate(member.agent, SecretLimits(Limits(asset=asset.code, per_deal_units=budget)))


class Swarm:
    """All of them at work."""

    def __init__(
        self, members: list[Member], people: population.Population, asset: Asset, seed: int
    ) -> None:
        self._members = members
        self._asset = asset
        self._seed = seed
        self._titles = {thing.ref: thing.title for one in people.people for thing in one.things}
        self._runners: dict[str, Runner] = {}
        self._times = Times()
        self._failed: Counter[str] = Counter()
        self.differences: list[str] = []
        paid_in = {wallet(one.principal, asset.code): one.person.budget_units for one in members}
        self._books = Books({one.agent for one in members}, paid_in)
        self._began = time.perf_counter()

    async def trade(self, url: str, key: Any, seconds: float, *, is_plain: bool) -> Result:
        """Trade for so long or until a signal, and tell how it went."""
        stop, places = asyncio.Event(), asyncio.Semaphore(CONNECTIONS)
        loop = asyncio.get_running_loop()
        for one in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(one, stop.set)
        async with AsyncClient(url, key=key, patience_s=60.0) as operator:
            start = int((await operator.ask(GetMarket())).seq)
            for member in self._members:
                client = operator.speaking_as(member.agent, member.secret)
                link = Clocked(client, places, self._times)
                self._runners[member.agent] = Runner(
                    self._trader(member), link, self._asset, timer_s=TIMER_S
                )
            listening = asyncio.create_task(self._listen(operator, start))
            working = [asyncio.create_task(self._work(one, stop)) for one in self._runners.values()]
            self._began = time.perf_counter()
            await self._watch(seconds, stop, listening, is_plain=is_plain)
            result = self._result()
            stop.set()
            for runner in self._runners.values():
                runner.woken.set()
            await asyncio.wait(working, timeout=START_S)
            for task in working:
                task.cancel()
            ended = await asyncio.gather(*working, return_exceptions=True)
            await self._leave()
            self.differences = await self._check(operator, places)
            listening.cancel()
            ended += await asyncio.gather(listening, return_exceptions=True)
        for one_ended in ended:
            if isinstance(one_ended, Exception):
                raise one_ended
        result.is_sound = not self.differences
        return result

    async def _work(self, runner: Runner, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await runner.run(stop)
            except (Unreachable, Refused, BadRequest, NotProven) as error:
                self._failed[type(error).__name__] += 1
                await asyncio.sleep(LOST_S)

    async def _leave(self) -> None:
        """Leave no dead listings behind in somebody's market."""

        async def leave(runner: Runner) -> None:
            with contextlib.suppress(Unreachable, Refused, BadRequest, NotProven):
                await runner.leave()

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_S):
                await asyncio.gather(*map(leave, self._runners.values()))

    async def _check(self, operator: AsyncClient, places: asyncio.Semaphore) -> list[str]:
        """Compare every wallet with what the events say; others may still be trading with us."""

        async def balance(principal: str) -> tuple[str, int]:
            async with places:
                told = await operator.ask(GetBalance(principal))
            found = next(one for one in told.wallets if one.asset == self._asset.code)
            return wallet(principal, self._asset.code), found.available + found.held

        until = time.perf_counter() + END_S
        while True:
            head = int((await operator.ask(GetMarket())).seq)
            while self._books.seq < head and time.perf_counter() < until:
                await asyncio.sleep(0.05)
            found = dict(await asyncio.gather(*(balance(one.principal) for one in self._members)))
            differences = self._books.differences(found)
            if not differences or time.perf_counter() > until:
                return differences

    async def _listen(self, operator: AsyncClient, start: int) -> None:
        """Wake whom something concerns; the rest look by themselves now and then."""
        concerns = Concerns()
        async for record in operator.events(after=start):
            self._books.take(record)
            for name in concerns.of(record) & self._runners.keys():
                self._runners[name].woken.set()

    async def _watch(
        self, seconds: float, stop: asyncio.Event, listening: asyncio.Task[None], *, is_plain: bool
    ) -> None:
        until = self._began + seconds
        with contextlib.ExitStack() as stack:
            live = None
            if not is_plain:
                live = stack.enter_context(
                    Live(table(self._result()), console=console, auto_refresh=False, transient=True)
                )
            every = REFRESH_S if live else PLAIN_S
            while (left := until - time.perf_counter()) > 0:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(left, every)):
                        await stop.wait()
                if stop.is_set() or listening.done():
                    return
                one = self._result()
                if live:
                    live.update(table(one), refresh=True)
                else:
                    sys.stderr.write(
                        f"{one.seconds:.0f} s: {one.deals:,} deals, {one.offers:,} offers, "
                        f"{one.commands_per_s:,.0f} commands/s, p99 {one.p99_ms:.0f} ms\n"
                    )

    def _trader(self, member: Member) -> Trader:
        person = member.person
        values = {self._titles[ref]: units for ref, units in person.values.items()}

        def worth(listing: ListingSeen) -> int:
            return values.get(listing.title, 0)

        chance = population.generator(self._seed, f"swarm {person.number}")
        errand = Errand(
            person.name,
            person.things,
            dict(person.wants),
            worth,
            dict(person.adverts),
            self._asset.code,
        )
        return Trader(errand, STRATEGIES[person.style](chance), chance)

    def _result(self) -> Result:
        refused: Counter[str] = Counter()
        for runner in self._runners.values():
            refused.update(runner.refused)
        seconds = max(time.perf_counter() - self._began, 1e-9)
        return Result(
            agents=len(self._members),
            seconds=seconds,
            commands=self._times.count,
            commands_per_s=self._times.count / seconds,
            deals=self._books.deals,
            offers=self._books.offers,
            moved=f"{self._asset.format(self._books.moved_units)} {self._asset.code}",
            refused=dict(refused.most_common()),
            failed=dict(self._failed),
            events=self._books.events,
            p50_ms=self._times.at_most_ms(50),
            p99_ms=self._times.at_most_ms(99),
            is_sound=True,
        )
