"""`souq watch`: what looks like cheating in a market's journal, and the ladder beside it."""

import hashlib
import secrets
import time
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

from souq.cli import runs
from souq.cli.commands import Folder, Json, app
from souq.cli.connecting import Key, connect
from souq.cli.output import Mistake, console, grid, write_json
from souq.core.refusal import Reason, Refused
from souq.core.restriction import LEVELS, Level, SetRestriction, Why
from souq.core.rules import DAY_US
from souq.core.seal import PartyText, canonical
from souq.engine import system_clock
from souq.journal.record import Record
from souq.journal.replay import reader
from souq.journal.store import InUse, Store
from souq.operations.queries import GetMarket
from souq.operations.surveillance_queries import ListRestrictions
from souq.sdk.client import Client
from souq.views.log import clock_time, harmless
from souq.views.surveillance.breakers import Breakers
from souq.views.surveillance.rows import Alarm
from souq.views.surveillance.watch import Watch

POLL_S = 1.0
RESTRICTED_US = DAY_US
PAGE = 200
Act = Literal["observe", "warn", "slow"]


@app.command()
def watch(
    folder: Folder,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="go on as the market does, until Ctrl-C")
    ] = False,
    act: Annotated[
        Act, typer.Option(help="how far to go by oneself: never further than an alarm advises")
    ] = "observe",
    server: Annotated[
        str,
        typer.Option("--server", envvar="SOUQ_URL", metavar="URL", help="who writes the folder"),
    ] = "",
    key: Key = "",
    as_json: Json = False,
) -> None:
    """Look for cheating in a finished or running market: rings, spoofing, shills, cartels, …

    Each alarm says who, why, and which records prove it. Nothing follows from one unless --act says
    so; then principals are told (warn), or wait between commitments for a day (slow). A market that
    is being served is acted on through its --server, with an operator's --key.
    Example: souq watch runs/deal-1 --json
    """
    with runs.reading(folder) as store:
        seen = Watch(store.payload)
        told: dict[tuple[str, tuple[str, ...]], Alarm] = {}
        while True:
            _catch_up(store, seen)
            fresh = [one for one in seen.alarms() if _key(one) not in told]
            told.update((_key(one), one) for one in fresh)
            if not follow:
                break
            if fresh:
                _tell(fresh, as_json=as_json)
                _act(fresh, act, folder, server, key, seen)
            try:
                time.sleep(POLL_S)
            except KeyboardInterrupt:
                return
    found = list(told.values())
    if as_json:
        write_json({"records": seen.seq, "alarms": found, "breakers": seen.breakers})
    else:
        _show(found, seen)
    _act(found, act, folder, server, key, seen)


def _catch_up(store: Store, seen: Watch) -> None:
    read = reader(store).whole
    for entry in store.read(seen.seq + 1, store.head()[0]):
        record: Record = read(entry.seq, entry.body)
        seen.take(record)


def _key(alarm: Alarm) -> tuple[str, tuple[str, ...]]:
    return alarm.detector, alarm.parties


def _tell(alarms: list[Alarm], *, as_json: bool) -> None:
    for one in alarms:
        if as_json:
            typer.echo(msgspec.json.encode(one).decode())
        else:
            who = ", ".join(one.parties)
            line = f"{clock_time(one.until)}  {one.detector}  {who}: {one.told} ({one.advice})"
            console.print(harmless(line), soft_wrap=True, markup=False)


def _show(alarms: list[Alarm], seen: Watch) -> None:
    if alarms:
        heads = ["alarm", "who", "score", "since", "until", "advice", "records"]
        rows = [
            [
                one.detector,
                harmless(" ".join(one.parties)),
                f"{one.score_bps / 100:.0f} %",
                clock_time(one.since),
                clock_time(one.until),
                one.advice,
                _some(one.records),
            ]
            for one in alarms
        ]
        grid("Alarms", heads, rows)
        for one in alarms:
            line = f"{one.detector}, {' '.join(one.parties)}: {one.told}"
            console.print(harmless(line), soft_wrap=True, markup=False)
    count = f"{len(alarms)} alarm{'' if len(alarms) == 1 else 's'}"
    console.print(f"{count} in {seen.seq} records", soft_wrap=True)
    console.print(_breakers(seen.breakers), soft_wrap=True, markup=False)


def _some(records: tuple[int, ...]) -> str:
    told = " ".join(map(str, records[:4]))
    return f"{told} …" if len(records) > 4 else told


def _breakers(now: Breakers) -> str:
    bounds = [
        f"{now.price_update_bps / 100:g} % a step" if now.price_update_bps else "",
        f"{now.price_hour_bps / 100:g} % an hour" if now.price_hour_bps else "",
        f"{now.price_day_times} times a day" if now.price_day_times else "",
    ]
    prices = ", ".join(filter(None, bounds)) or "unbounded"
    books = ", ".join(f"{id} {phase}" for id, phase in sorted(now.books.items())) or "none"
    return (
        f"Breakers: market {now.halt}; changes of prices {prices} ({now.stopped} stopped); "
        f"books with a band: {books} ({now.paused} pauses)"
    )


def _act(alarms: list[Alarm], act: Act, folder: Path, server: str, key: str, seen: Watch) -> None:
    """Put the parties of alarms on the ladder, up to the level asked for; never down."""
    if act == "observe" or not alarms:
        return
    with connect(server, key) if server else _opened(folder) as client:
        now = max(client.ask(GetMarket()).at, system_clock())  # simulated time may be past
        levels = _levels(client)
        for one in alarms:
            level: Level = min(act, one.advice, key=LEVELS.index)
            for principal in one.parties:
                before = levels.get(principal, "observe")
                if LEVELS.index(level) <= LEVELS.index(before):
                    continue
                if _restrict(client, principal, level, one, until=now + RESTRICTED_US):
                    levels[principal] = level
                    typer.echo(f"{principal}: {before} to {level}, for {one.detector}", err=True)


def _opened(folder: Path) -> Client:
    try:
        return Client.local(folder)
    except InUse:
        why = "somebody writes it; name the --server that does, and an operator's --key"
        raise Mistake(f"cannot act on {folder}: {why}") from None


def _levels(client: Client) -> dict[str, Level]:
    found: dict[str, Level] = {}
    cursor = ""
    while True:
        page = client.ask(ListRestrictions(PAGE, cursor))
        found.update((one.principal, one.level) for one in page.restrictions)
        cursor = page.cursor
        if not cursor:
            return found


def _restrict(client: Client, principal: str, level: Level, alarm: Alarm, *, until: int) -> bool:
    why: Why = alarm.detector  # type: ignore[assignment]  # each detector has its reason code
    evidence = hashlib.sha256(canonical.encode(alarm)).hexdigest()
    command = SetRestriction(principal, level, until, why, PartyText(alarm.told), evidence)
    try:
        client.submit(command, command_id=secrets.token_hex(16))
    except Refused as refused:
        if refused.reason in (Reason.WRONG_STATE, Reason.NOT_FOUND):
            return False  # somebody was quicker, or it is no principal of this market
        raise
    return True
