"""`souq agent` runs one scripted agent, `souq swarm` many: sparring partners for others' agents."""

import asyncio
import random
import re
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from souq.agents import Agent
from souq.agents import brief as briefs
from souq.agents.concern import Concerns
from souq.agents.llm.spending import OverBudget, Purse
from souq.agents.running import Runner, plain
from souq.agents.strategies import STRATEGIES
from souq.agents.trader import Errand, Thing, Trader
from souq.cli import models, swarming
from souq.cli.commands import Json, Seed, app
from souq.cli.connecting import URL, ClientLink, Key, Server, connect, key_of
from souq.cli.output import Mistake, console, say_mistake
from souq.cli.private_files import write_over
from souq.core.agreement import goods
from souq.core.money import Asset
from souq.core.party import DeclareModel
from souq.lab.casting import SCRIPTED, declared_name
from souq.operations.queries import LIMIT_MAX
from souq.sdk.async_client import AsyncClient
from souq.sdk.client import Client
from souq.sdk.errors import Unreachable
from souq.views.observation import ListingSeen

AFTER = frozenset({"failed", "returnable", "returning"})  # of a delivery that was seen
STANDING = frozenset({"held", "formed", "delivered", "disputed", "fulfilled", "ruled"} | AFTER)
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
    brief: Annotated[
        Path | None,
        typer.Option("--brief", "--sell", metavar="FILE", help="what it sells and wants, as TOML"),
    ] = None,
    model: Annotated[
        str, typer.Option(metavar="NAME", help="let a model play, such as local:qwen-1.5b")
    ] = "",
    max_cost: Annotated[
        str, typer.Option(metavar="DOLLARS", help="leave when the model cost that much")
    ] = "",
    max_tokens: Annotated[
        int | None, typer.Option(min=0, help="leave after so many tokens")
    ] = None,
    structured_only: Annotated[
        bool, typer.Option("--structured-only", help="the model sees no word of a stranger's")
    ] = False,
    memory: Annotated[
        Path | None, typer.Option(metavar="FILE", help="where a model's note outlives a kill")
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
    """Run one agent until Ctrl-C: it lists, haggles, delivers and confirms by itself.

    At the end it takes its listings and offers back, and says what it did.
    Example: souq agent --key sol.key --strategy boulware --brief goods.toml --budget 100
    """
    if strategy not in STRATEGIES:
        raise Mistake(f"there is no strategy {strategy}, only {', '.join(STRATEGIES)}")
    with connect(server, key) as client:
        me = client.who_am_i()
        if me.kind != "agent":
            raise Mistake(f"this key speaks as {me.actor or 'nobody'}; bring an agent's key")
        asset = client.get_market().rules.assets[0]
    budget_units = briefs.units(budget, asset, "--budget") if budget is not None else None
    where = f"{brief}: " if brief else ""
    told = _with_wants(briefs.read(brief) if brief else briefs.Brief(), want or [], asset)
    if budget_units is None and told.budget is not None:
        budget_units = briefs.units(told.budget, asset, f"{where}budget")
    things = briefs.things_of(told, asset, where)
    wants = briefs.wants_of(told, asset, where)
    if not things and not wants:
        raise Mistake("nothing to trade: say what with --brief goods.toml or --want books=30")
    with connect(server, key) as client:
        sold = _sold_before(client, me.actor) & {one.ref for one in things}
        if told.understanding is not None and not told.understanding.is_enough:
            _need_approval(client)
    things = tuple(one for one in things if one.ref not in sold)
    player: Agent
    purse = None
    if model:
        purse = Purse(cost_units=models.amount(max_cost, "--max-cost"), tokens=max_tokens)
        player = models.representative(
            told, model, asset, things, purse, structured_only=structured_only
        )
    else:
        player = _scripted(me.actor, things, wants, asset, strategy, seed)

    def tell(line: str) -> None:
        if not quiet:
            console.print(f"{me.actor} {line}", markup=False, emoji=False, soft_wrap=True)

    def remember(note: str) -> None:
        if memory is not None:
            write_over(memory, note)

    note = _remembered(memory)

    def running(client: AsyncClient) -> Runner:
        return Runner(
            player,
            ClientLink(client),
            asset,
            budget_units=budget_units,
            tell=tell,
            note=note,
            remember=remember,
        )

    name = declared_name(model) if model else f"{SCRIPTED}:{strategy}"
    with connect(server, key) as client:
        if client.get_agent(me.actor).model != name:
            client.submit(DeclareModel(me.actor, name))
    asyncio.run(_run(running, server, key, asset, tell, purse=purse, stay=stay))


def _remembered(memory: Path | None) -> str:
    if memory is None or not memory.exists():
        return ""
    try:
        return memory.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Mistake(f"{memory} is no note of an agent's; name another --memory") from None


def _sold_before(client: Client, me: str) -> set[str]:
    """Give the things, by their person's name for them, that the agent sold in an earlier life."""
    given: set[str] = set()
    for is_open in (True, False):
        cursor = ""
        while True:
            page = client.list_contracts(is_open=is_open, cursor=cursor)
            for one in page.contracts:
                if one.state in STANDING:
                    given |= {leg.listing for leg in goods(one.legs) if leg.giver == me}
            cursor = page.cursor
            if not cursor:
                break
    refs: dict[str, str] = {}
    after = 0
    while given:
        seen = client.list_events(after=after, types=("ListingPosted",), limit=LIMIT_MAX)
        for record in seen.records:
            refs.update((event.listing.id, event.listing.ref) for event in record.events)
        if seen.last == after:
            break
        after = seen.last
    return {refs[id] for id in given if refs.get(id)}


def _need_approval(client: Client) -> None:
    """Raise Mistake where an agent that was not understood could act by itself."""
    limits = client.get_mandate().limits
    if not limits.approval_always:
        raise Mistake(
            "the brief says that this agent only proposes, and its mandate lets it act alone: grant"
            " the one that `souq intake` signed, with: souq mandate grant"
        )


def _scripted(
    name: str,
    things: tuple[Thing, ...],
    wants: dict[str, tuple[int, int]],
    asset: Asset,
    strategy: str,
    seed: int,
) -> Trader:
    def worth(listing: ListingSeen) -> int:
        return wants.get(listing.category, (0, 0))[0]

    counts = {category: count for category, (_, count) in wants.items()}
    errand = Errand(name, things, counts, worth, asset=asset.code)
    chance = random.Random(f"souq/{seed}/{name}")
    return Trader(errand, STRATEGIES[strategy](chance), chance)


def _with_wants(brief: briefs.Brief, more: list[str], asset: Asset) -> briefs.Brief:
    """Add what the command line wants to what a brief says."""
    wants = list(brief.wants)
    for word in more:
        match = _WANT.fullmatch(word)
        if match is None:
            raise Mistake(f"--want {word} is not CATEGORY=PRICE, such as books=30 or books=30x2")
        briefs.units(match["price"], asset, f"--want {word}")
        wants.append(
            briefs.WantTold(match["category"], match["price"], int(match["count"] or WANTED))
        )
    return msgspec.structs.replace(brief, wants=tuple(wants))


async def _run(
    running: Callable[[AsyncClient], Runner],
    server: str,
    key: str,
    asset: Asset,
    tell: Callable[[str], None],
    *,
    purse: Purse | None,
    stay: bool,
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stop.set)
    async with AsyncClient(server, key=key_of(key), patience_s=PATIENCE_S) as client:
        runner = running(client)
        tasks = [
            asyncio.create_task(_going_on(lambda: _listen(client, runner), tell)),
            asyncio.create_task(_going_on(lambda: runner.run(stop), tell)),
        ]
        stopping = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in (*tasks, stopping):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        ended = [why for task in done - {stopping} if (why := task.exception()) is not None]
        for why in ended:
            tell(f"ends: {plain(str(why), 200)}")
        if not stay:
            await _leave(runner)
    _sum_up(runner, asset)
    if purse is not None:
        console.print(f"Model: {purse.told()}", soft_wrap=True)
    for why in ended:
        if not isinstance(why, OverBudget):
            raise why


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
