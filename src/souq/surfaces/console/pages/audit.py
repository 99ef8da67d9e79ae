"""Records, the chain and the tree head, and proofs that the browser itself checks."""

from typing import Any, NamedTuple

import msgspec
from starlette.responses import Response

from souq.core.refusal import Reason, Refused
from souq.operations import evidence_queries as ask
from souq.operations.queries import ListEvents
from souq.surfaces.console.rendering import SAFE
from souq.surfaces.console.visit import Routes, Visit, record_number
from souq.surfaces.problems import Malformed
from souq.surfaces.wire import encode
from souq.views.evidence import TreeHead
from souq.views.showing import RecordSeen

NAME = "Audit"
PATH = "/audit"
KEY = "u"
KINDS = frozenset({"anybody", "agent", "principal", "officer", "operator"})
_LIMIT = 50


class Shown(NamedTuple):
    """Something of a record as text: what it is, and its JSON."""

    name: str
    text: str


async def show(visit: Visit) -> Response:
    """Show the tree head, and the latest records that the viewer may see something of."""
    head: TreeHead = await visit.ask(ask.GetTreeHead())
    about = visit.given("about").strip()
    before = _number(visit, "before")
    page = await visit.ask(ListEvents(order="newest", limit=_LIMIT, about=about, before=before))
    return await visit.show(
        "audit.html",
        head=head,
        head_json=encode(head).decode(),
        records=page.records,
        older=page.last if page.last > 1 else 0,
        before=before,
        about=about,
    )


async def one(visit: Visit) -> Response:
    """Show a record as the viewer may see it, and what of it can be proven to them."""
    seq = _seq(visit)
    proof: ask.RecordProof = await visit.ask(ask.GetRecordProof(seq))
    page = await visit.ask(ListEvents(order="newest", before=seq + 1, limit=1))
    record = next((seen for seen in page.records if seen.seq == seq), None)
    file = msgspec.json.decode(proof.file)
    return await visit.show(
        "record.html",
        seq=seq,
        record=record,
        events=_events(record),
        file=file,
        opened=[
            (part["number"], Shown(_part_name(said), _pretty(part["text"].encode())))
            for part in file["opened"]
            for said in (msgspec.json.decode(part["text"]),)
        ],
    )


async def proof(visit: Visit) -> Response:
    """Give a record's proof as the market wrote it, to the byte."""
    found: ask.RecordProof = await visit.ask(ask.GetRecordProof(_seq(visit)))
    return Response(found.file, headers=SAFE, media_type="application/json")


async def consistency(visit: Visit) -> Response:
    """Prove that a tree which the browser knew begins a later one."""
    query = ask.GetConsistency(_number(visit, "first"), _number(visit, "second"))
    return Response(encode(await visit.ask(query)), headers=SAFE, media_type="application/json")


def _seq(visit: Visit) -> int:
    """Read the number of a record from the address, where anybody writes any text."""
    seq = record_number(visit.path("seq"))
    if seq is None:
        raise Refused(Reason.NOT_FOUND)
    return seq


def _number(visit: Visit, name: str) -> int:
    text = visit.given(name)
    if not text:
        return 0
    number = record_number(text)
    if number is None:
        raise Malformed(422, f"{name.capitalize()} is the number of a record, such as 42.")
    return number


def _events(record: RecordSeen | None) -> list[Shown]:
    events = record.events if record is not None else ()
    return [Shown(type(event).__name__, _pretty(encode(event))) for event in events]


def _part_name(said: dict[str, Any]) -> str:
    name = next(iter(said))
    return str(said["event"]["type"]) if name == "event" else name


def _pretty(text: bytes) -> str:
    return msgspec.json.format(text, indent=2).decode()


ROUTES: Routes = {
    "/audit": show,
    "/audit/consistency": consistency,
    "/audit/{seq}": one,
    "/audit/{seq}/proof": proof,
}
