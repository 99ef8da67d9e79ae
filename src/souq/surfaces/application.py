"""The whole HTTP surface as one ASGI application: the API on the short way, all else on Starlette.

/v1/…  the API and its events        /docs, /openapi.json   what it can do
/healthz, /readyz, /metrics          /.well-known/jwks.json the market's own keys
/.well-known/souq-evidence.json      the key that tree heads and receipts are signed with
"""

import itertools
import logging
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from souq.surfaces import docs_page, openapi
from souq.surfaces.metrics import Metrics
from souq.surfaces.problems import Malformed, Problem
from souq.surfaces.routes import PREFIX
from souq.surfaces.signatures import MarketKey, jwks
from souq.surfaces.wire import encode, send_problem
from souq.views.evidence_key import EvidenceKey

log = logging.getLogger(__name__)
_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


class Application:
    """Routes requests, names them for the log, and lets nothing of the inside show."""

    def __init__(
        self,
        api: Any,
        *,
        metrics: Metrics,
        market_key: MarketKey,
        evidence_key: EvidenceKey,
        is_ready: Callable[[], str],
        name_request: Callable[[str], object] = str,
        doors: Mapping[str, Any] | None = None,
    ) -> None:
        """`is_ready` gives "", or why this server should get no requests now.

        `doors` are more ASGI applications, by the first part of the paths they answer to, or by
        one whole path.

        `name_request` hears the id of the request that this task answers.
        """
        self._name_request = name_request
        self._doors = {PREFIX.strip("/"): api, **(doors or {})}
        self._metrics = metrics
        self._started = f"{os.getpid():x}-{time.time_ns() // 1_000_000:x}"
        self._numbers = itertools.count(1)
        self._pages = _pages(metrics, market_key, evidence_key, is_ready)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._pages(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = f"{self._started}-{next(self._numbers)}"
        self._name_request(request_id)
        status = 0

        async def send_named(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # Not appended: the list may be one that every such answer is sent with.
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            path, doors = scope["path"][1:], self._doors
            first = path.partition("/")[0]
            door = doors.get(path) or (doors.get(first) if first else None) or self._pages
            await door(scope, receive, send_named)
        except Exception:
            log.exception("request %s failed", request_id)
            if not status:
                problem = Problem("about:blank", "Internal error", 500, f"request {request_id}")
                await send_problem(send_named, problem)
        finally:
            self._metrics.request(scope, status, time.perf_counter() - began, request_id)


def _pages(
    metrics: Metrics,
    market_key: MarketKey,
    evidence_key: EvidenceKey,
    is_ready: Callable[[], str],
) -> Starlette:
    async def home(request: Request) -> Response:
        return RedirectResponse("/docs")

    async def docs(request: Request) -> Response:
        headers = {"content-security-policy": _PAGE_POLICY}
        return Response(docs_page.page(), media_type="text/html", headers=headers)

    async def description(request: Request) -> Response:
        return Response(openapi.document(), media_type="application/json")

    async def keys(request: Request) -> Response:
        return Response(encode(jwks(market_key)), media_type="application/jwk-set+json")

    async def evidence(request: Request) -> Response:
        published = {"keys": [evidence_key.jwk]}
        return Response(encode(published), media_type="application/jwk-set+json")

    async def healthy(request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def ready(request: Request) -> Response:
        why = is_ready()
        return PlainTextResponse(f"{why or 'ready'}\n", status_code=503 if why else 200)

    async def measured(request: Request) -> Response:
        return Response(metrics.render(), media_type=metrics.media_type)

    async def missing(request: Request, error: Exception) -> Response:
        status = getattr(error, "status_code", 404)
        no = Malformed(status if status in (404, 405) else 404, "there is nothing here; see /docs")
        return Response(
            encode(no.problem), status_code=no.status, media_type="application/problem+json"
        )

    routes = [
        Route("/", home),
        Route("/docs", docs),
        Route("/openapi.json", description),
        Route("/.well-known/jwks.json", keys),
        Route("/.well-known/souq-evidence.json", evidence),
        Route("/healthz", healthy),
        Route("/readyz", ready),
        Route("/metrics", measured),
    ]
    return Starlette(routes=routes, exception_handlers={404: missing, 405: missing})
