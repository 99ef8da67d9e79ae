"""Each point that A2A 1.0's test kit looks at, with the agent it asks for mounted by its flag."""

import asyncio
import json
import secrets
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from a2a.types import AgentCard
from a2a.utils.errors import JSON_RPC_ERROR_CODE_MAP, InvalidAgentResponseError
from google.protobuf.json_format import ParseDict

from tests.a2a.people import (
    NEGOTIATION,
    VERSION,
    Bazaar,
    Json,
    bazaar,
    reason_in,
    sdk_client,
    sdk_say,
)

TEXT = {"text": "hello"}


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bazaar]:
    with bazaar(tmp_path_factory.mktemp("kit"), conformance=True) as one:
        yield one


def say(market: Bazaar, beginning: str, **more: Any) -> Json:
    params = market.sent(TEXT, messageId=f"{beginning}-{secrets.token_hex(4)}", **more)
    del params["configuration"]
    return market.rpc("", "SendMessage", params)


def made(market: Bazaar, beginning: str) -> Json:
    task: Json = say(market, beginning)["result"]["task"]
    return task


def stream(
    market: Bazaar, method: str, path: str, who: str = "", body: object = None
) -> list[Json]:
    headers = {**VERSION, **market.bearer(who), "Accept": "text/event-stream"}
    with market.http.stream(method, f"{market.url}{path}", json=body, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = list(answer.iter_lines())
    return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]


def stream_rpc(market: Bazaar, method: str, params: object) -> list[Json]:
    asked = {"jsonrpc": "2.0", "id": "s", "method": method, "params": params}
    told = stream(market, "POST", "/a2a/", body=asked)
    assert all(one["id"] == "s" for one in told)
    return [one["result"] for one in told]


def test_the_card_is_valid_against_the_definition(kit: Bazaar) -> None:
    answer = kit.http.get(f"{kit.url}/.well-known/agent-card.json")
    ParseDict(answer.json(), AgentCard())  # refuses unknown fields
    for name in ("cache-control", "etag", "last-modified"):
        assert answer.headers[name]


@pytest.mark.parametrize("path", ["/a2a", "/a2a/", "/a2a/A2", "/a2a/A2/"])
def test_json_rpc_answers_with_and_without_the_slash(kit: Bazaar, path: str) -> None:
    told = kit.rpc("bea", "ListTasks", {}, path=path)
    assert told["jsonrpc"] == "2.0"
    assert told["result"]["tasks"] == []


def test_a_task_is_completed(kit: Bazaar) -> None:
    task = made(kit, "tck-complete-task")
    assert task["status"]["state"] == "TASK_STATE_COMPLETED"
    assert task["contextId"]
    (said,) = task["history"]
    assert said["messageId"].startswith("tck-complete-task")


def test_a_task_asks_for_input_and_can_be_cancelled(kit: Bazaar) -> None:
    task = made(kit, "tck-input-required")
    assert task["status"]["state"] == "TASK_STATE_INPUT_REQUIRED"
    ended = kit.rpc("", "CancelTask", {"id": task["id"]})["result"]
    assert ended["status"]["state"] == "TASK_STATE_CANCELED"
    error = kit.rpc("", "CancelTask", {"id": task["id"]})["error"]
    assert (error["code"], reason_in(error)) == (-32002, "TASK_NOT_CANCELABLE")


def test_a_task_is_rejected(kit: Bazaar) -> None:
    assert made(kit, "tck-reject-task")["status"]["state"] == "TASK_STATE_REJECTED"


@pytest.mark.parametrize(
    ("beginning", "expected"),
    [
        ("tck-artifact-text", {"text": "Generated text content"}),
        ("tck-artifact-file", {"raw": "dGNr", "filename": "output.txt", "mediaType": "text/plain"}),
        (
            "tck-artifact-file-url",
            {"url": "https://example.com/output.txt", "filename": "output.txt"},
        ),
        ("tck-artifact-data", {"data": {"key": "value", "count": 42}}),
    ],
)
def test_an_artifact_comes_back(kit: Bazaar, beginning: str, expected: Json) -> None:
    (artifact,) = made(kit, beginning)["artifacts"]
    (part,) = artifact["parts"]
    assert {name: part[name] for name in expected} == expected


def test_a_message_may_be_answered_by_a_message(kit: Bazaar) -> None:
    message = say(kit, "tck-message-response")["result"]["message"]
    assert message["role"] == "ROLE_AGENT"
    assert message["parts"][0]["text"] == "Direct message response"


