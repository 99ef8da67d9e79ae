"""The door is there where its extra is, weighs nothing where it is not, and closes in time."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx2
import jsonschema
import pytest

from souq.app.listening import GRACE_S
from souq.surfaces.a2a.vocabulary import NEGOTIATION, SCHEMAS
from tests.a2a.people import USD, VERSION, Bazaar, bazaar, offer
from tests.serving import serving


def test_neither_souq_nor_its_server_loads_the_door_without_need() -> None:
    program = "import json, sys, souq, souq.cli, souq.app.server; print(json.dumps([*sys.modules]))"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = {name.split(".")[0] for name in json.loads(ran.stdout)}
    assert loaded.isdisjoint({"a2a", "google", "joserfc", "pydantic"})


def test_where_the_extra_is_missing_the_door_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "a2a", None)  # as if it were not there
    with serving(tmp_path) as served, httpx2.Client(trust_env=False) as client:
        for path in ("/a2a", "/a2a/tasks", "/.well-known/agent-card.json"):
            answer = client.get(served.url + path)
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/problem+json"
            assert "souq[a2a]" in answer.json()["detail"]
        assert client.get(f"{served.url}/.well-known/jwks.json").status_code == 200


def test_the_schemas_are_served_and_hold(shared: Bazaar) -> None:
    for name, made in SCHEMAS.items():
        answer = shared.http.get(f"{shared.url}/a2a/schemas/{name}")
        assert answer.headers["content-type"] == "application/schema+json"
        assert answer.json() == json.loads(json.dumps(made()))
        jsonschema.Draft202012Validator.check_schema(answer.json())
    assert shared.http.get(f"{shared.url}/a2a/schemas/other.json").status_code == 404


def test_what_an_answer_proposes_fits_the_schema(shared: Bazaar) -> None:
    check = jsonschema.Draft202012Validator(SCHEMAS["negotiation-v1.json"]()).validate
    told = shared.say("bea", {"text": "brass lamp"})["message"]["parts"][1]["data"]
    proposed = [act for quote in told["quotes"] for act in quote["next"]]
    id = shared.say("bea", offer(shared.lamp, 1 * USD))["task"]["id"]
    for who in ("bea", "sol"):
        status = shared.task(who, id)["status"]["message"]["parts"][1]["data"]
        proposed += status["next"]
    assert {one["verb"] for one in proposed} == {
        "offer", "accept", "withdraw", "counter", "reject",
    }  # fmt: skip
    for act in proposed:
        check(act)
    for wrong in (
        {"schema": NEGOTIATION, "verb": "accept"},
        {"schema": NEGOTIATION, "verb": "pay", "previous": "0" * 16},
        {"verb": "accept", "previous": "0" * 16},
        {"schema": NEGOTIATION, "verb": "open", "items": []},
    ):
        with pytest.raises(jsonschema.ValidationError):
            check(wrong)
    shared.rpc("bea", "CancelTask", {"id": id})


def test_a_server_that_stops_ends_its_streams(tmp_path: Path) -> None:
    with bazaar(tmp_path) as market:
        id = market.say("bea", offer(market.lamp, 600 * USD))["task"]["id"]
        url, headers = f"{market.url}/a2a/tasks/{id}:subscribe", VERSION | market.bearer("bea")
        began, ended = threading.Event(), threading.Event()

        def follow() -> None:
            with (
                httpx2.Client(timeout=20, trust_env=False) as client,
                client.stream("GET", url, headers=headers) as answer,
            ):
                for _ in answer.iter_lines():
                    began.set()
            ended.set()

        reader = threading.Thread(target=follow)
        reader.start()
        assert began.wait(30)
        stopping = time.monotonic()
        assert market.served.stop() == 0
        reader.join(10)
        assert ended.is_set()
        assert time.monotonic() - stopping < GRACE_S
