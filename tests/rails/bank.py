"""A bank in a process of its own, with every bad habit a bank can have.

    python -m tests.rails.bank STATE-FILE [PORT]

prints its port. What it knows stands in the file, written before it answers, so that it may be
killed and started again. `/control/faults` takes a list of faults, one for each payout asked for:

    slow    waits past the caller's patience, then pays      fail    503, and nothing done
    lost    pays, and cuts the line before it answers        html    pays, and answers with a page
    dies    pays, and its process ends                       reject  will never pay this one
    wait    202, and pays when it is asked again
"""

import asyncio
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

SLOW_S = 1.0
PAGE = 3  # few notices at a time, so that the cursor is put to use


class Cut(Response):
    """An answer that promises more than comes before the line is cut."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"status":', "more_body": False})


class Bank:
    """Accounts of one customer: the market."""

    def __init__(self, file: Path) -> None:
        self.file = file
        empty: dict[str, Any] = {
            "balance": {},
            "payments": {},
            "rejected": {},
            "notices": [],
            "faults": [],
        }
        self.state = json.loads(file.read_text()) if file.exists() else empty

    def save(self) -> None:
        partial = self.file.with_suffix(".partial")
        with partial.open("w") as out:
            json.dump(self.state, out)
            out.flush()
            os.fsync(out.fileno())
        partial.replace(self.file)

    def add(self, asset: str, units: int) -> None:
        balance = self.state["balance"]
        balance[asset] = balance.get(asset, 0) + units

    async def pay(self, request: Request) -> Response:
        key = request.headers["idempotency-key"]
        asked = await request.json()
        fault = self.state["faults"].pop(0) if self.state["faults"] else ""
        self.save()
        if fault == "slow":
            await asyncio.sleep(SLOW_S)
        if fault == "fail":
            return JSONResponse({"status": "busy"}, 503)
        if fault == "wait":
            return JSONResponse({"status": "pending"}, 202)
        is_paid = key in self.state["payments"]
        if key in self.state["rejected"] or (fault == "reject" and not is_paid):
            self.state["rejected"][key] = asked
            self.save()
            return JSONResponse({"status": "rejected", "why": "destination_unknown"}, 422)
        if not is_paid:
            number = len(self.state["payments"]) + 1
            self.state["payments"][key] = {**asked, "reference": f"p{number}"}
            self.add(asked["asset"], -asked["units"])
            self.save()
        paid = self.state["payments"][key]
        if fault == "dies":
            os._exit(9)
        if fault == "lost":
            return Cut()
        if fault == "html":
            return HTMLResponse("<h1>Welcome</h1>")
        if {name: paid[name] for name in asked} != asked:
            return JSONResponse({"status": "another payment has this key"}, 409)
        return JSONResponse({"status": "paid", "reference": paid["reference"]})

    async def notices(self, request: Request) -> Response:
        after = int(request.query_params["after"] or 0)
        page = self.state["notices"][after : after + PAGE]
        return JSONResponse({"notices": page, "cursor": str(after + len(page))})

    async def control(self, request: Request) -> Response:
        asked: list[Any] = await request.json()
        match request.path_params["what"]:
            case "faults":
                self.state["faults"] += asked
            case "moves":  # money that came or went back, as [type, reference, principal, units]
                for kind, _, _, units in asked:
                    self.add("USD", units if kind == "Deposit" else -units)
                self.tell(asked)
            case "tell":  # the same notice again, or before its time: no money moves
                self.tell(asked)
            case "money":
                for units in asked:
                    self.add("USD", units)
            case what:
                raise ValueError(what)
        self.save()
        return JSONResponse(self.state)

    def tell(self, notices: list[list[Any]]) -> None:
        for kind, reference, principal, units in notices:
            told = {"type": kind, "reference": reference, "units": units, "asset": "USD"}
            who = {"principal": principal} if kind == "Deposit" else {}
            self.state["notices"].append({**told, **who})


def main(file: Path, port: int) -> None:
    """Serve until killed."""
    bank = Bank(file)
    routes = [
        Route("/payouts", bank.pay, methods=["POST"]),
        Route("/notices", bank.notices),
        Route("/control/{what}", bank.control, methods=["POST"]),
    ]
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    print(listening.getsockname()[1], flush=True)
    config = uvicorn.Config(Starlette(routes=routes), log_level="critical", lifespan="off")
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
