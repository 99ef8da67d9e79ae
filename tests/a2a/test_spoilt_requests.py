"""Good requests with parts spoilt at random: each gets an answer, and none is an error of ours."""

import json
from random import Random
from typing import Any

from tests.a2a.people import USD, VERSION, Bazaar, Json, act, offer, terms_in

COUNT = 600
METHODS = ("SendMessage", "SendMessage", "GetTask", "ListTasks", "CancelTask")
PATHS = ("/message:send", "/tasks/N1:cancel", "/A2/message:send", "/tasks/N1:nothing")
ATOMS: tuple[Any, ...] = (
    None, True, 0, -1, 5.5, 1e300, 2**53, 2**70, float("nan"), "", "x", "N1", "L1", "A2", "accept",
    "\ud83d", "\x00", "ROLE_USER", "0" * 16, [], {}, [[[]]],
)  # fmt: skip


def spoilt(chance: Random, value: Any) -> Any:
    if chance.random() < 0.12:
        return chance.choice(ATOMS)
    if isinstance(value, dict):
        kept = {name: one for name, one in value.items() if chance.random() > 0.05}
        return {name: spoilt(chance, one) for name, one in kept.items()}
    if isinstance(value, list):
        return [spoilt(chance, one) for one in value]
    return value


def test_no_request_breaks_the_door(market: Bazaar) -> None:
    chance = Random(11)
    task = market.say("bea", offer(market.lamp, 600 * USD))["task"]
    price = {"units": 1, "asset": "USD"}
    constraints = {"max_budget_microcredits": USD, "max_latency_ms": 1}
    intent = {"intent": "lamp", "parameters": {"a": 1}, "constraints": constraints}
    good: list[Json] = [
        market.sent(offer(market.lamp, USD)),
        market.sent(act("counter", previous=terms_in(task), price=price), taskId="N1"),
        market.sent(act("open", items=[{"listing": "L1"}])),
        market.sent({"data": intent}, {"text": "lamp"}),
        {"id": "N1", "historyLength": 1},
        {"pageSize": 5, "pageToken": "", "status": "TASK_STATE_WORKING"},
    ]
    codes = set()
    for number in range(COUNT):
        params = spoilt(chance, chance.choice(good))
        headers = VERSION | {"Content-Type": "application/json"}
        headers |= market.bearer(chance.choice(["bea", "sol", "eve", ""]))
        path, body = chance.choice(PATHS), params
        if number % 2:
            path, method = "", chance.choice(METHODS)
            body = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        content = json.dumps(body).encode()
        answer = market.http.post(f"{market.url}/a2a{path}", content=content, headers=headers)
        assert answer.status_code < 500, (content, answer.text)
        error = answer.json().get("error", {})
        codes.add(error.get("code"))
        assert error.get("code") not in (-32603, 500), (content, answer.text)
    assert {None, 400, 401, 404, -32602, -32700} <= codes
