"""An act that was done is never answered by an error, whatever happens in telling of it."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from souq.surfaces.a2a import affairs
from souq.surfaces.a2a.vocabulary import UNSAID
from souq.surfaces.limits import Rates
from tests.a2a.people import USD, VERSION, Bazaar, Json, bazaar, offer, terms_in
from tests.serving import granted_by_the_hour

FEW_QUERIES = Rates(commands_per_s=0, queries_per_s=1, burst=3, anonymous_per_s=0)
ONE_COMMAND = Rates(commands_per_s=1, queries_per_s=0, burst=1, anonymous_per_s=0)


def patient(market: Bazaar, *parts: Json, **more: Any) -> Json:
    """Give the parameters of a message that waits for the other side."""
    return market.sent(*parts, **more) | {"configuration": {}}


def test_an_offer_stands_where_nobody_more_may_wait(
    market: Bazaar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(affairs, "WATCHERS_MAX", 0)
    told = market.rpc("bea", "SendMessage", patient(market, offer(market.lamp, 600 * USD)))
    task = told["result"]["task"]
    assert (task["id"], task["status"]["state"]) == ("N1", "TASK_STATE_WORKING")
    assert terms_in(task)


def test_one_principal_does_not_take_all_places_to_wait(
    market: Bazaar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(affairs, "WATCHERS_EACH_MAX", 2)
    id = market.say("bea", offer(market.lamp, 600 * USD))["task"]["id"]

    def watch(who: str) -> Any:
        client = held.enter_context(httpx2.Client(timeout=20, trust_env=False))
        url = f"{market.url}/a2a/tasks/{id}:subscribe"
        lines = VERSION | market.bearer(who)
        return held.enter_context(client.stream("GET", url, headers=lines)).iter_lines()

    with ExitStack() as held:
        streams = [watch("bea") for _ in range(3)]
        streams.append(watch("sol"))
        assert all(next(lines).startswith("data: ") for lines in streams)
        assert "event: error" in list(streams[2])
        market.do("sol", "counter", negotiation=id, price=[700 * USD, "USD"])
        for lines in (*streams[:2], streams[3]):
            news = next(line for line in lines if line.startswith("data: "))
            assert "statusUpdate" in json.loads(news[6:])


@pytest.mark.parametrize("path", ["/message:send", "/message:stream"])
def test_an_offer_stands_where_its_sender_may_ask_no_more(tmp_path: Path, path: str) -> None:
    with granted_by_the_hour(), bazaar(tmp_path, limits=FEW_QUERIES) as market:
        sent = patient(market, offer(market.lamp, 600 * USD))
        answer = market.rest("bea", "POST", path, sent)
        assert answer.status_code == 200, answer.text
        task = json.loads(answer.text.removeprefix("data: "))["task"]
        assert (task["id"], task["contextId"]) == ("N1", f"souq-{market.ids['bea']}")
        assert task["status"]["state"] == "TASK_STATE_SUBMITTED"
        (talk,) = market.ask("operator", "/v1/negotiations?agent=A1")["negotiations"]
        assert talk["state"] == "open"


def test_words_that_came_too_fast_are_told_and_may_be_sent_again(tmp_path: Path) -> None:
    with granted_by_the_hour(), bazaar(tmp_path, limits=ONE_COMMAND) as market:
        sent = market.sent(offer(market.lamp, 600 * USD), {"text": "for my aunt"})
        task = market.rpc("bea", "SendMessage", sent)["result"]["task"]
        assert terms_in(task)
        assert "too fast" in task["metadata"][UNSAID]
        said = f"/v1/messages?negotiation={task['id']}"
        assert market.ask("sol", said)["messages"] == []


def test_words_that_the_market_will_not_carry_do_not_hide_the_act(market: Bazaar) -> None:
    sent = market.sent(offer(market.lamp, 600 * USD), {"text": "please"}, messageId="m-1")
    first = market.rpc("bea", "SendMessage", sent)["result"]["task"]
    sent["message"]["parts"][1]["text"] = "at once"
    again = market.rpc("bea", "SendMessage", sent)["result"]["task"]
    assert again.pop("metadata") == {UNSAID: "id_reused"}
    assert again == first


def test_a_withdrawal_by_cancelling_is_told_where_its_sender_may_ask_no_more(
    tmp_path: Path,
) -> None:
    few = Rates(commands_per_s=0, queries_per_s=1, burst=4, anonymous_per_s=0)
    with granted_by_the_hour(), bazaar(tmp_path, limits=few) as market:
        market.do("bea", "make_offer", items=[{"listing": market.lamp}], price=[USD, "USD"])
        told = market.rpc("bea", "CancelTask", {"id": "N1"})
        assert told["result"]["status"]["state"] == "TASK_STATE_SUBMITTED", told
        assert market.ask("operator", "/v1/negotiations/N1")["state"] == "withdrawn"
