"""Logs: one line for one thing said, and never a key, a body or words in it."""

import io
import json
import logging
import time
import timeit
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from souq.app import logs

SECRET = "s3cr3t-of-256-bits"
Said = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in (*logs._TOO_TALKATIVE, "souq")}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def said(stream: io.StringIO) -> Said:
    logs.configure("info", stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_whoever_speaks_is_heard_in_json(said: Said) -> None:
    structlog.get_logger("souq.app").info("serving", port=8000)
    logging.getLogger("souq.surfaces.http").error("cannot answer: %s", "the disk is full")
    logging.getLogger("uvicorn.error").warning("shutting down")
    lines = said()
    assert [(one["event"], one["level"], one["logger"]) for one in lines] == [
        ("serving", "info", "souq.app"),
        ("cannot answer: the disk is full", "error", "souq.surfaces.http"),
        ("shutting down", "warning", "uvicorn.error"),
    ]
    assert lines[0]["port"] == 8000
    assert all(one["at"].endswith("Z") for one in lines)


def test_what_is_below_the_level_is_not_said(said: Said) -> None:
    logging.getLogger("souq").debug("a detail")
    structlog.get_logger("souq").debug("a detail")
    assert said() == []


def test_uvicorn_speaks_through_us_also_where_it_had_handlers_of_its_own(
    stream: io.StringIO,
) -> None:
    own = io.StringIO()
    uvicorn = logging.getLogger("uvicorn.error")
    uvicorn.addHandler(logging.StreamHandler(own))
    uvicorn.propagate = False
    logs.configure("info", stream)
    uvicorn.info("started")
    assert own.getvalue() == ""
    assert json.loads(stream.getvalue())["event"] == "started"


def test_requests_are_not_told_twice(said: Said) -> None:
    logging.getLogger("uvicorn.access").info("GET /v1/listings?text=lamp 200")
    logging.getLogger("httpx2").info("HTTP Request: GET https://bank.example/?key=%s", SECRET)
    assert said() == []


def test_a_library_does_not_tell_its_details_where_we_tell_ours(stream: io.StringIO) -> None:
    logs.configure("debug", stream)
    logging.getLogger("httpcore2.http11").debug("headers %s", SECRET)
    logging.getLogger("asyncio").debug("a detail")
    logging.getLogger("souq.surfaces").debug("ours")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["ours"]


def test_uvicorns_painted_line_is_left_out(said: Said) -> None:
    logging.getLogger("uvicorn.error").info("up", extra={"color_message": "\x1b[1mup"})
    assert "color_message" not in said()[0]


def test_configuring_twice_does_not_say_things_twice(stream: io.StringIO) -> None:
    logs.configure("info", stream)
    logs.configure("info", stream)
    logging.getLogger("souq").info("once")
    assert len(stream.getvalue().splitlines()) == 1


def test_what_is_said_during_a_request_bears_its_id(said: Said) -> None:
    token = logs.request_id.set("r-7")
    logging.getLogger("souq").info("inside")
    structlog.get_logger("souq").info("inside, too")
    logs.request_id.reset(token)
    logging.getLogger("souq").info("outside")
    assert [one.get("request_id") for one in said()] == ["r-7", "r-7", None]


@pytest.mark.parametrize(
    ("status", "seconds", "is_said"),
    [
        (200, 0.01, False),
        (409, 0.01, False),  # a refusal is an answer
        (429, 0.01, False),
        (500, 0.01, True),
        (503, 0.01, True),
        (200, 1.01, True),
    ],
)
def test_failures_and_slow_requests_are_always_said(
    said: Said, status: int, seconds: float, is_said: bool
) -> None:
    logs.access("POST", "/v1/commands", status, seconds, "r-1")
    assert bool(said()) is is_said


def test_an_event_stream_is_not_slow(said: Said) -> None:
    logs.access("GET", "/v1/events", 200, 3_600, "r-1")
    assert said() == []


def test_every_request_is_said_for_debug(stream: io.StringIO) -> None:
    logs.configure("debug", stream)
    logs.access("GET", "/v1/contracts/{contract}", 200, 0.00125, "r-1")
    (line,) = map(json.loads, stream.getvalue().splitlines())
    del line["at"]
    assert line == {
        "event": "answered",
        "level": "debug",
        "logger": "souq.access",
        "method": "GET",
        "route": "/v1/contracts/{contract}",
        "status": 200,
        "ms": 1.25,
        "request_id": "r-1",
    }


def test_a_request_that_is_not_told_costs_next_to_nothing(said: Said) -> None:
    def once() -> None:
        logs.access("POST", "/v1/commands", 200, 0.004, "r-1")

    count = 20_000
    best_us = min(timeit.repeat(once, number=count, repeat=5, timer=time.thread_time)) / count * 1e6
    assert best_us < 3  # some 0.2; of this thread's own, for the machine is shared


@pytest.mark.parametrize(
    "message",
    [
        f"Authorization: Bearer {SECRET}",
        f"cannot reach postgresql://souq:{SECRET}@db/market",
        f"cannot reach postgresql://souq:{SECRET}/with@odd:signs@db/market",
        f"host=db password={SECRET} user=souq",
        f"POST https://bank.example/payouts?key={SECRET}&x=1",
        f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----",
    ],
)
@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_key_is_never_said(stream: io.StringIO, message: str, is_terminal: bool) -> None:
    logs.configure("info", stream, is_terminal=is_terminal)
    logging.getLogger("souq").info(message)
    logging.getLogger("souq").info("with %s", message)
    structlog.get_logger("souq").info("kept", where=message, many=[message])
    try:
        raise ValueError(message)
    except ValueError:
        logging.getLogger("souq").exception("failed")
    assert len(stream.getvalue().splitlines()) >= 4
    assert SECRET not in stream.getvalue()


@pytest.mark.parametrize("name", ["key", "authorization", "body", "admin_key", "Password", "words"])
def test_what_is_named_like_a_secret_is_masked_whatever_it_looks_like(
    said: Said, name: str
) -> None:
    structlog.get_logger("souq").info("kept", **{name: SECRET})
    logging.getLogger("souq").info("kept", extra={name: SECRET})
    assert [one[name] for one in said()] == [logs.MASK, logs.MASK]


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_traceback_shows_no_values_of_variables(stream: io.StringIO, is_terminal: bool) -> None:
    def handle(body: str) -> None:
        raise RuntimeError("broken")

    logs.configure("info", stream, is_terminal=is_terminal)
    for logger in (logging.getLogger("souq"), structlog.get_logger("souq")):
        try:
            handle("pl" + "um words of a stranger")
        except RuntimeError:
            logger.exception("failed")
    said = stream.getvalue()
    assert said.count("RuntimeError: broken") == 2
    assert "plum" not in said


def test_a_line_stays_one_line_whatever_is_in_it(said: Said) -> None:
    logging.getLogger("souq").info("one\ntwo\r\n\x1b[2Jthree \udc80 \x00")
    (line,) = said()
    assert line["event"].startswith("one\ntwo")


def test_nobody_paints_on_the_operators_terminal(stream: io.StringIO) -> None:
    logs.configure("info", stream, is_terminal=True)
    logging.getLogger("souq").info("\x1b[2J\x9b2J\rgone", extra={"path": "\x1b]0;mine\x07"})
    assert not {"\x1b", "\x9b", "\r", "\x07"} & set(stream.getvalue())


def test_a_long_text_is_cut_in_the_middle(said: Said) -> None:
    logging.getLogger("souq").info("start%send", "x" * 100_000)
    (line,) = said()
    assert len(line["event"]) < 2 * logs.TEXT_MAX
    assert line["event"].startswith("start")
    assert line["event"].endswith("end")


def test_a_terminal_gets_readable_lines(stream: io.StringIO) -> None:
    logs.configure("info", stream, is_terminal=True)
    structlog.get_logger("souq").info("serving", port=8000)
    assert "serving" in stream.getvalue()
    assert "port=8000" in stream.getvalue()
    assert not stream.getvalue().startswith("{")
