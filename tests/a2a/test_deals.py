"""A whole deal by A2A: with the SDK's own client, over both bindings, and against other doors."""

import asyncio
import time

import pytest
from a2a.types import Message, Part, Role, SendMessageRequest, TaskState
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Value

from souq.surfaces.a2a.signing import digest
from tests.a2a.people import (
    USD,
    Bazaar,
    act,
    data_in,
    offer,
    sdk_client,
    sdk_say,
    standing_in,
    terms_in,
    text_in,
)

NEEDED = TaskState.TASK_STATE_INPUT_REQUIRED


@pytest.mark.parametrize("binding", ["JSONRPC", "HTTP+JSON"])
def test_the_sdk_closes_a_deal_with_buyer_and_seller_both_by_a2a(
    market: Bazaar, binding: str
) -> None:
    async def deal() -> None:
        sol = market.ids["sol"]
        async with (
            sdk_client(market, "bea", binding, tenant=sol) as bea,
            sdk_client(market, "sol", binding) as seller,
        ):
            asked = await sdk_say(bea, words="How much is the brass lamp?")
            (quote,) = data_in(asked["message"])["quotes"]
            assert quote["price"] == {"units": 900 * USD, "asset": "USD"}
            first = next(one for one in quote["next"] if one["verb"] == "offer")
            first["price"]["units"] = 600 * USD
            task = (await sdk_say(bea, {"data": first}))["task"]
            id = task["id"]
            assert task["status"]["state"] == "TASK_STATE_WORKING"

            theirs = market.task("sol", id)
            assert theirs["status"]["state"] == "TASK_STATE_INPUT_REQUIRED"
            price = {"units": 800 * USD, "asset": "USD"}
            countered = act("counter", previous=terms_in(theirs), price=price)
            await sdk_say(seller, countered, task=id)

            mine = market.task("bea", id)
            assert mine["status"]["state"] == "TASK_STATE_INPUT_REQUIRED"
            agreed = (await sdk_say(bea, act("accept", previous=terms_in(mine)), task=id))["task"]
            agreement = data_in(agreed["artifacts"][0])
            assert agreement["parties"] == [market.ids["bea"], sol]

            await sdk_say(seller, act("deliver", previous=agreement["digest"]), task=id)
            last = await sdk_say(bea, act("confirm", previous=agreement["digest"]), task=id)
            assert last["task"]["status"]["state"] == "TASK_STATE_COMPLETED"

    asyncio.run(deal())
    (wallet,) = market.ask("sol", "/v1/balance")["wallets"]
    assert wallet["available"] == 1_800 * USD


def test_a_buyer_by_a2a_deals_with_a_seller_who_answers_over_http(market: Bazaar) -> None:
    opened = market.say("bea", offer(market.lamp, 600 * USD), tenant=market.ids["sol"])["task"]
    market.do("sol", "counter", negotiation=opened["id"], price=[700 * USD, "USD"])
    task = market.task("bea", opened["id"])
    assert standing_in(task)["legs"][1]["amount"] == {"units": 700 * USD, "asset": "USD"}
    market.say("bea", act("accept", previous=terms_in(task)), taskId=task["id"])
    (contract,) = market.ask("sol", "/v1/contracts")["contracts"]
    market.do("sol", "submit_delivery", contract=contract["id"])
    task = market.task("bea", task["id"])
    (confirm, dispute) = standing_in(task)["next"]
    assert (confirm["verb"], dispute["verb"]) == ("confirm", "dispute")
    done = market.say("bea", {"data": confirm}, taskId=task["id"])["task"]
    assert done["status"]["state"] == "TASK_STATE_COMPLETED"


