"""A served market with people in it, and how tests speak A2A to it: raw, and by the SDK."""

import itertools
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import httpx2
from a2a.client import Client, ClientConfig, ClientFactory
from a2a.types import Message, Part, Role, SendMessageRequest
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Value

from souq.operations import BY_NAME
from souq.sdk.signing import bearer_secret
from souq.surfaces.a2a.vocabulary import NEGOTIATION
from tests.serving import ADMIN, Served, serving

Json = dict[str, Any]
USD = 1_000_000
VERSION = {"A2A-Version": "1.0"}


class Bazaar:
    """A market over HTTP with bea (A1, who buys), sol (A2, who sells) and eve (A3, who watches)."""

    names = ("bea", "sol", "eve")

    def __init__(self, served: Served) -> None:
        self.served = served
        self.url = served.url
        self.http = httpx2.Client(timeout=20, trust_env=False)
        self.keys: dict[str, str] = {"operator": ADMIN}
        self.ids: dict[str, str] = {}
        self._numbers = itertools.count(1)

    def populate(self) -> "Bazaar":
        """Let the three join, with money, and a lamp for sale."""
        for name in self.names:
            principal = self.do("operator", "register_principal", name=name)[0]["principal"]
            agent = self.do("operator", "register_agent", principal=principal, name=name)
            self.ids[name] = agent[0]["agent"]
            made = bearer_secret()
            self.keys[name] = made.secret
            owner = self.ids[name]
            self.do("operator", "add_key", owner=owner, kind="bearer", material=made.material)
            self.do("operator", "grant_mandate", agent=owner, limits={})
            amount = [1_000 * USD, "USD"]
            self.do("operator", "report_deposit", principal=principal, amount=amount)
        self.lamp = self.sell("Brass lamp", 900)
        return self

    def sell(self, title: str, price: int | None, who: str = "sol", **more: Any) -> str:
        """Post a listing; give its id."""
        fields: Json = {"title": title, "category": "home", **more}
        if price is not None:
            fields["price"] = [price * USD, "USD"]
        listing: str = self.do(who, "post_listing", **fields)[0]["listing"]["id"]
        return listing

    def do(self, who: str, operation: str, /, **fields: Any) -> list[Json]:
        """Do something over the plain HTTP API; give its events."""
        one = BY_NAME[operation]
        path = one.path.format(**{name: fields.pop(name) for name in one.fields})
        headers = {"Idempotency-Key": secrets.token_hex(8)} | self.bearer(who)
        answer = self.http.post(self.url + path, json=fields, headers=headers)
        assert answer.status_code == 200, answer.text
        events: list[Json] = answer.json()["events"]
        return events

    def ask(self, who: str, path: str) -> Any:
        """Ask something over the plain HTTP API."""
        answer = self.http.get(self.url + path, headers=self.bearer(who))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def bearer(self, who: str) -> dict[str, str]:
        """Give what proves who speaks; "" speaks as nobody."""
        return {"Authorization": f"Bearer {self.keys[who]}"} if who else {}

    def rpc(
        self, who: str, method: str, params: Any, *, path: str = "/a2a/", **headers: str
    ) -> Json:
        """Call by JSON-RPC; give the whole answer."""
        lines = VERSION | self.bearer(who) | {k.replace("_", "-"): v for k, v in headers.items()}
        asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = self.http.post(self.url + path, json=asked, headers=lines)
        assert answer.headers["content-type"].startswith("application/json"), answer.text
        told: Json = answer.json()
        return told

    def rest(self, who: str, method: str, path: str, body: Any = None) -> httpx2.Response:
        """Call by HTTP+JSON."""
        lines = VERSION | self.bearer(who)
        return self.http.request(method, f"{self.url}/a2a{path}", json=body, headers=lines)

    def say(self, who: str, *parts: Json, tenant: str = "", **more: Any) -> Json:
        """Send a message by JSON-RPC without waiting for others; give the result, or the error."""
        told = self.rpc(who, "SendMessage", self.sent(*parts, tenant=tenant, **more))
        result: Json = told.get("result") or {"error": told["error"]}
        return result

    def sent(self, *parts: Json, tenant: str = "", **more: Any) -> Json:
        """Give the parameters of a message; `more` are fields of it."""
        id = more.pop("messageId", None) or f"m-{next(self._numbers)}-{secrets.token_hex(3)}"
        sent = {"messageId": id, "role": "ROLE_USER", "parts": list(parts), **more}
        told: Json = {"message": sent, "configuration": {"returnImmediately": True}}
        return {**told, "tenant": tenant} if tenant else told

    def agree(self, units: int = 800 * USD) -> Json:
        """Let bea and sol agree on the lamp by A2A; give bea's task."""
        opened = self.say("bea", offer(self.lamp, units), tenant=self.ids["sol"])["task"]
        id = opened["id"]
        terms = terms_in(self.task("sol", id))
        self.say("sol", act("accept", previous=terms), taskId=id)
        return self.task("bea", id)

    def task(self, who: str, id: str, **more: Any) -> Json:
        """Get a task."""
        told = self.rpc(who, "GetTask", {"id": id, **more})
        assert "result" in told, told
        task: Json = told["result"]
        return task


