"""Models behind real wire formats on the loopback: what is sent, what is tried again, its cost."""

import asyncio
import contextlib
import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from souq.agents.brief import Brief, WantTold
from souq.agents.llm import provider
from souq.agents.llm.calls import Answer, Ask, Choice, NoAnswer, NotReady
from souq.agents.llm.mind import Representative
from souq.agents.llm.recording import Recording
from souq.agents.llm.spending import Purse
from souq.core.mechanisms.moves import Accept
from souq.core.money import USD
from tests.llm.endpoint import answering
from tests.llm.puppets import observed

KEY = "sk-a-key-that-nobody-may-see"
MOVE = {"act": "accept", "negotiation": "N1"}
ID = {"type": "string", "enum": ["N1"]}
ASK = Ask(
    "You bargain.",
    ('{"market": {}}',),
    (
        Choice("accept", "Accept it.", {"negotiation": ID}, ("negotiation",)),
        Choice("pass", "Do nothing.", {}),
    ),
)


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.setenv(name, KEY)
    monkeypatch.setattr(provider, "WAIT_S", 0.01)


def asked(name: str, ask: Ask = ASK, **more: Any) -> Answer:
    return asyncio.run(provider.connect(name, **more).answer(ask))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("openai:gpt-5", "/v1"),
        ("gemini:gemini-3-pro", "/v1"),
        ("anthropic:claude-haiku-4-5", ""),
        ("ollama:llama3", "/v1"),
        ("vllm:any", "/v1"),
        ("llamacpp:any", "/v1"),
        ("compatible:any", "/v1"),
    ],
)
def test_each_kind_of_provider_answers_with_one_move(name: str, path: str) -> None:
    with answering(lambda n: MOVE) as endpoint:
        found = asked(f"{name}@{endpoint.url}{path}")
    assert found.text.replace(" ", "") in (
        '{"act":"accept","negotiation":"N1"}',
        '{"negotiation":"N1","act":"accept"}',
    )
    assert (found.tokens_in, found.tokens_out) == (100, 20)
    (body,) = endpoint.bodies
    has_tools = name.partition(":")[0] in ("openai", "gemini", "anthropic")
    assert bool(body.get("tools")) is has_tools
    if not has_tools:
        branches = body["response_format"]["json_schema"]["schema"]["anyOf"]
        assert [one["properties"]["act"]["const"] for one in branches] == ["accept", "pass"]
        assert "Accept it." in body["messages"][0]["content"]


def test_a_known_price_is_counted_and_an_unknown_one_said_to_be() -> None:
    with answering(lambda n: MOVE) as endpoint:
        # 100 tokens in at $1 and 20 out at $5 a million.
        assert asked(f"anthropic:claude-haiku-4-5@{endpoint.url}").cost_units == 200
        assert asked(f"openai:nobody-knows-it@{endpoint.url}/v1").cost_units is None
        assert asked(f"vllm:any@{endpoint.url}/v1").cost_units == 0


@pytest.mark.parametrize("status", [429, 500, 503, 529])
@pytest.mark.parametrize("name", ["openai:gpt-5@{}/v1", "anthropic:claude-haiku-4-5@{}"])
def test_what_passes_is_tried_again(name: str, status: int) -> None:
    with answering(lambda n: status if n < 2 else MOVE) as endpoint:
        assert "accept" in asked(name.format(endpoint.url)).text
    assert len(endpoint.bodies) == 3


def test_it_is_not_tried_for_ever() -> None:
    with answering(lambda n: 503) as endpoint, pytest.raises(NoAnswer, match="503"):
        asked(f"openai:gpt-5@{endpoint.url}/v1")
    assert len(endpoint.bodies) == provider.TRIES


def test_what_the_provider_will_never_take_is_not_tried_again() -> None:
    with answering(lambda n: 400) as endpoint, pytest.raises(NoAnswer, match="400"):
        asked(f"openai:gpt-5@{endpoint.url}/v1")
    assert len(endpoint.bodies) == 1


@pytest.mark.parametrize(("status", "why"), [(401, "key"), (403, "key"), (404, "no such model")])
def test_a_wrong_key_and_an_unknown_model_stop_the_run_with_a_reason(status: int, why: str) -> None:
    with answering(lambda n: status) as endpoint, pytest.raises(NotReady, match=why) as no:
        asked(f"anthropic:claude-haiku-4-5@{endpoint.url}")
    assert KEY not in str(no.value)