def test_each_answer_says_which_act_may_come_next(market: Bazaar) -> None:
    opened = market.say("bea", offer(market.lamp, 600 * USD))["task"]
    assert [one["verb"] for one in standing_in(opened)["next"]] == ["withdraw"]
    theirs = market.task("sol", opened["id"])
    following = standing_in(theirs)["next"]
    assert [one["verb"] for one in following] == ["accept", "counter", "reject"]
    ended = market.say("sol", {"data": following[2]}, taskId=opened["id"])["task"]
    assert ended["status"]["state"] == "TASK_STATE_REJECTED"
    assert standing_in(ended)["next"] == []


def test_the_agreement_comes_back_as_an_artifact_under_its_digest(market: Bazaar) -> None:
    task = market.agree()
    (artifact,) = task["artifacts"]
    agreement = data_in(artifact)
    core = {k: v for k, v in agreement.items() if k not in ("digest", "signature")}
    assert agreement["digest"] == digest(core)
    assert agreement["legs"][0]["listing"] == market.lamp
    for of in ("sol", "bea"):
        assert data_in(market.task(of, task["id"])["artifacts"][0]) == agreement


def test_open_gives_quotes_and_binds_nobody(market: Bazaar) -> None:
    told = market.say("bea", act("open", items=[{"listing": market.lamp}]))
    (quote,) = data_in(told["message"])["quotes"]
    assert quote["listing"] == market.lamp
    assert market.rpc("bea", "ListTasks", {})["result"]["tasks"] == []


def test_a_quote_can_be_accepted_as_it_stands(market: Bazaar) -> None:
    told = market.say("", {"text": "brass lamp?"}, tenant=market.ids["sol"])
    (quote,) = data_in(told["message"])["quotes"]
    accept = next(one for one in quote["next"] if one["verb"] == "accept")
    task = market.say("bea", {"data": accept}, tenant=market.ids["sol"])["task"]
    assert data_in(task["artifacts"][0])["legs"][1]["amount"]["units"] == 900 * USD


def test_a_quote_that_no_longer_holds_is_not_accepted(market: Bazaar) -> None:
    told = market.say("bea", {"text": "brass lamp?"})
    (quote,) = data_in(told["message"])["quotes"]
    market.do("sol", "edit_listing", listing=market.lamp, price=[950 * USD, "USD"])
    for following in quote["next"]:
        error = market.say("bea", {"data": following})["error"]
        assert error["data"][0]["metadata"]["refusal"] == "terms_changed"
    assert market.rpc("bea", "ListTasks", {})["result"]["tasks"] == []


def test_an_act_that_names_another_digest_does_nothing(market: Bazaar) -> None:
    id = market.say("bea", offer(market.lamp, 600 * USD))["task"]["id"]
    price = {"units": 1, "asset": "USD"}
    for who, said in (
        ("sol", act("counter", previous="0" * 16, price=price)),
        ("sol", act("reject", previous="0" * 16)),
        ("sol", act("accept", previous="0" * 16)),
        ("bea", act("withdraw", previous="0" * 16)),
    ):
        error = market.say(who, said, taskId=id)["error"]
        assert error["data"][0]["metadata"]["refusal"] == "terms_changed", said
    assert standing_in(market.task("sol", id))["state"] == "open"


def test_words_reach_the_other_side_as_a_strangers(market: Bazaar) -> None:
    words = {"text": "it is a gift\nfor my aunt"}
    id = market.say("bea", offer(market.lamp, 600 * USD), words)["task"]["id"]
    parts = market.task("sol", id)["status"]["message"]["parts"]
    (said,) = [part for part in parts if part.get("metadata")]
    assert said["text"] == words["text"]
    assert said["metadata"] == {"source": "stranger", "trust": "untrusted"}
    market.say("sol", {"text": "then 850?"}, taskId=id)
    history = market.task("bea", id)["history"]
    assert [one["role"] for one in history] == ["ROLE_USER", "ROLE_USER", "ROLE_AGENT"]
    assert text_in(history[2]) == "then 850?"


