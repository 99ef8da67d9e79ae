"""`souq agent` runs one scripted agent, `souq swarm` many: sparring partners for others' agents."""

import asyncio
import random
import signal
from pathlib import Path
from typing import Annotated, Any

import typer

from souq.agents.running import Runner
from souq.agents.strategies import STRATEGIES
from souq.agents.trader import Brief, Trader
from souq.cli import goods_file, swarming
from souq.cli.commands import Json, Seed, app
from souq.cli.connecting import URL, ClientLink, Key, Server, connect, key_of
from souq.cli.output import Mistake, console
from souq.core.money import Asset
from souq.sdk.async_client import AsyncClient
from souq.views.observation import ListingSeen


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
        list[str] | None, typer.Option(metavar="CATEGORY=PRICE", help="the most to pay for one")
    ] = None,
    budget: Annotated[str | None, typer.Option(help="the most to spend in all")] = None,
    seed: Seed = 7,
    stay: Annotated[
        bool, typer.Option("--stay", help="leave listings and offers open at the end")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="say nothing but the end")] = False,
) -> None:
    """Run one scripted agent until Ctrl-C: it lists, haggles, delivers and confirms by itself.

    Example: souq agent --key sol.key --strategy boulware --sell goods.toml --budget 100
    """
    if strategy not in STRATEGIES:
        raise Mistake(f"there is no strategy {strategy}, only {', '.join(STRATEGIES)}")
    with connect(server, key) as client:
        me = client.who_am_i()
        if me.kind != "agent":
            raise Mistake(f"this key speaks as {me.actor or 'nobody'}; bring an agent's key")
        asset = client.get_market().rules.assets[0]
    told = goods_file.read(sell) if sell else goods_file.Told()
    wants = _wants(told, want or [], asset)
    budget_units = goods_file.units(budget, asset, "budget") if budget is not None else None

    def worth(listing: ListingSeen) -> int:
        return wants.get(listing.category, (0, 0))[0]

    brief = Brief(
        me.actor,
        goods_file.things_of(told, asset),
        {category: count for category, (_, count) in wants.items()},
        worth,
        asset=asset.code,
    )
    chance = random.Random(f"souq/{seed}/{me.actor}")
    trader = Trader(brief, STRATEGIES[strategy](chance), chance)

    def tell(line: str) -> None:
        if not quiet:
            console.print(f"{me.actor} {line}", markup=False, soft_wrap=True)

    asyncio.run(_run(trader, server, key, asset, budget_units, tell, stay=stay))


def _wants(told: goods_file.Told, more: list[str], asset: Asset) -> dict[str, tuple[int, int]]:
    """Give, by category, the most to pay for one and how many."""
    found = {
        one.category: (goods_file.units(one.most, asset, one.category), one.count)
        for one in told.wants
    }
    for word in more:
        category, sign, price = word.partition("=")
        if not sign or not category:
            raise Mistake(f"--want {word} is not CATEGORY=PRICE, such as books=30")
        found[category] = (goods_file.units(price, asset, category), 3)
    return found


async def _run(
    trader: Trader,
    server: str,
    key: str,
    asset: Asset,
    budget_units: int | None,
    tell: Any,
    *,
    stay: bool,
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stop.set)
    async with AsyncClient(server, key=key_of(key), patience_s=600.0) as client:
        runner = Runner(trader, ClientLink(client), asset, budget_units=budget_units, tell=tell)

        async def listen() -> None:
            async for _ in client.events():
                runner.woken.set()

        tasks = [asyncio.create_task(listen()), asyncio.create_task(runner.run(stop))]
        stopping = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in (*tasks, stopping):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in done - {stopping}:
            task.result()
        if not stay:
            await runner.leave()
    did = ", ".join(f"{count} {name}" for name, count in runner.done.most_common()) or "nothing"
    no = ", ".join(f"{count} {name}" for name, count in runner.refused.most_common())
    console.print(f"Done: {did}" + (f"; refused: {no}" if no else ""), soft_wrap=True)


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
