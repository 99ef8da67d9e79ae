"""A stranger's tester reads the served document and sends what it allows, and what it forbids.

Schemathesis runs all its checks in all its phases, with links followed, as the operator, as an
agent, as nobody, and as people who take turns. Two things it cannot know are told to it here: that
a command's id is of the caller's choice and never used twice, and that the rules of a market may
refuse (`invalid`, with the record's number) what its document allows.
"""

import json
import os
import secrets
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.generation import GenerationMode

from souq.operations import BY_NAME
from souq.operations.queries import GetMarket
from souq.surfaces.problems import TITLES, Malformed
from souq.venue.market import ANSWERS
from tests.http.market import Town, populated
from tests.http.ready import QUERIES, READY

IS_FULL = os.environ.get("SOUQ_FULL") == "1"
SECONDS = 240 if IS_FULL else 11
EXAMPLES = 100 if IS_FULL else 4
MIXED = "people who know what to say"
_ID = "Idempotency-Key"


_ONLY_STATEFUL = {name: {"enabled": False} for name in ("examples", "coverage", "fuzzing")}


class Found:
    """What one run tried, and what it holds against the server."""

    def __init__(self) -> None:
        self.phases: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.complaints: dict[tuple[str, ...], str] = {}
        self.errors: list[str] = []
        self.done: Counter[str] = Counter()  # what succeeded, by operation

    def take(self, event: Any) -> None:
        """Read one event of the engine."""
        if isinstance(event, events.NonFatalError | events.FatalError):
            error = getattr(event, "value", None) or getattr(event, "exception", None)
            self.errors.append(f"{getattr(event, 'label', '')}: {error!r}"[:500])
        if not isinstance(event, events.ScenarioFinished):
            return
        recorder = event.recorder
        for id, sent in recorder.interactions.items():
            self.phases[event.phase.name.lower()] += 1
            if sent.response is not None:
                self.statuses[sent.response.status_code] += 1
                if sent.response.status_code == 200 and id in recorder.cases:
                    self.done[recorder.cases[id].value.operation.label] += 1
        for id, checks in recorder.checks.items():
            for one in checks:
                if one.failure_info is not None:
                    failure = one.failure_info.failure
                    sent = recorder.interactions[id]
                    key = (one.name, recorder.cases[id].value.operation.label, failure.title)
                    answer = sent.response.content[:300] if sent.response else b""
                    self.complaints.setdefault(
                        key,
                        f"{' '.join(key)}: {failure.message[:300]}\n  {sent.request.method}"
                        f" {sent.request.uri} {(sent.request.body or b'')[:300]!r}\n  {answer!r}",
                    )


@schemathesis.check
def what_is_refused_was_judged(ctx: Any, response: Any, case: Any) -> None:
    """What the document allows is refused by the market's rules alone, and stands in a record."""
    meta = case.meta
    is_valid = meta is not None and meta.generation.mode is GenerationMode.POSITIVE
    if is_valid and case.method == "POST" and response.status_code == 422:
        problem = response.json()
        if "got `float`" in problem["detail"]:
            return  # JSON Schema calls 5.0 a whole number, and this market does not
        assert problem.get("seq"), f"allowed by the document, not by the door: {problem['detail']}"


def run(town: Town, role: str, *, only: str = "", seconds: int) -> Found:
    """Let schemathesis loose on a market as somebody."""
    answer = town.http.get(f"{town.url}/openapi.json")
    document = json.loads(answer.content)
    paths = document["paths"]
    del paths["/v1/events"]  # it never ends; tests/http/test_events.py reads it
    document["paths"] = {only: paths[only]} if only else paths
    config = SchemathesisConfig.from_dict(
        {
            "seed": 7,
            "max-time": seconds,
            "continue-on-failure": True,
            "headers": town.headers(role),
            "generation": {"max-examples": EXAMPLES, "database": "none", "no-shrink": True},
            "phases": {} if role != MIXED else _ONLY_STATEFUL,
            "checks": {
                "ignored_auth": {"enabled": role != MIXED},
                "positive_data_acceptance": {
                    "expected-statuses": ["2xx", 401, 403, 404, 409, 422, 503]
                },
            },
        }
    )
    schema = schemathesis.openapi.from_dict(document, config=config)
    schema.config.update(base_url=town.url)
    alive = set(town.key_ids.values()) | {"K1"}  # the tester may not revoke its own keys

    @schemathesis.hook
    def before_call(context: Any, case: Any, kwargs: Any) -> None:
        meta = case.meta
        if (meta is None or meta.generation.mode is GenerationMode.POSITIVE) and _ID in (
            case.headers or {}
        ):
            case.headers[_ID] = secrets.token_hex(8)
        if (case.path_parameters or {}).get("key") in alive:
            case.path_parameters["key"] = town.spare_key() if role == MIXED else "K999"
        if role == MIXED and (meta is None or meta.generation.mode is GenerationMode.POSITIVE):
            _say_what_makes_sense(town, case)

    found = Found()
    try:
        for event in from_schema(schema).execute():
            found.take(event)
    finally:
        schemathesis.hooks.unregister(before_call)
    return found


def _say_what_makes_sense(town: Town, case: Any) -> None:
    """Let the right person speak, and give what begins something fields that can succeed."""
    name = case.operation.definition.raw["operationId"]
    ready = READY | QUERIES
    by, fields = ready.get(name, ("operator", None))
    case.headers = {**(case.headers or {}), **town.headers(by)}
    if name == "set_halt":
        case.body = {"level": "open"}
    elif fields is not None and name in READY and not BY_NAME[name].fields:
        case.body = fields(town)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with populated(tmp_path / "m") as found:
        yield found


@pytest.mark.parametrize("role", ["operator", "buyer", "anybody", MIXED])
def test_a_stranger_finds_nothing_that_the_document_does_not_say(role: str, town: Town) -> None:
    for seconds in (SECONDS, 3 * SECONDS, 9 * SECONDS):
        found = run(town, role, seconds=seconds)
        assert not found.errors, found.errors
        assert not found.complaints, "\n\n".join(found.complaints.values())
        assert not [status for status in found.statuses if status >= 500]
        if sum(found.phases.values()) > 300 and len(found.done) > 5:
            break  # a slow machine gets more time
    assert sum(found.phases.values()) > 300, "too little was tried to mean anything"
    assert len(found.done) > 5, "too little succeeded to mean anything"
    told = ", ".join(f"{name} {count}" for name, count in found.phases.items())
    print(f"{role}: {told}; {dict(sorted(found.statuses.items()))}; {len(found.done)} succeeded")


@pytest.mark.parametrize("bug", ["a fault", "an answer of another shape", "an unknown status"])
def test_a_planted_bug_is_found(bug: str, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def answered(*_: Any) -> Any:
        if bug == "a fault":
            raise RuntimeError("planted")
        if bug == "an unknown status":
            raise Malformed(418, "planted")
        return {"rules": {}, "halt": 5}

    monkeypatch.setitem(ANSWERS, GetMarket, answered)
    monkeypatch.setitem(TITLES, 418, "planted")
    expected = {
        "a fault": "not_a_server_error",
        "an answer of another shape": "response_schema_conformance",
        "an unknown status": "status_code_conformance",
    }
    for seconds in (3, 60):  # a slow machine gets more time
        found = run(town, "operator", only="/v1/market", seconds=seconds)
        if found.complaints:
            break
    assert expected[bug] in {check for check, *_ in found.complaints}
