"""Many scripted agents in one process, trading over HTTP, and a table of how it goes."""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from rich.live import Live
from rich.table import Table

from souq.agents.running import Runner
from souq.agents.strategies import STRATEGIES
from souq.agents.trader import Brief, Trader
from souq.cli.connecting import ClientLink, key_of
from souq.cli.output import Mistake, console, write_json
from souq.core.credential import AddKey
from souq.core.funds import ReportDeposit
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.money import Asset, Money
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.refusal import Refused
from souq.core.seal import PublicText
from souq.engine import Answer
from souq.lab import goods, population
from souq.operations.queries import GetBalance
from souq.sdk.async_client import AsyncClient
from souq.sdk.client import Client
from souq.sdk.errors import Unreachable
from souq.sdk.signing import bearer_secret, digest_of_secret
from souq.views.observation import ListingSeen

THINGS = 3  # that each brings
CHUNK = 200  # commands of a set-up in one request
CONNECTIONS = 64
REFRESH_S = 0.5
START_S = 30.0
_NAMES = ("agent", "by", "opener", "responder")


class Member(Struct):
    """One of the swarm."""

    person: population.Person
    principal: str
    agent: str
    secret: str


class Result(Struct):
    """How it went; `is_sound`: every unit that was paid in is in some wallet."""

    agents: int
    seconds: float
    commands: int
    commands_per_s: float
    deals: int
    offers: int
    refused: dict[str, int]
    events: int
    p50_ms: float
    p99_ms: float
    is_sound: bool


class Clocked(ClientLink):
    """A link that notes how long each call took, and lets only so many go at once."""

    def __init__(self, client: AsyncClient, places: asyncio.Semaphore, times: list[float]) -> None:
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
                self._times.append(time.perf_counter() - began)


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
        paid_in = sum(member.person.budget_units for member in members)
        found = _money_of(operator, members, asset)
        result.is_sound = found == paid_in if not market.rules.fee_bps else found <= paid_in
    if as_json:
        write_json(result)
    else:
        console.print(_table(result))
        if not result.is_sound:
            console.print(f"The books do not add up: {paid_in} came in, {found} are there")
    return result.is_sound and result.deals > 0


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


def _money_of(operator: Client, members: list[Member], asset: Asset) -> int:
    total = 0
    for member in members:
        for wallet in operator.ask(GetBalance(member.principal)).wallets:
            if wallet.asset == asset.code:
                total += wallet.available + wallet.held
    return total


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
        self._times: list[float] = []
        self._events = 0
        self._began = time.perf_counter()

    async def trade(self, url: str, key: Any, seconds: float, *, is_plain: bool) -> Result:
        """Trade for so long, and tell how it went."""
        stop, places = asyncio.Event(), asyncio.Semaphore(CONNECTIONS)
        async with AsyncClient(url, key=key, patience_s=60.0) as operator:
            start = int((await operator.get_market()).seq)
            for member in self._members:
                client = operator.speaking_as(member.agent, member.secret)
                link = Clocked(client, places, self._times)
                self._runners[member.agent] = Runner(self._trader(member), link, self._asset)
            listening = asyncio.create_task(self._listen(operator, start))
            working = [asyncio.create_task(self._work(one, stop)) for one in self._runners.values()]
            self._began = time.perf_counter()
            await self._watch(seconds, is_plain=is_plain)
            stop.set()
            for runner in self._runners.values():
                runner.woken.set()
            await asyncio.wait(working, timeout=START_S)
            listening.cancel()
            for task in working:
                task.cancel()
            await asyncio.gather(listening, *working, return_exceptions=True)
        return self._result()

    async def _work(self, runner: Runner, stop: asyncio.Event) -> None:
        while not stop.is_set():
            with contextlib.suppress(Unreachable, Refused):
                await runner.run(stop)

    async def _listen(self, operator: AsyncClient, start: int) -> None:
        """Wake whom something concerns; the rest look by themselves now and then."""
        async for record in operator.events(after=start):
            self._events += 1
            for event in record.events:
                names = {getattr(event, name, "") for name in _NAMES}
                names.update(getattr(event, "parties", ()))
                for name in names & self._runners.keys():
                    self._runners[name].woken.set()

    async def _watch(self, seconds: float, *, is_plain: bool) -> None:
        until = self._began + seconds
        if is_plain:
            while (left := until - time.perf_counter()) > 0:
                await asyncio.sleep(min(left, 10.0))
                one = self._result()
                line = f"{one.seconds:.0f} s: {one.deals} deals, {one.commands_per_s:,.0f}/s"
                sys.stderr.write(line + "\n")
            return
        with Live(_table(self._result()), console=console, auto_refresh=False) as live:
            while time.perf_counter() < until:
                await asyncio.sleep(REFRESH_S)
                live.update(_table(self._result()), refresh=True)

    def _trader(self, member: Member) -> Trader:
        person = member.person
        values = {self._titles[ref]: units for ref, units in person.values.items()}

        def worth(listing: ListingSeen) -> int:
            return values.get(listing.title, 0)

        chance = population.generator(self._seed, f"swarm {person.number}")
        brief = Brief(
            person.name,
            person.things,
            dict(person.wants),
            worth,
            dict(person.adverts),
            self._asset.code,
        )
        return Trader(brief, STRATEGIES[person.style](chance), chance)

    def _result(self) -> Result:
        done: Counter[str] = Counter()
        refused: Counter[str] = Counter()
        for runner in self._runners.values():
            done.update(runner.done)
            refused.update(runner.refused)
        seconds = max(time.perf_counter() - self._began, 1e-9)
        times = sorted(self._times[-20_000:])
        return Result(
            agents=len(self._members),
            seconds=seconds,
            commands=len(self._times),
            commands_per_s=len(self._times) / seconds,
            deals=done["deals"],
            offers=done["MakeOffer"] + done["Counter"],
            refused=dict(refused.most_common()),
            events=self._events,
            p50_ms=1e3 * times[len(times) // 2] if times else 0.0,
            p99_ms=1e3 * times[len(times) * 99 // 100] if times else 0.0,
            is_sound=True,
        )


def _table(one: Result) -> Table:
    table = Table(title=f"{one.agents} agents, {one.seconds:.0f} s", show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    rows = {
        "deals": f"{one.deals:,}",
        "offers": f"{one.offers:,}",
        "commands a second": f"{one.commands_per_s:,.0f}",
        "latency, p50 and p99": f"{one.p50_ms:.0f} and {one.p99_ms:.0f} ms",
        "events seen": f"{one.events:,}",
        **{f"refused: {reason}": f"{count:,}" for reason, count in one.refused.items()},
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table
