"""Everything that can be done or asked is declared once; every way to it comes from there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from souq import AsyncClient, Client
from souq.cli import app
from souq.core import market
from souq.journal.admission import READ
from souq.operations import BY_NAME, OPERATIONS, Operation
from souq.sdk import stubs
from souq.sdk.methods import AsyncMethods, Methods
from souq.surfaces import docs_page, openapi
from souq.surfaces.routes import Routes
from tests.http.market import Town
from tests.http.ready import QUERIES, READY, text_of
from tests.mechanisms.plays import OPEN_COMMANDS

BARGAINS = [one for one in OPERATIONS if one.is_command and one.asks not in OPEN_COMMANDS]
# A vote takes days to come to: tests/core/test_sweep.py casts them.
VOTES = {"commit_vote", "reveal_vote", "appeal_verdict"}
COMMANDS = [one.name for one in BARGAINS if one.name not in {"open_market", *VOTES}]
ASKED = [one.name for one in OPERATIONS if not one.is_command]


@pytest.fixture(autouse=True)
def _goes_on(town: Town) -> Iterator[None]:
    yield
    if town.ask("anybody", "get_market")["halt"] != "open":
        town.do("operator", "set_halt", level="open")


def test_every_operation_is_ready_to_be_called() -> None:
    assert set(COMMANDS) == set(READY), "a command has no success here"
    assert set(ASKED) == set(QUERIES), "a query has no answer here"


def test_every_operation_has_its_route_and_no_route_has_none() -> None:
    routes = Routes()
    for one in OPERATIONS:
        path = one.path.format(**dict.fromkeys(one.fields, "X1"))
        found = routes.find(one.method, path)
        assert found is not None, one.name
        assert found.operation is one
        assert found.fields == dict.fromkeys(one.fields, "X1")
    assert {one.asks for one in OPERATIONS if one.is_command} == set(market.COMMANDS)


def test_every_schema_in_the_openapi_document_has_a_plain_name_of_its_own() -> None:
    # Two structs of one name are told apart by their modules; a program made from that says
    # `souq.core.policy.people.Reputation`, and one that is asked and answered breaks the document.
    schemas = json.loads(openapi.document())["components"]["schemas"]
    assert [name for name in schemas if not name.isidentifier()] == []


def test_the_openapi_document_tells_of_every_operation_and_of_nothing_else() -> None:
    document = json.loads(openapi.document())
    told = {
        (method.upper(), path): what["operationId"]
        for path, methods in document["paths"].items()
        for method, what in methods.items()
    }
    declared = {(one.method, one.path): one.name for one in OPERATIONS}
    special = {
        ("POST", "/v1/commands"): "submit",
        ("POST", "/v1/commands:batch"): "submit_many",
        ("GET", "/v1/events"): "stream_events",
    }
    assert told == declared | special
    for one in OPERATIONS:
        what = document["paths"][one.path][one.method.lower()]
        if one.is_command:
            body = what["requestBody"]["content"]["application/json"]["schema"]["properties"]
        else:
            body = {each["name"] for each in what["parameters"] if each["in"] == "query"}
        fields = {field.encode_name for field in msgspec.structs.fields(one.asks)}
        assert set(body) | set(one.fields) == fields, one.name
        assert one.summary in docs_page.page().decode().replace("&#x27;", "'").replace(
            "&quot;", '"'
        ), one.name


def test_the_clients_have_a_method_for_every_operation() -> None:
    for kind in (Methods, AsyncMethods, Client, AsyncClient):
        for one in OPERATIONS:
            assert callable(getattr(kind, one.name)), one.name


def test_the_stubs_that_type_checkers_read_are_as_written_now() -> None:
    assert stubs.PATH.read_text(encoding="utf-8") == stubs.formatted(stubs.text())


def test_the_command_line_lists_every_operation() -> None:
    done = CliRunner().invoke(app, ["operations", "--json"])
    assert done.exit_code == 0, done.output
    assert [one["name"] for one in json.loads(done.output)] == [one.name for one in OPERATIONS]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_succeeds_by_each_way(name: str, town: Town, tmp_path: Path) -> None:
    by, ready = READY[name]
    one = BY_NAME[name]
    for way in (_by_route, _by_type, _by_batch, _by_method, _by_call):
        event = way(town, by, one, ready(town))
        assert event in {kind.__name__ for kind in market.EVENTS}, way.__name__
        if name == "set_halt":
            town.do("operator", "set_halt", level="open")


def _by_route(town: Town, by: str, one: Operation, fields: Any) -> str:
    found: str = town.do(by, one.name, **fields)[0]["type"]
    return found


def _by_type(town: Town, by: str, one: Operation, fields: Any) -> str:
    command = {"type": one.asks.__name__, **fields}
    headers = town.headers(by) | {"Idempotency-Key": town.new()}
    answer = town.http.post(f"{town.url}/v1/commands", json=command, headers=headers)
    assert answer.status_code == 200, answer.text
    found: str = answer.json()["events"][0]["type"]
    return found


def _by_batch(town: Town, by: str, one: Operation, fields: Any) -> str:
    command = {"type": one.asks.__name__, **fields}
    batch = {"commands": [{"id": town.new(), "command": command}]}
    url = f"{town.url}/v1/commands:batch"
    answer = town.http.post(url, json=batch, headers=town.headers(by))
    assert answer.status_code == 200, answer.text
    found: str = answer.json()["answers"][0]["events"][0]["type"]
    return found


def _by_method(town: Town, by: str, one: Operation, fields: Any) -> str:
    command = READ[one.asks](json.dumps({"type": one.asks.__name__, **fields}))
    given = {
        field.name: getattr(command, field.name)
        for field in msgspec.structs.fields(one.asks)
        if field.name in fields
    }
    with Client(town.url, key=town.keys[by]) as client:
        return type(getattr(client, one.name)(**given).events[0]).__name__


def _by_call(town: Town, by: str, one: Operation, fields: Any) -> str:
    found: str = _called(town, by, one, fields)["events"][0]["type"]
    return found


def _called(town: Town, by: str, one: Operation, fields: Any) -> Any:
    words = [f"{name}={text_of(value)}" for name, value in fields.items()]
    key = ["--key", town.keys[by]] if by in town.keys else []
    done = CliRunner().invoke(app, ["call", one.name, *words, "--server", town.url, *key])
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


@pytest.mark.parametrize("name", ASKED)
def test_every_query_is_answered_by_each_way(name: str, town: Town) -> None:
    by, ready = QUERIES[name]
    one, fields = BY_NAME[name], ready(town)
    over_route = town.ask(by, name, **fields)
    with Client(town.url, key=town.keys.get(by, "")) as client:
        by_method = getattr(client, name)(**fields)
    assert isinstance(by_method, one.gives)
    assert set(_called(town, by, one, fields)) == set(over_route)


def test_links_lead_to_what_an_answer_tells_of(town: Town) -> None:
    """Every link of a command, and of a page, is followed as a stranger's program would."""
    document = json.loads(openapi.document())
    followed = set()
    for one in OPERATIONS:
        what = document["paths"][one.path][one.method.lower()]
        links = what["responses"]["200"].get("links", {})
        if not links or one.asks in OPEN_COMMANDS or one.name in VOTES:
            continue
        by, ready = (READY | QUERIES)[one.name]
        fields = ready(town)
        answer = town.call(by, one.name, fields).json()
        for link in links.values():
            ((field, expression),) = link["parameters"].items()
            assert field in BY_NAME[link["operationId"]].fields
            source, _, pointer = expression.partition("#")
            found = answer if source == "$response.body" else fields[field]
            for step in pointer.split("/")[1:]:
                found = found[int(step)] if step.isdigit() else found.get(step, {})
            if field == "seq":  # a record is named by its number
                assert isinstance(found, int), (one.name, expression, found)
                followed.add((one.name, link["operationId"]))
            elif found:
                assert found[0].isupper(), (one.name, expression, found)
                assert found[1:].isdigit(), (one.name, expression, found)
                followed.add((one.name, link["operationId"]))
        if one.name == "set_halt":
            town.do("operator", "set_halt", level="open")
    assert len(followed) > 80
    assert ("make_offer", "accept") in followed
    assert ("get_negotiation", "accept") in followed
    assert ("get_contract", "submit_delivery") in followed


def test_a_market_that_is_open_is_not_opened_again(town: Town) -> None:
    answer = town.call("operator", "open_market", {"rules": {}})
    assert (answer.status_code, answer.json()["reason"]) == (409, "already_exists")