@pytest.mark.parametrize(
    "beginning",
    ["tck-stream-001", "tck-stream-002", "tck-stream-003", "tck-stream-ordering-001"],
)
def test_a_stream_begins_with_the_task_and_ends_with_its_end(kit: Bazaar, beginning: str) -> None:
    events = stream_rpc(kit, "SendStreamingMessage", kit.sent(TEXT, messageId=beginning))
    assert "task" in events[0]
    assert events[-1]["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"
    artifacts = [one for one in events if "artifactUpdate" in one]
    assert len(artifacts) == (beginning != "tck-stream-002")


def test_a_chunked_artifact_arrives_in_order(kit: Bazaar) -> None:
    sent = kit.sent(TEXT, messageId="tck-stream-artifact-chunked")
    events = stream(kit, "POST", "/a2a/message:stream", body=sent)
    chunks = [one["artifactUpdate"] for one in events if "artifactUpdate" in one]
    assert [one["artifact"]["parts"][0]["text"] for one in chunks] == ["chunk-1 ", "chunk-2"]
    assert [one.get("append", False) for one in chunks] == [False, True]
    assert chunks[-1]["lastChunk"]


def test_a_running_task_can_be_subscribed_to_by_get_and_by_post(kit: Bazaar) -> None:
    began = time.monotonic()
    sent = kit.sent(TEXT, messageId="test-resubscribe-message-id-1")
    task = kit.rpc("", "SendMessage", sent)["result"]["task"]
    assert task["status"]["state"] == "TASK_STATE_WORKING"
    told: dict[str, list[Json]] = {}

    def follow(method: str) -> None:
        url = f"{kit.url}/a2a/tasks/{task['id']}:subscribe"
        with (
            httpx2.Client(timeout=20, trust_env=False) as client,
            client.stream(method, url, headers=VERSION) as answer,
        ):
            lines = list(answer.iter_lines())
        told[method] = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]

    readers = [threading.Thread(target=follow, args=(method,)) for method in ("GET", "POST")]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(30)
    assert time.monotonic() - began >= 4
    assert told["GET"] == told["POST"]
    assert "task" in told["GET"][0]
    assert told["GET"][-1]["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"
    error = kit.rpc("", "SubscribeToTask", {"id": task["id"]})["error"]
    assert (error["code"], reason_in(error)) == (-32004, "UNSUPPORTED_OPERATION")


def test_a_blocking_message_waits_and_one_that_is_not_does_not(kit: Bazaar) -> None:
    began = time.monotonic()
    sent = kit.sent(TEXT, messageId="tck-delayed-complete-1")
    at_once = kit.rpc("", "SendMessage", sent)["result"]["task"]
    assert at_once["status"]["state"] == "TASK_STATE_WORKING"
    assert made(kit, "tck-delayed-complete-2")["status"]["state"] == "TASK_STATE_COMPLETED"
    assert time.monotonic() - began > 1.5


def test_history_is_as_long_as_asked(kit: Bazaar) -> None:
    task = made(kit, "tck-input-required")
    params = kit.sent(TEXT, messageId="tck-input-required-x", taskId=task["id"])
    assert "result" in kit.rpc("", "SendMessage", params)
    lengths = {
        asked: len(kit.task("", task["id"], **fields).get("history", []))
        for asked, fields in {
            "all": {},
            "none": {"historyLength": 0},
            "one": {"historyLength": 1},
            "many": {"historyLength": 50},
        }.items()
    }
    assert lengths == {"all": 2, "none": 0, "one": 1, "many": 2}


def test_a_message_to_a_finished_task_is_refused(kit: Bazaar) -> None:
    task = made(kit, "tck-complete-task")
    error = say(kit, "tck-complete-task", taskId=task["id"])["error"]
    assert (error["code"], reason_in(error)) == (-32004, "UNSUPPORTED_OPERATION")


def test_a_message_with_the_wrong_context_is_refused(kit: Bazaar) -> None:
    task = made(kit, "tck-input-required")
    error = say(kit, "tck-input-required", taskId=task["id"], contextId="another")["error"]
    assert (error["code"], reason_in(error)) == (-32602, "INVALID_PARAMS")
    opened = kit.say("bea", {"data": first_act(kit)})["task"]
    error = kit.say("bea", TEXT, taskId=opened["id"], contextId="another")["error"]
    assert error["code"] == -32602
    assert "task" in kit.say("bea", TEXT, taskId=opened["id"], contextId=opened["contextId"])
    kit.rpc("bea", "CancelTask", {"id": opened["id"]})


def first_act(market: Bazaar) -> Json:
    told = market.say("bea", {"text": "brass lamp"})
    found: Json = told["message"]["parts"][1]["data"]["quotes"][0]["next"][0]
    return found


def test_the_kits_tasks_are_listed_a_page_at_a_time_newest_first(kit: Bazaar) -> None:
    for _ in range(4):
        made(kit, "tck-artifact-text")
    first = kit.rpc("", "ListTasks", {"pageSize": 2})["result"]
    second = kit.rpc("", "ListTasks", {"pageSize": 2, "pageToken": first["nextPageToken"]})
    both = first["tasks"] + second["result"]["tasks"]
    # As instants: on a full second the text has no fraction, and "Z" sorts after ".".
    times = [datetime.fromisoformat(one["status"]["timestamp"]) for one in both]
    assert times == sorted(times, reverse=True)
    assert len({one["id"] for one in both}) == 4
    assert not any("artifacts" in one for one in both)
    rest = kit.rest("", "GET", "/tasks?pageSize=100&includeArtifacts=true").json()
    assert rest["nextPageToken"] == ""
    assert any(one["artifacts"] for one in rest["tasks"])


@pytest.mark.parametrize(
    ("method", "params", "code", "reason"),
    [
        ("GetTask", {"id": "N999"}, -32001, "TASK_NOT_FOUND"),
        ("CancelTask", {"id": "N999"}, -32001, "TASK_NOT_FOUND"),
        ("SubscribeToTask", {"id": "N999"}, -32001, "TASK_NOT_FOUND"),
        ("ListTaskPushNotificationConfigs", {"taskId": "N1"}, -32003, None),
        ("CreateTaskPushNotificationConfig", {"taskId": "N1", "url": "http://x"}, -32003, None),
        ("GetTaskPushNotificationConfig", {"taskId": "N1", "id": "x"}, -32003, None),
        ("DeleteTaskPushNotificationConfig", {"taskId": "N1", "id": "x"}, -32003, None),
        ("GetTask", {}, -32602, "INVALID_PARAMS"),
        ("SendMessage", {"message": {"role": "ROLE_USER"}}, -32602, "INVALID_PARAMS"),
        ("SendMessage", [], -32602, "INVALID_PARAMS"),
        ("ListTasks", {"pageSize": 0}, -32602, "INVALID_PARAMS"),
        ("ListTasks", {"pageSize": 101}, -32602, "INVALID_PARAMS"),
        ("ListTasks", {"pageToken": "!!"}, -32602, "INVALID_PARAMS"),
        ("ListTasks", {"historyLength": -1}, -32602, "INVALID_PARAMS"),
        ("message/send", {}, -32601, "METHOD_NOT_FOUND"),
    ],
)
@pytest.mark.parametrize("who", ["bea", ""])
def test_errors_have_their_code_and_their_reason(
    kit: Bazaar, who: str, method: str, params: Json, code: int, reason: str | None
) -> None:
    error = kit.rpc(who, method, params)["error"]
    assert error["code"] == code
    assert reason_in(error) == (reason or "PUSH_NOTIFICATION_NOT_SUPPORTED")


def test_every_error_of_the_protocol_can_be_told(kit: Bazaar) -> None:
    codes = sorted(set(JSON_RPC_ERROR_CODE_MAP.values()))
    assert codes[-9:] == list(range(-32009, -32000))
    assert JSON_RPC_ERROR_CODE_MAP[InvalidAgentResponseError] == -32006


@pytest.mark.parametrize("version", ["", "0.3", "0.5", "2.0", "99.0", "1", "x"])
def test_another_version_is_refused(kit: Bazaar, version: str) -> None:
    told = kit.rpc("bea", "ListTasks", {}, A2A_Version=version)
    assert told["error"]["code"] == -32009
    assert reason_in(told["error"]) == "VERSION_NOT_SUPPORTED"
    answer = kit.http.get(
        f"{kit.url}/a2a/tasks", headers={**kit.bearer("bea"), "A2A-Version": version}
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["reason"] == "VERSION_NOT_SUPPORTED"


def test_a_version_may_be_said_in_the_query_and_its_patch_does_not_matter(kit: Bazaar) -> None:
    assert "result" in kit.rpc("bea", "ListTasks", {}, A2A_Version="1.0.1")
    where = f"{kit.url}/a2a/tasks?A2A-Version=1.0"
    assert kit.http.get(where, headers=kit.bearer("bea")).status_code == 200


@pytest.mark.parametrize("path", ["/a2a/", "/a2a/message:send"])
def test_another_content_type_is_not_read(kit: Bazaar, path: str) -> None:
    headers = {**VERSION, "Content-Type": "text/plain"}
    answer = kit.http.post(kit.url + path, content=b"{}", headers=headers)
    assert answer.status_code == 415
    error = answer.json()["error"]
    if path == "/a2a/":
        assert (error["code"], reason_in(error)) == (-32005, "CONTENT_TYPE_NOT_SUPPORTED")
    else:
        assert error["details"][0]["reason"] == "CONTENT_TYPE_NOT_SUPPORTED"


@pytest.mark.parametrize(
    "part",
    [
        {"text": "x", "mediaType": "application/unsupported"},
        {"raw": "eA==", "mediaType": "image/png"},
        {"url": "http://127.0.0.1/secret"},
        {"data": {"a": 1}, "mediaType": "application/xml"},
    ],
)
@pytest.mark.parametrize("id", ["m-1", "tck-complete-task-1"])
def test_an_unsupported_media_type_is_refused(kit: Bazaar, part: Json, id: str) -> None:
    error = kit.rpc("bea", "SendMessage", kit.sent(part, messageId=id))["error"]
    assert (error["code"], reason_in(error)) == (-32005, "CONTENT_TYPE_NOT_SUPPORTED")
    answer = kit.rest("bea", "POST", "/message:send", kit.sent(part, messageId=id))
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["reason"] == "CONTENT_TYPE_NOT_SUPPORTED"


def test_an_answer_nobody_can_read_is_not_promised(kit: Bazaar) -> None:
    params = kit.sent(TEXT)
    params["configuration"]["acceptedOutputModes"] = ["image/png"]
    assert kit.rpc("bea", "SendMessage", params)["error"]["code"] == -32005


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 100_000, -32700),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "GetTask", "params": {"x": NaN}}', -32700),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "GetTask", "params": {"x": 1e999}}', -32700),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "GetTask", "params": {"id": "\\ud83d"}}', -32700),
        (b"[]", -32600),
        (b'{"jsonrpc": "1.0", "id": 1, "method": "GetTask"}', -32600),
        (b'{"jsonrpc": "2.0", "id": true, "method": "GetTask"}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "id": 2, "method": "GetTask"}', -32600),
    ],
)
def test_what_is_no_request_is_told_so(kit: Bazaar, body: bytes, code: int) -> None:
    headers = {**VERSION, "Content-Type": "application/json"}
    answer = kit.http.post(f"{kit.url}/a2a/", content=body, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[]", b'{"message": NaN}', b'{"a": 1, "a": 2}'])
def test_what_is_no_json_is_told_so_by_http_too(kit: Bazaar, body: bytes) -> None:
    headers = {**VERSION, "Content-Type": "application/json"}
    answer = kit.http.post(f"{kit.url}/a2a/message:send", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["reason"] == "INVALID_REQUEST"


def test_http_errors_are_a_status(kit: Bazaar) -> None:
    answer = kit.rest("bea", "GET", "/tasks/N999")
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert (error["code"], error["status"]) == (404, "NOT_FOUND")
    assert error["details"][0]["reason"] == "TASK_NOT_FOUND"
    for method, path in (("GET", "/nowhere/at/all"), ("DELETE", "/tasks")):
        assert kit.rest("bea", method, path).status_code == 404


def test_the_extension_is_activated_for_whom_asks(kit: Bazaar) -> None:
    headers = {**VERSION, **kit.bearer("bea"), "A2A-Extensions": f"https://x/y, {NEGOTIATION}"}
    answer = kit.http.get(f"{kit.url}/a2a/tasks", headers=headers)
    assert answer.headers["a2a-extensions"] == NEGOTIATION
    assert "a2a-extensions" not in kit.rest("bea", "GET", "/tasks").headers


def test_the_answer_is_of_the_type_that_was_asked_for(kit: Bazaar) -> None:
    headers = {**VERSION, **kit.bearer("bea"), "Accept": "application/a2a+json"}
    answer = kit.http.get(f"{kit.url}/a2a/tasks", headers=headers)
    assert answer.headers["content-type"] == "application/a2a+json"
    assert kit.rest("bea", "GET", "/tasks").headers["content-type"] == "application/json"


@pytest.mark.parametrize("binding", ["JSONRPC", "HTTP+JSON"])
def test_the_sdk_understands_all_of_it(kit: Bazaar, binding: str) -> None:
    async def deal() -> Json:
        async with sdk_client(kit, "", binding, polls=False) as client:
            return await sdk_say(client, words="how much is the lamp?")

    assert "message" in asyncio.run(deal())


def test_without_the_flag_nobody_answers_the_kit(tmp_path: Path) -> None:
    with bazaar(tmp_path) as market:
        assert "message" in say(market, "tck-complete-task")["result"]
        answer = market.http.get(f"{market.url}/a2a/tasks", headers=VERSION)
        assert answer.status_code == 401