def test_a_blocking_message_waits_for_the_other_side(market: Bazaar) -> None:
    async def deal() -> None:
        async with sdk_client(market, "bea", "JSONRPC", polls=False) as bea:
            sending = asyncio.create_task(sdk_say(bea, offer(market.lamp, 600 * USD)))
            id = await asyncio.to_thread(first_talk, market)
            await asyncio.to_thread(
                market.do, "sol", "counter", negotiation=id, price=[800 * USD, "USD"]
            )
            task = (await sending)["task"]
            assert task["status"]["state"] == "TASK_STATE_INPUT_REQUIRED"
            assert standing_in(task)["legs"][1]["amount"]["units"] == 800 * USD

    asyncio.run(deal())


def first_talk(market: Bazaar) -> str:
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        talks = market.ask("sol", "/v1/negotiations")["negotiations"]
        if talks:
            id: str = talks[0]["id"]
            return id
        time.sleep(0.01)
    raise AssertionError("no offer came")


@pytest.mark.parametrize("binding", ["JSONRPC", "HTTP+JSON"])
def test_the_sdk_follows_a_deal_by_a_stream(market: Bazaar, binding: str) -> None:
    told: list[str] = []

    async def deal() -> None:
        async with sdk_client(market, "bea", binding, streams=True) as bea:
            price = [700 * USD, "USD"]
            made = ParseDict(offer(market.lamp, 600 * USD)["data"], Value())
            sent = Message(message_id="m-1", role=Role.ROLE_USER, parts=[Part(data=made)])
            async for event in bea.send_message(SendMessageRequest(message=sent)):
                name = event.WhichOneof("payload")
                told.append(name)
                if name == "task":
                    id = event.task.id
                    await asyncio.to_thread(
                        market.do, "sol", "counter", negotiation=id, price=price
                    )
                elif name == "status_update" and event.status_update.status.state == NEEDED:
                    await asyncio.to_thread(market.do, "bea", "reject", negotiation=id)

    asyncio.run(deal())
    assert told == ["task", "status_update", "status_update"]


def test_a_deal_that_waits_for_approval_asks_for_authority(market: Bazaar) -> None:
    limits = {"approval_above_units": 100 * USD}
    market.do("operator", "grant_mandate", agent=market.ids["bea"], limits=limits)
    task = market.agree()
    assert task["status"]["state"] == "TASK_STATE_AUTH_REQUIRED"
    assert market.task("sol", task["id"])["status"]["state"] == "TASK_STATE_WORKING"


def test_an_offer_that_lapses_fails_its_task(market: Bazaar) -> None:
    id = market.say("bea", offer(market.lamp, 600 * USD, valid_us=1))["task"]["id"]
    market.served.call(market.served.venue.engine.tick)
    assert market.task("bea", id)["status"]["state"] == "TASK_STATE_FAILED"


@pytest.mark.parametrize(
    ("who", "verb"), [("sol", "deliver"), ("bea", "confirm"), ("bea", "dispute")]
)
def test_who_performs_names_the_agreement(market: Bazaar, who: str, verb: str) -> None:
    task = market.agree()
    if verb != "deliver":
        market.do("sol", "submit_delivery", contract="C1")
    more = {"ground": "damaged"} if verb == "dispute" else {}
    wrong = act(verb, previous="0" * 64, **more)
    error = market.say(who, wrong, taskId=task["id"])["error"]
    assert error["data"][0]["metadata"]["refusal"] == "terms_changed"
    agreed = data_in(task["artifacts"][0])["digest"]
    done = market.say(who, act(verb, previous=agreed, **more), taskId=task["id"])["task"]
    expected = {"deliver": "delivered", "confirm": "fulfilled", "dispute": "disputed"}
    assert standing_in(done)["state"] == expected[verb]


def test_a_list_leaves_artifacts_out_unless_they_are_asked_for(market: Bazaar) -> None:
    market.agree()
    (plain,) = market.rpc("bea", "ListTasks", {})["result"]["tasks"]
    assert "artifacts" not in plain
    (full,) = market.rpc("bea", "ListTasks", {"includeArtifacts": True})["result"]["tasks"]
    assert full["artifacts"]
