"""Commands sent again, many at once, and too fast."""

import threading
from pathlib import Path
from typing import Any

import pytest

from souq.surfaces.limits import Rates
from tests.http.market import Town, populated
from tests.http.raw import HELLO, PATIENCE_S, head, head_of, post, told
from tests.serving import granted_by_the_hour


class TestReplays:
    def test_the_same_command_has_one_effect_and_says_so(self, town: Town) -> None:
        raw = post(town, b"/v1/messages", HELLO)
        first, again = told(town, raw), told(town, raw)
        assert again.body == first.body
        assert "idempotency-replayed" not in first.headers
        assert again.headers["idempotency-replayed"] == "true"

    def test_a_refusal_is_replayed_too(self, town: Town) -> None:
        raw = post(town, b"/v1/negotiations/N1/reject", b"{}")
        first, again = told(town, raw), told(town, raw)
        assert (first.status, first.body) == (403, again.body)
        assert again.headers["idempotency-replayed"] == "true"

    def test_a_quoted_id_is_the_same_id(self, town: Town) -> None:
        lines = (b"Content-Type: application/json", b"Content-Length: 16")
        key = town.keys["stranger"]
        first = told(town, head(b"POST", b"/v1/messages", *lines, key=key, id=b"q1") + HELLO)
        again = told(town, head(b"POST", b"/v1/messages", *lines, key=key, id=b'"q1"') + HELLO)
        assert first.body == again.body

    def test_an_id_with_another_body_is_refused(self, town: Town) -> None:
        fields = {"headers": {"Idempotency-Key": "other-1"}}
        assert town.call("stranger", "post_message", {"text": "a"}, **fields).status_code == 200
        before = head_of(town)
        answer = town.call("stranger", "post_message", {"text": "b"}, **fields)
        assert (answer.status_code, answer.json()["reason"]) == (422, "id_reused")
        assert head_of(town) == before

    def test_one_id_of_two_people_is_two_ids(self, town: Town) -> None:
        fields = {"headers": {"Idempotency-Key": "shared-1"}}
        first = town.call("stranger", "post_message", {"text": "a"}, **fields).json()
        second = town.call("seller", "post_message", {"text": "b"}, **fields).json()
        assert second["seq"] == first["seq"] + 1

    def test_a_race_of_the_same_command_has_one_effect(self, town: Town) -> None:
        raw = post(town, b"/v1/messages", HELLO)
        before = head_of(town)[0]
        found: list[bytes] = []
        threads = [
            threading.Thread(target=lambda: found.append(told(town, raw).body)) for _ in range(10)
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join(PATIENCE_S)
        assert len(found) == 10
        assert len(set(found)) == 1
        assert head_of(town)[0] == before + 1


class TestBatches:
    def _send(self, town: Town, items: list[Any]) -> Any:
        answer = town.http.post(
            f"{town.url}/v1/commands:batch",
            json={"commands": items},
            headers=town.headers("stranger"),
        )
        return answer.status_code, answer.json()

    def _item(self, town: Town) -> Any:
        return {"id": town.new(), "command": {"type": "PostMessage", "text": "hello"}}

    @pytest.mark.usefixtures("nothing_recorded")
    @pytest.mark.parametrize("count", [0, 1_001])
    def test_none_and_too_many_are_turned_away(self, count: int, town: Town) -> None:
        status, problem = self._send(town, [self._item(town) for _ in range(count)])
        assert (status, problem["status"]) == (422, 422)

    @pytest.mark.parametrize("count", [1, 1_000])
    def test_each_gets_an_answer_of_its_own_in_order(self, count: int, town: Town) -> None:
        status, found = self._send(town, [self._item(town) for _ in range(count)])
        seqs = [one["seq"] for one in found["answers"]]
        assert status == 200
        assert seqs == list(range(seqs[0], seqs[0] + count))

    def test_what_is_malformed_stops_none_of_the_others(self, town: Town) -> None:
        good, twin = self._item(town), self._item(town)
        odd: list[Any] = [
            {"id": town.new(), "command": {"type": "Steal"}},
            {"id": town.new(), "command": 5},
            {"id": town.new(), "command": {"type": "PostMessage", "text": 5}},
            {"id": "", "command": good["command"]},
            {"id": "x" * 129, "command": good["command"]},
            {"id": good["id"], "command": {"type": "PostMessage", "text": "other"}},
            {"id": town.new(), "command": {"type": "Reject", "negotiation": "N1"}},
        ]
        before = head_of(town)[0]
        status, found = self._send(town, [good, *odd, good, twin])
        answers = found["answers"]
        assert status == 200
        assert [one.get("status", 200) for one in answers] == [
            *(200, 422, 422, 422, 422, 422, 422, 403, 200, 200),
        ]
        assert answers[0] | {"is_replay": True} == answers[8]
        assert head_of(town)[0] == before + 3  # one good, one refused by the rules, its twin

    @pytest.mark.usefixtures("nothing_recorded")
    def test_a_batch_that_is_none_is_turned_away_whole(self, town: Town) -> None:
        for body in (
            b"[]",
            b"{}",
            b'{"commands":{}}',
            b'{"commands":[5]}',
            b'{"commands":[{"id":"a"}]}',
            b'{"commands":[{"id":5,"command":{}}]}',
            b'{"commands":[{"id":"a","command":{},"more":1}]}',
            b'{"commands":[],"more":1}',
            b'{"commands":[' + b'{"id":"a","command":' + b"[" * 90_000,
        ):
            assert told(town, post(town, b"/v1/commands:batch", body)).problem["status"] in (
                400,
                422,
            )


def test_one_person_cannot_be_faster_with_more_agents(tmp_path: Path) -> None:
    slow = Rates(
        commands_per_s=1, queries_per_s=1, burst=60, anonymous_per_s=1, anonymous_burst=500
    )
    with granted_by_the_hour(), populated(tmp_path / "m", limits=slow) as town:
        answers = [
            town.call(role, "post_message", {"text": "hello"})
            for _ in range(40)
            for role in ("buyer", "sibling")
        ]
        late = [one for one in answers if one.status_code == 429]
        assert len(late) > 5
        assert {one.status_code for one in answers} == {200, 429}
        for one in late:
            assert one.headers["content-type"] == "application/problem+json"
            assert int(one.headers["retry-after"]) >= 1
        assert town.call("stranger", "post_message", {"text": "I may"}).status_code == 200
        assert town.call("operator", "set_halt", {"level": "commitments"}).status_code == 200
        batch = {
            "commands": [
                {"id": town.new(), "command": {"type": "PostMessage", "text": "hello"}}
                for _ in range(61)
            ]
        }
        url = f"{town.url}/v1/commands:batch"
        too_large = town.http.post(url, json=batch, headers=town.headers("stranger"))
        assert too_large.status_code == 413
        found = [town.call("anybody", "get_market", {}).status_code for _ in range(600)]
        assert set(found) == {200, 429}
