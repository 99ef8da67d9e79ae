"""A pretended bank over HTTP, shaped as real ones are: slow, forgetful, and never to be trusted.

    POST URL/payouts        Idempotency-Key: ID   {"units","asset","destination"}
         200 {"status":"paid","reference":R}      422 {"status":"rejected","why":W}
    GET  URL/notices?after=CURSOR
         200 {"notices":[{"type":"Deposit",…},{"type":"Chargeback",…}],"cursor":C}

Only these answers settle anything. A time-out, a 404 from some proxy or a page of HTML says
nothing about the payment, so each of them is NoAnswer.
"""

from collections.abc import Mapping
from typing import Any

import httpx2
import msgspec

from souq.rails.order import News, NoAnswer, Order, Outcome, Paid, Rejected

TIMEOUT_S = 10.0
ANSWER_MAX = 1 << 20


class PaidBody(msgspec.Struct, frozen=True, tag_field="status", tag="paid"):
    reference: str = ""


class RejectedBody(msgspec.Struct, frozen=True, tag_field="status", tag="rejected"):
    why: str = "rejected"


class Sandbox:
    """One bank, and one connection pool to it."""

    is_automatic = True

    def __init__(self, url: str, *, key: str = "", timeout_s: float = TIMEOUT_S) -> None:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._client = httpx2.AsyncClient(
            base_url=url, headers=headers, timeout=timeout_s, trust_env=False
        )

    async def pay(self, order: Order) -> Outcome:
        wanted = {"units": order.units, "asset": order.asset, "destination": order.destination}
        status, body = await self._ask(
            "POST", "/payouts", json=wanted, headers={"idempotency-key": order.id}
        )
        if status == 200:
            return Paid(_read(body, PaidBody).reference)
        if status == 422:
            unknown = _read(body, RejectedBody).why == "destination_unknown"
            return Rejected("destination_unknown" if unknown else "rejected")
        raise NoAnswer(f"HTTP {status}")

    async def notices(self, after: str) -> News:
        status, body = await self._ask("GET", "/notices", params={"after": after})
        if status != 200:
            raise NoAnswer(f"HTTP {status}")
        return _read(body, News)

    async def close(self) -> None:
        await self._client.aclose()

    async def _ask(self, method: str, path: str, **more: Any) -> tuple[int, bytes]:
        try:
            async with self._client.stream(method, path, **more) as answer:
                body = b""
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > ANSWER_MAX:
                        raise NoAnswer("an answer without end")
                return answer.status_code, body
        except httpx2.HTTPError as error:
            raise NoAnswer(f"{type(error).__name__}: {error}") from error


def _read(body: bytes, kind: type[msgspec.Struct]) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NoAnswer(f"no answer of a bank: {error}") from error


def connect(settings: Mapping[str, str]) -> Sandbox:
    """Connect to the bank at `url`, with the bearer `key` where it wants one.

    Raises ValueError where there is no url, or one that is not HTTP.
    """
    url = settings.get("url", "")
    if not url.startswith(("http://", "https://")):
        raise ValueError("rail sandbox needs a url, such as http://127.0.0.1:9000")
    timeout_s = float(settings.get("timeout_s", TIMEOUT_S))
    return Sandbox(url.rstrip("/"), key=settings.get("key", ""), timeout_s=timeout_s)
