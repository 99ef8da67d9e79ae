"""What must be true of a market after its server died: the clients' lists against the journal.

The journal's bytes are read as they are. What was acknowledged is compared with them, with what the
server answers when it is asked again, with its search and its events, and with the wallets.
"""

import asyncio
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from souq.core import market
from souq.core.account import ACCOUNTS
from souq.core.listing import LISTINGS
from souq.core.state import State
from souq.journal.postgres import PostgresStore
from souq.journal.record import GENESIS
from souq.journal.replay import replay
from souq.journal.sqlite import SqliteStore
from souq.journal.store import Store
from souq.journal.verify import verify
from tests.server.clients import PAID_OUT, PRICE, REST, Pair
from tests.server.wire import Connection

PAGE = 100
IN_FLIGHT = 16
SEALED = frozenset({"title", "destination"})  # stand in the record as digests


class Books(NamedTuple):
    """What clients wrote down, line by line, sorted by kind."""

    acks: list[dict[str, Any]]
    seen: list[dict[str, Any]]
    cuts: list[dict[str, Any]]
    missed: list[dict[str, Any]]


class Journal(NamedTuple):
    """A journal as its bytes tell it."""

    by_id: dict[tuple[str, str], list[dict[str, Any]]]
    at: dict[int, int]
    last: int


def read_lists(paths: Iterable[Path]) -> Books:
    """Read the lists of all client processes; a last line that is not whole was never there."""
    kinds: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in paths:
        rest = path.with_suffix(REST)
        for text in (path.read_bytes(), rest.read_bytes() if rest.exists() else b""):
            for line in text[: text.rfind(b"\n") + 1].splitlines():
                told = json.loads(line) | {"from": path.name}
                kinds[told["kind"]].append(told)
    return Books(kinds["ack"], kinds["seen"], kinds["cut"], kinds["missed"])


def open_to_read(store: str | Path) -> Store:
    """Open a journal beside whoever writes it."""
    if isinstance(store, Path):
        return SqliteStore(store, read_only=True)
    return PostgresStore(store, read_only=True)


def read_journal(store: Store) -> Journal:
    """Read every record's bytes, and check that each follows the one before."""
    by_id: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    at: dict[int, int] = {}
    hash = GENESIS
    for n, entry in enumerate(store.read(), 1):
        hash = hashlib.sha256(hash + entry.body).digest()
        assert (entry.seq, entry.hash) == (n, hash), f"the chain breaks at record {n}"
        record = json.loads(entry.body)
        at[n] = record["at"]
        if record["command_id"]:
            by_id[record["actor"], record["command_id"]].append(record)
    return Journal(by_id, at, len(at))


def check_acknowledged(acks: Sequence[dict[str, Any]], journal: Journal) -> None:
    """Find each acknowledged command in the journal: once, as it was sent, as it was answered."""
    lost, doubled, other = [], [], []
    for ack in acks:
        answer = ack["answer"]
        if ack["status"] != 200 and not answer.get("seq"):
            continue  # nothing was judged, so nothing was recorded
        found = journal.by_id.get((ack["actor"], ack["id"]), [])
        if not found:
            lost.append(ack["id"])
        elif len(found) > 1:
            doubled.append(ack["id"])
        elif not _tells_the_same(ack, found[0]):
            other.append((ack, found[0]))
    assert not lost, f"{len(lost)} acknowledged commands are lost: {lost[:5]}"
    assert not doubled, f"{len(doubled)} commands stand in the journal twice: {doubled[:5]}"
    assert not other, f"{len(other)} commands were answered otherwise: {other[:2]}"


def _tells_the_same(ack: dict[str, Any], record: dict[str, Any]) -> bool:
    answer, command = ack["answer"], record["command"]
    asked = {name: value for name, value in ack["command"].items() if name not in SEALED}
    kept = {name: _plain(value) for name, value in command.items() if name in asked}
    is_asked = {name: value for name, value in asked.items() if name in kept} == kept
    if answer["seq"] != record["seq"] or not is_asked or command["type"] != asked["type"]:
        return False
    if ack["status"] != 200:
        refusal = record.get("refusal", {})
        return bool(refusal) and refusal["reason"] == answer["reason"]
    # An agent is not told all that its record holds, but nothing that it does not.
    told = Counter(event["type"] for event in answer["events"])
    held = Counter(event["type"] for event in record.get("events", ()))
    return "refusal" not in record and answer["at"] == record["at"] and told <= held