def test_who_is_too_slow_is_not_waited_for() -> None:
    with answering(lambda n: MOVE, delay_s=2.0) as endpoint, pytest.raises(NoAnswer, match=r"0\.2"):
        asked(f"openai:gpt-5@{endpoint.url}/v1", timeout_s=0.2)


def test_nobody_at_the_address_is_said_at_once() -> None:
    with answering(lambda n: MOVE) as endpoint:
        gone = endpoint.url
    with pytest.raises(NotReady, match="cannot be reached"):
        asked(f"vllm:any@{gone}/v1")


@pytest.mark.parametrize(
    "broken",
    [
        {"choices": []},
        {"created": 10**30},
        {"choices": None},
        {"usage": None, "choices": [{"message": {"content": "x"}}]},
        {"choices": [{"index": 0, "finish_reason": "stop", "message": {"content": "\ud83d"}}]},
    ],
    ids=str,
)
def test_an_answer_in_no_form_is_none_or_a_word_and_never_the_end(
    broken: dict[str, Any], tmp_path: Path
) -> None:
    with answering(lambda n: MOVE if n == 0 else {"raw": broken}) as endpoint:
        name = f"vllm:any@{endpoint.url}/v1"
        recording = Recording(tmp_path / "calls.jsonl")
        model = recording.of(provider.connect(name), name, "Ann")

        async def twice() -> None:
            await model.paid(ASK, Purse())
            with contextlib.suppress(NoAnswer):
                await model.paid(ASK, Purse())

        asyncio.run(twice())
        recording.close()


def test_a_call_that_nobody_counts_is_counted_by_its_length() -> None:
    uncounted = {"usage": None}
    with answering(lambda n: {"raw": uncounted, **MOVE}) as endpoint:
        found = asked(f"vllm:any@{endpoint.url}/v1")
    assert found.tokens_in > 20
    assert found.tokens_out > 5


def test_only_so_many_calls_are_under_way_at_once() -> None:
    async def many(url: str) -> None:
        model = provider.connect(f"vllm:any@{url}/v1", at_once=3)
        await asyncio.gather(*(model.answer(ASK) for _ in range(12)))

    three = threading.Barrier(3)  # none of three is answered before all have come

    def answer(n: int) -> Any:
        three.wait(60)
        return MOVE

    with answering(answer, delay_s=0.05) as endpoint:
        asyncio.run(many(endpoint.url))
    assert endpoint.at_once_most == 3


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("gpt-5", "PROVIDER:MODEL"),
        ("nobody:x", "PROVIDER:MODEL"),
        ("openai:", "PROVIDER:MODEL"),
        ("compatible:x", "say where it is"),
        ("compatible:x@nourl", "no address"),
        ("vllm:x@http://me:secret@host/v1", "no place in a model's address"),
        ("local:x", "no local model x"),
    ],
)
def test_a_name_that_is_none_is_explained(name: str, why: str) -> None:
    with pytest.raises(NotReady, match=why):
        provider.connect(name)


def test_a_missing_key_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    with pytest.raises(NotReady, match="ANTHROPIC_API_KEY"):
        provider.connect("anthropic:claude-haiku-4-5")


def test_the_key_goes_to_the_provider_and_nowhere_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with answering(lambda n: 500 if n == 0 else MOVE) as endpoint:
        recording = Recording(tmp_path / "calls.jsonl")
        name = f"anthropic:claude-haiku-4-5@{endpoint.url}"
        model = recording.of(provider.connect(name), name, "Ann")
        asyncio.run(model.paid(ASK, Purse()))
        recording.close()
    assert KEY in " ".join(endpoint.headers[0].values())
    assert KEY not in (tmp_path / "calls.jsonl").read_text()
    assert KEY not in caplog.text
    assert KEY not in repr(vars(model))


def test_a_repair_is_a_conversation() -> None:
    def answers(n: int) -> Any:
        return {"act": "accept", "negotiation": "N9"} if n == 0 else MOVE

    with answering(answers) as endpoint:
        model = provider.connect(f"anthropic:claude-haiku-4-5@{endpoint.url}")
        brief = Brief(name="Ann", wants=(WantTold("books", 30),))
        agent = Representative(brief, model, USD)
        turn = asyncio.run(agent.wake(observed(), ""))
    assert turn.operation == Accept("N1", "terms")
    roles = [one["role"] for one in endpoint.bodies[1]["messages"]]
    assert roles == ["user", "assistant", "user"]
