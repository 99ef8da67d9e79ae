"""What the model layer costs: `python -m bench.models`.

One agent against a model that answers at once, beside the bare library; then 200 agents on one
event loop, whose models answer after 0.2 s at an endpoint in another process.
"""

import asyncio
import json
import multiprocessing
import statistics
import tempfile
import time
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

import uvicorn
from pydantic_ai.messages import ModelMessage, ModelResponse, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from souq.agents.brief import Brief, ThingTold, WantTold
from souq.agents.llm import provider
from souq.agents.llm.calls import Answer, Ask, Estimate
from souq.agents.llm.mind import Representative
from souq.agents.llm.recording import Recording
from souq.core.agreement import CashLeg, GoodsLeg
from souq.core.mandate import Limits
from souq.core.money import USD, Money
from souq.views.history import Said
from souq.views.observation import ListingSeen, NegotiationSeen, Observation

UNITS = 1_000_000
CALLS, AGENTS, WAKES, DELAY_S = 300, 200, 5, 0.2
MOVE = {"act": "say", "say": "Good day"}
BRIEF = Brief(
    name="Ann",
    things=tuple(ThingTold(f"Lamp {n}", "home", 90, 60) for n in range(5)),
    wants=(WantTold("books", 30, 3),),
)


class Instant:
    name = "instant:1"

    def estimate(self, ask: Ask) -> Estimate:
        return Estimate(1_020, 0)

    async def answer(self, ask: Ask) -> Answer:
        return Answer(json.dumps(MOVE), 1_000, 20, 0)


def busy(n: int) -> Observation:
    """Give a market with 100 listings, ten negotiations and 40 messages."""
    listings = tuple(
        ListingSeen(f"L{k}", f"A{k % 9 + 2}", "sell", "goods", "books", f"Atlas {k}", 25 * UNITS, 1)
        for k in range(1, 101)
    )
    talks = tuple(
        NegotiationSeen(
            f"N{k}",
            "alternating_offers",
            ("A2", "A1"),
            (GoodsLeg("A2", "A1", f"L{k}", 1), CashLeg("A1", "A2", Money(k * UNITS, "USD"))),
            "0" * 64,
            k % 2 == 0,
            (k * UNITS,),
            (2 * k * UNITS,),
            9,
        )
        for k in range(1, 11)
    )
    said = tuple(Said(k, "A2", f"Is lamp {k} still there?") for k in range(40))
    limits = Limits(ceilings={"books": 30 * UNITS})
    return Observation(n, "A1", 100 * UNITS + n, limits, listings, talks, (), said)


def agent(model: Any) -> Representative:
    return Representative(BRIEF, model, USD)


async def cpu_per_wake(mind: Representative, calls: int) -> float:
    """Give CPU milliseconds a wake; every one differs, so that none is spared."""
    seen = [busy(n) for n in range(calls)]
    began = time.process_time()
    for one in seen:
        await mind.wake(one, "")
    return 1_000 * (time.process_time() - began) / calls


def play(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    return ModelResponse(parts=[ToolCallPart("say", {"say": "Good day"})])


async def overhead(rounds: int = 5) -> dict[str, float]:
    """Measure our layer alone, with a recording, and through pydantic-ai's function model."""
    found: dict[str, list[float]] = {"ours": [], "ours, recorded": [], "with pydantic-ai": []}
    for _ in range(rounds):
        found["ours"].append(await cpu_per_wake(agent(Instant()), CALLS))
        with tempfile.TemporaryDirectory() as folder:
            recording = Recording(Path(folder) / "calls.jsonl")
            mind = agent(recording.of(Instant(), "instant:1", "Ann"))
            found["ours, recorded"].append(await cpu_per_wake(mind, CALLS))
            recording.close()
        model = provider.Connected("function:1", FunctionModel(play), is_free=True)
        found["with pydantic-ai"].append(await cpu_per_wake(agent(model), CALLS))
    return {name: statistics.median(values) for name, values in found.items()}


def endpoint(queue: "Queue[int]") -> None:
    """Answer in OpenAI's form after a while, in a process of its own."""
    answer = {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "any",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": json.dumps({"act": "pass"})},
            }
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }

    async def complete(request: Request) -> JSONResponse:
        await request.body()
        await asyncio.sleep(DELAY_S)
        return JSONResponse(answer)

    app = Starlette(routes=[Route("/v1/chat/completions", complete, methods=["POST"])])
    config = uvicorn.Config(app, port=0, log_level="error")
    server = uvicorn.Server(config)
    listening = config.bind_socket()
    queue.put(listening.getsockname()[1])
    server.run(sockets=[listening])


async def crowd(port: int) -> dict[str, float]:
    """Let all agents wake together, again and again, on one event loop."""
    name = f"vllm:any@http://127.0.0.1:{port}/v1"
    model = provider.connect(name, at_once=AGENTS)
    minds = [agent(model) for _ in range(AGENTS)]
    took: list[float] = []

    async def live(mind: Representative, first: int) -> None:
        for n in range(WAKES):
            began = time.perf_counter()
            await mind.wake(busy(first * WAKES + n), "")
            took.append(time.perf_counter() - began)

    await asyncio.gather(*(live(mind, 10_000) for mind in minds[:20]))  # open connections
    took.clear()
    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*(live(mind, n) for n, mind in enumerate(minds)))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    failed = sum(mind.moves["no_answer"] for mind in minds)
    took.sort()
    return {
        "calls": len(took),
        "failed": failed,
        "calls a second": len(took) / wall,
        "CPU ms a call": 1_000 * cpu / len(took),
        "p50 s": took[len(took) // 2],
        "p99 s": took[int(len(took) * 0.99)],
    }


def main() -> None:
    """Print both."""
    for name, value in asyncio.run(overhead()).items():
        print(f"{name:<18} {value:6.2f} CPU ms a call (ours: at most 3)")
    queue: Queue[int] = multiprocessing.Queue()
    process = multiprocessing.Process(target=endpoint, args=(queue,), daemon=True)
    process.start()
    try:
        found = asyncio.run(crowd(queue.get(timeout=20)))
    finally:
        process.terminate()
    print(f"{AGENTS} agents, {WAKES} wakes each, models that take {DELAY_S} s:")
    for name, value in found.items():
        print(f"  {name:<16} {value:.2f}")


if __name__ == "__main__":
    main()