def _plain(value: Any) -> Any:
    """Give an amount of money as clients write it."""
    if isinstance(value, dict) and set(value) == {"units", "asset"}:
        return [value["units"], value["asset"]]
    return value


def check_seen(seen: Sequence[dict[str, Any]], journal: Journal) -> None:
    """Nobody was shown a record that is not there; each stream told everything once, in order."""
    streams: dict[str, list[int]] = defaultdict(list)
    for one in seen:
        assert journal.at.get(one["seq"]) == one["at"], f"was shown and is gone: {one}"
        streams[one["from"]].append(one["seq"])
    for name, seqs in streams.items():
        assert seqs == sorted(set(seqs)), f"{name} was told something twice, or in another order"
        missing = set(range(1, seqs[-1] + 1)) - set(seqs)
        assert not missing, f"{name} was never told of {sorted(missing)[:5]}"


def check_wallets(acks: Sequence[dict[str, Any]], state: State, pairs: Iterable[Pair]) -> None:
    """Add up what the clients know they were answered, and compare it with every wallet."""
    owns: Counter[str] = Counter()
    principals = {
        person.agent: person.principal for pair in pairs for person in (pair.seller, pair.buyer)
    }
    seller_of = {pair.buyer.agent: pair.seller.principal for pair in pairs}
    for ack in acks:
        if ack["status"] != 200:
            continue
        match ack["command"]["type"]:
            case "ReportDeposit":
                owns[ack["command"]["principal"]] += PRICE
            case "AcceptDelivery":
                owns[principals[ack["actor"]]] -= PRICE
                owns[seller_of[ack["actor"]]] += PRICE
            case "RequestPayout":
                owns[ack["actor"]] -= PAID_OUT
            case _:
                pass  # moves no money for good
    wallets = state.rows(ACCOUNTS)
    for principal, units in owns.items():
        account = wallets[f"wallet:{principal}/USD"]
        has = account.posted - account.held
        assert has == units, f"{principal} has {has}, and the clients' lists say {units}"


async def _asked_again(url: str, acks: Sequence[dict[str, Any]], keys: dict[str, str]) -> None:
    left = list(reversed(acks))

    async def ask() -> None:
        connection = Connection(url, 30.0)
        while left:
            ack = left.pop()
            reply = await connection.command(keys[ack["actor"]], ack["id"], ack["command"])
            again = reply.read()
            is_recorded = ack["status"] == 200 or ack["answer"].get("seq")
            if is_recorded:
                assert "idempotency-replayed" in reply.headers, f"judged anew: {ack['id']}"
                again.pop("is_replay", None)
                told = (reply.status, again)
                assert told == (ack["status"], ack["answer"]), f"{told} is not {ack}"
        connection.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(IN_FLIGHT):
            group.create_task(ask())


def check_asked_again(url: str, acks: Sequence[dict[str, Any]], keys: dict[str, str]) -> None:
    """Send commands again under their ids: the same answers to the byte, marked as replays."""
    asyncio.run(_asked_again(url, acks, keys))


async def _pages(url: str, target: str, key: str, field: str) -> list[Any]:
    connection = Connection(url, 30.0)
    found: list[Any] = []
    cursor = ""
    while True:
        more = f"&cursor={cursor}" if cursor else ""
        reply = await connection.request("GET", f"{target}&limit={PAGE}{more}", key)
        assert reply.status == 200, reply.body
        page = reply.read()
        found += page[field]
        cursor = page["cursor"]
        if not cursor:
            connection.close()
            return found


def check_search(url: str, key: str, state: State) -> None:
    """Search finds what is for sale, and nothing else."""
    found = asyncio.run(_pages(url, "/v1/listings?text=lamp", key, "listings"))
    ids = sorted(one["id"] for one in found)
    rows = state.rows(LISTINGS).items()
    live = sorted(id for id, one in rows if one.available)  # what is set aside is not for sale
    assert ids == live, f"search and the state differ: {set(ids) ^ set(live)}"


def check_state(store: Store) -> State:
    """Verify the whole journal from its first record; give what it folds to."""
    checked = verify(store)
    replayed = replay(store)
    assert checked.head == replayed.hash.hex()
    assert checked.state_hash == market.state_hash(replayed.state)
    return replayed.state
