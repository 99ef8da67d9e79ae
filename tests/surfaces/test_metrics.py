"""Metrics: what is counted is what happened, and the names of series have an end."""

import math
import time
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from souq import Client
from souq.core import market
from souq.core.halt import SetHalt
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.refusal import Reason
from souq.core.rules import OPERATOR, OpenMarket
from souq.core.seal import PublicText
from souq.engine import Answer, Engine
from souq.journal.memory import MemoryStore
from souq.journal.record import Refusal
from souq.operations import OPERATIONS
from souq.surfaces.metrics import NO_ROUTE, Metrics

ACCEPTED = Answer(1, 1)
REPLAYED = Answer(1, 1, is_replay=True)
REPLAYED_REFUSAL = Answer(1, 1, refusal=Refusal("closed"), is_replay=True)


def series(metrics: Metrics) -> dict[str, float]:
    """Reads what is rendered as Prometheus does: `name{label="value",…}` and its value."""
    found = {}
    for family in text_string_to_metric_families(metrics.render().decode()):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sample.labels.items())
            found[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
    return found


def get(path: str, method: str = "GET") -> Any:
    return {"method": method, "path": path}


def test_commands_are_counted_by_type_and_outcome() -> None:
    metrics = Metrics()
    command = OpenMarket()
    for answer in (ACCEPTED, ACCEPTED, REPLAYED, REPLAYED_REFUSAL):
        metrics.judged(command, answer)
    metrics.judged(SetHalt("open"), Answer(1, 1, refusal=Refusal(Reason.WRONG_STATE.value)))
    counted = {name: value for name, value in series(metrics).items() if "commands_total" in name}
    assert counted == {
        'souq_commands_total{command="OpenMarket",outcome="accepted"}': 2,
        'souq_commands_total{command="OpenMarket",outcome="replayed"}': 2,
        'souq_commands_total{command="SetHalt",outcome="wrong_state"}': 1,
    }


def test_two_servers_in_one_process_do_not_count_for_each_other() -> None:
    one, other = Metrics(), Metrics()
    one.judged(OpenMarket(), ACCEPTED)
    assert not any("commands_total" in name for name in series(other))


def test_the_size_of_a_group_is_what_became_durable_since_the_last() -> None:
    metrics = Metrics()
    metrics.durable(1_000_000)  # while a market is opened: where the group began is not known
    with Engine(MemoryStore()) as engine:
        metrics.attach(engine)
    for seq in (1, 4, 4, 10):  # told again after a failed flush: no group
        metrics.durable(seq)
    found = series(metrics)
    assert found["souq_commit_group_records_count"] == 3
    assert found["souq_commit_group_records_sum"] == 10
    assert found['souq_commit_group_records_bucket{le="1.0"}'] == 1
    assert found['souq_commit_group_records_bucket{le="4.0"}'] == 2


def test_waits_for_the_disk_are_told_in_seconds() -> None:
    metrics = Metrics()
    metrics.waited(0.003)
    metrics.waited(0.3)
    found = series(metrics)
    assert found['souq_commit_seconds_bucket{le="0.005"}'] == 1
    assert found["souq_commit_seconds_count"] == 2
    assert found["souq_commit_seconds_sum"] == pytest.approx(0.303)


def test_how_the_market_stands_is_read_when_asked() -> None:
    with Engine(MemoryStore()) as engine:
        metrics = Metrics()
        assert series(metrics)["souq_leading"] == 0  # nothing is led before there is a market
        metrics.attach(engine)
        engine.submit(OPERATOR, "1", OpenMarket()).need()
        engine.submit(OPERATOR, "2", RegisterPrincipal(PublicText("bea"))).need()
        engine.submit(OPERATOR, "3", RegisterAgent("P1", PublicText("a"))).need()
        engine.submit(OPERATOR, "4", SetHalt("negotiations")).need()
        found = series(metrics)
        assert found["souq_head_seq"] == 4
        assert found["souq_halt_level"] == 2
        assert found["souq_leading"] == 1
        assert found["souq_queue_records"] == 0
        for name in ("holds_open", "listings_live", "negotiations_live", "contracts_live"):
            assert found[f"souq_{name}"] == 0
        engine.stop()
        assert series(metrics)["souq_leading"] == 0


def test_what_is_live_is_counted() -> None:
    metrics = Metrics()
    with Client.local() as client:
        metrics.attach(client.venue.engine)
        sol, bea = client.join("sol"), client.join("bea", deposit="100")
        lamp = sol.list("a lamp", category="home", price="10")
        sol.list("a chair", category="home", price="10")
        talk = bea.offer(lamp, "9")
        found = series(metrics)
        assert found["souq_listings_live"] == 2
        assert found["souq_negotiations_live"] == 1
        assert found["souq_contracts_live"] == 0
        sol.accept(talk)
        found = series(metrics)
        assert found["souq_contracts_live"] == 1
        assert found["souq_holds_open"] == 1


def test_a_new_engine_takes_the_place_of_the_old_one() -> None:
    metrics = Metrics()
    with Engine(MemoryStore()) as before:
        before.submit(OPERATOR, "1", OpenMarket()).need()
        metrics.attach(before)
        with Engine(MemoryStore()) as after:
            metrics.attach(after)
            assert series(metrics)["souq_head_seq"] == 0


def test_what_the_server_watches_is_read_when_asked() -> None:
    metrics = Metrics()
    open_streams: list[int] = []
    metrics.watch("event_streams", lambda: len(open_streams))
    open_streams += [1, 2]
    assert series(metrics)["souq_event_streams"] == 2
    with pytest.raises(KeyError):
        metrics.watch("event_stream", lambda: 0)


def test_requests_are_counted_by_route_and_not_by_path() -> None:
    metrics = Metrics()
    for n in range(50):
        metrics.request(get(f"/v1/contracts/C{n}"), 200, 0.001)
    found = series(metrics)
    counted = [name for name in found if name.startswith("souq_http_requests_total")]
    assert len(counted) == 1
    assert found[counted[0]] == 50
    assert "{" in counted[0].partition('route="')[2]  # the route's template


def test_whatever_strangers_ask_for_the_series_have_an_end() -> None:
    metrics = Metrics()
    for n in range(3_000):
        metrics.request(get(f"/wp-admin/{n}"), 404, 0.001)
        metrics.request(get("/v1/commands", f"M{n}"), 405, 0.001)
        metrics.request(get(f"/v1/listings/L{n}"), 404, 0.001)
    counted = [n for n in series(metrics) if n.startswith("souq_http_requests_total")]
    assert len(counted) == 3
    assert any(f'route="{NO_ROUTE}"' in name for name in counted)
    assert len(metrics._names) < 10


def test_every_operation_has_a_route_of_its_own() -> None:
    metrics = Metrics()
    for one in OPERATIONS:
        metrics.request(get(one.path.replace("{", "").replace("}", ""), one.method), 200, 0.001)
    found = series(metrics)
    assert not any(f'route="{NO_ROUTE}"' in name for name in found)
    routes = {(one.method, one.path) for one in OPERATIONS}
    counted = [name for name in found if name.startswith("souq_http_requests_total")]
    assert len(counted) == len(routes)


def test_an_event_stream_is_counted_and_not_timed() -> None:
    metrics = Metrics()
    metrics.request(get("/v1/events"), 200, 3_600)
    found = series(metrics)
    assert found['souq_http_requests_total{method="GET",route="/v1/events",status="200"}'] == 1
    assert found['souq_http_request_seconds_count{method="GET",route="/v1/events"}'] == 0


def test_each_request_is_told_on() -> None:
    heard: list[Any] = []
    metrics = Metrics(lambda *told: heard.append(told))
    metrics.request(get("/healthz"), 200, 0.5, "r-1")
    assert heard == [("GET", "/healthz", 200, 0.5, "r-1")]


def test_the_process_tells_of_its_memory_and_descriptors() -> None:
    found = series(Metrics())
    assert found["process_resident_memory_bytes"] > 1_000_000
    assert found["process_open_fds"] > 0


def test_there_are_no_more_outcomes_than_types_times_reasons() -> None:
    metrics = Metrics()
    refusals = [Answer(1, 1, refusal=Refusal(reason.value)) for reason in Reason]
    for command in market.COMMANDS:
        stand_in: Any = object.__new__(type(command.__name__, (), {}))
        for answer in (ACCEPTED, REPLAYED, *refusals):
            metrics.judged(stand_in, answer)
    counted = [n for n in series(metrics) if n.startswith("souq_commands_total")]
    assert len(counted) == len(market.COMMANDS) * (2 + len(Reason))


def test_counting_a_command_costs_microseconds() -> None:
    metrics, command, count = Metrics(), OpenMarket(), 20_000
    best_us = math.inf
    for _ in range(5):
        start = time.thread_time()
        for _ in range(count):
            metrics.judged(command, ACCEPTED)
            metrics.waited(0.004)
        best_us = min(best_us, (time.thread_time() - start) / count * 1e6)
    assert best_us < 10  # some 1.5; of this thread's own, for the machine is shared
