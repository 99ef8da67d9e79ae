"""`souq agent` runs one scripted agent, `souq swarm` many: sparring partners for others' agents."""

import asyncio
import random
import re
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from souq.agents import brief as briefs
from souq.agents.concern import Concerns
from souq.agents.running import Runner, plain
from souq.agents.strategies import STRATEGIES
from souq.agents.trader import Errand, Trader
from souq.cli import swarming
from souq.cli.commands import Json, Seed, app
from souq.cli.connecting import URL, ClientLink, Key, Server, connect, key_of
from souq.cli.output import Mistake, console, say_mistake
from souq.core.money import Asset
from souq.sdk.async_client import AsyncClient
from souq.sdk.errors import Unreachable
from souq.views.observation import ListingSeen

PATIENCE_S = 60.0  # of one call, before a person is told that the market is away
LEAVE_S = 5.0
WANTED = 3  # pieces, where nobody says how many
_WANT = re.compile(r"(?P<category>[^=]+)=(?P<price>.+?)(?:x(?P<count>[1-9]\d{0,5}))?")


@app.command()
def agent(
    server: Server = URL,
    key: Key = "",
    strategy: Annotated[
        str, typer.Option(help=f"how it haggles: {', '.join(STRATEGIES)}")
    ] = "boulware",
    sell: Annotated[
        Path | None, typer.Option(metavar="FILE", help="what it sells and wants, as TOML")
    ] = None,
    want: Annotated[
        list[str] | None,
        typer.Option(metavar="CATEGORY=PRICE[xN]", help="the most to pay for one, and how many"),
    ] = None,
    budget: Annotated[
        str | None, typer.Option(help="the most to spend in all, until it is stopped")
    ] = None,
    seed: Seed = 7,
    stay: Annotated[
        bool, typer.Option("--stay", help="leave listings and offers open at the end")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="say nothing but the end")] = False,
) -> None:
    """Run one scripted agent until Ctrl-C: it lists, haggles, delivers and confirms by itself.

    At the end it takes its listings and offers back, and says what it did.
    Example: souq agent --key sol.key --strategy boulware --sell goods.toml --budget 100
    """
    if strategy not in STRATEGIES:
        raise Mistake(f"there is no strategy {strategy}, only {', '.join(STRATEGIES)}")
    with connect(server, key) as client:
        me = client.who_am_i()
        if me.kind != "agent":
            raise Mistake(f"this key speaks as {me.actor or 'nobody'}; bring an agent's key")
        asset = client.get_market().rules.assets[0]
    told = briefs.read(sell) if sell else briefs.Brief()
    where = f"{sell}: " if sell else ""
    wants = _wants(briefs.wants_of(told, asset, where), want or [], asset)
    budget_units = briefs.units(budget, asset, "budget") if budget is not None else None

    def worth(listing: ListingSeen) -> int:
        return wants.get(listing.category, (0, 0))[0]

    things = briefs.things_of(told, asset, where)
    if not things and not wants:
        raise Mistake("nothing to trade: say what with --sell goods.toml or --want books=30")
    errand = Errand(
        me.actor,
        things,
        {category: count for category, (_, count) in wants.items()},
        worth,
        asset=asset.code,
    )
    chance = random.Random(f"souq/{seed}/{me.actor}")
    trader = Trader(errand, STRATEGIES[strategy](chance), chance)

    def tell(line: str) -> None:
        if not quiet:
            console.print(f"{me.actor} {line}", markup=False, emoji=False, soft_wrap=True)

    asyncio.run(_run(trader, server, key, asset, budget_units, tell, stay=stay))


def _wants(
    found: dict[str, tuple[int, int]], more: list[str], asset: Asset
) -> dict[str, tuple[int, int]]:
    """Add to what a brief says, by category, the most to pay for one and how many."""
    for word in more:
        match = _WANT.fullmatch(word)
        if match is None:
            raise Mistake(f"--want {word} is not CATEGORY=PRICE, such as books=30 or books=30x2")
        price = briefs.units(match["price"], asset, f"--want {word}")
        found[match["category"]] = (price, int(match["count"] or WANTED))
    return found


async def _run(
    trader: Trader,
    server: str,
    key: str,
    asset: Asset,
    budget_units: int | None,
    tell: Callable[[str], None],
    *,
    stay: bool,
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stop.set)
    async with AsyncClient(server, key=key_of(key), patience_s=PATIENCE_S) as client:
        runner = Runner(trader, ClientLink(client), asset, budget_units=budget_units, tell=tell)
        tasks = [
            asyncio.create_task(_going_on(lambda: _listen(client, runner), tell)),
            asyncio.create_task(_going_on(lambda: runner.run(stop), tell)),
        ]
        stopping = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in (*tasks, stopping):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in done - {stopping}:
            task.result()
        if not stay:
            await _leave(runner)
    _sum_up(runner, asset)


async def _listen(client: AsyncClient, runner: Runner) -> None:
    concerns = Concerns()
    async for record in client.events():
        runner.hear(record)
        if runner.id in concerns.of(record):
            runner.woken.set()


async def _going_on(work: Callable[[], Awaitable[None]], tell: Callable[[str], None]) -> None:
    """Work, however long the market is away."""
    while True:
        try:
            return await work()
        except Unreachable as error:
            tell(f"goes on trying: {plain(str(error), 200)}")


async def _leave(runner: Runner) -> None:
    try:
        async with asyncio.timeout(LEAVE_S):
            await runner.leave()
    except (TimeoutError, Unreachable):
        say_mistake(Mistake("the market does not answer: what was open there stays open"))


def _sum_up(runner: Runner, asset: Asset) -> None:
    def money(units: int) -> str:
        return f"{asset.format(units)} {asset.code}"

    console.print(
        f"Bought {runner.bought} for {money(runner.paid_units)}, "
        f"sold {runner.sold} for {money(runner.taken_units)}",
        soft_wrap=True,
    )
    did = ", ".join(f"{count} {name}" for name, count in runner.done.most_common()) or "nothing"
    no = ", ".join(f"{count} {name}" for name, count in runner.refused.most_common())
    console.print(f"Did: {did}" + (f"; refused: {no}" if no else ""), soft_wrap=True)


@app.command()
def swarm(
    agents: Annotated[int, typer.Option(min=2, max=2_000, help="how many trade")] = 200,
    minutes: Annotated[float, typer.Option(min=0.01, help="for how long")] = 1.0,
    server: Annotated[
        str, typer.Option("--server", metavar="URL", help="else a market of its own, for so long")
    ] = "",
    key: Annotated[str, typer.Option("--key", metavar="FILE|SECRET", help="the operator's")] = "",
    seed: Seed = 7,
    plain: Annotated[bool, typer.Option("--plain", help="lines instead of a live table")] = False,
    as_json: Json = False,
) -> None:
    """Let many scripted agents trade with each other over HTTP, and watch.

    Exits 1 where the books do not add up or nothing was traded.
    Example: souq swarm --agents 200 --minutes 1
    """
    if not swarming.run(
        agents=agents,
        seconds=60 * minutes,
        server=server,
        key=key,
        seed=seed,
        is_plain=plain or as_json or not console.is_terminal,
        as_json=as_json,
    ):
        raise typer.Exit(1)