@contextmanager
def bazaar(folder: Path, **settings: Any) -> Iterator[Bazaar]:
    """Serve a market with three people in it."""
    with serving(folder, **settings) as served:
        one = Bazaar(served).populate()
        try:
            yield one
        finally:
            one.http.close()


def act(verb: str, **fields: Any) -> Json:
    """Give a data part with an act."""
    return {"data": {"schema": NEGOTIATION, "verb": verb, **fields}}


def offer(listing: str, units: int, **more: Any) -> Json:
    """Give a data part with an offer for one listing."""
    price = {"units": units, "asset": "USD"}
    return act("offer", items=[{"listing": listing}], price=price, **more)


def data_in(holder: Json) -> Json:
    """Give the one data part of a message or an artifact."""
    found = [part["data"] for part in holder["parts"] if "data" in part]
    assert len(found) == 1, json.dumps(holder)
    data: Json = found[0]
    return data


def text_in(holder: Json) -> str:
    """Give the words of a message."""
    return "\n".join(part["text"] for part in holder["parts"] if "text" in part)


def standing_in(task: Json) -> Json:
    """Give what lies on a task's table."""
    return data_in(task["status"]["message"])


def terms_in(task: Json) -> str:
    """Give the digest that the next act of a negotiation names."""
    terms: str = standing_in(task)["terms"]
    return terms


def reason_in(error: Json) -> str:
    """Give the reason of a JSON-RPC error."""
    info = error["data"][0]
    assert info["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert info["domain"] == "a2a-protocol.org"
    reason: str = info["reason"]
    return reason


@asynccontextmanager
async def sdk_client(
    market: Bazaar,
    who: str,
    binding: str,
    *,
    tenant: str = "",
    polls: bool = True,
    streams: bool = False,
) -> AsyncIterator[Client]:
    """Give the SDK's own client, which knows nothing but where a card is, and a key."""
    path = f"/a2a/{tenant}" if tenant else ""
    async with httpx.AsyncClient(
        headers=market.bearer(who), timeout=20, trust_env=False
    ) as connections:
        config = ClientConfig(
            httpx_client=connections,
            supported_protocol_bindings=[binding],
            streaming=streams,
            polling=polls,
        )
        yield await ClientFactory(config).create_from_url(market.url + path)


async def sdk_say(client: Client, *parts: Json, task: str = "", words: str = "") -> Json:
    """Send a message by the SDK's client; give the last task or message that came back."""
    made = [Part(data=ParseDict(part["data"], Value())) for part in parts]
    if words:
        made.append(Part(text=words))
    sent = Message(message_id=secrets.token_hex(8), role=Role.ROLE_USER, parts=made, task_id=task)
    last: Json = {}
    async for event in client.send_message(SendMessageRequest(message=sent)):
        last = MessageToDict(event)
    return last
