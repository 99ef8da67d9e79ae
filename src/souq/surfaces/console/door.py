"""The console as an ASGI application: who looks, which page, and what is said when that fails."""

import logging
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from souq.core.refusal import Reason, Refused
from souq.core.rules import OPERATOR
from souq.operations import queries as ask
from souq.surfaces.auth import ANYBODY, Speaker
from souq.surfaces.console.acting import act
from souq.surfaces.console.behind import AWAY, Behind
from souq.surfaces.console.entrance import CODE, SIGN_IN, Entrance
from souq.surfaces.console.live import Live
from souq.surfaces.console.own_site import need_own_site
from souq.surfaces.console.rendering import SAFE
from souq.surfaces.console.sessions import Session
from souq.surfaces.console.telling import remedy, say_refusal
from souq.surfaces.console.visit import Handler, Site, Visit
from souq.surfaces.problems import STATUS, Malformed

_FOREVER = {"cache-control": "public, max-age=31536000, immutable"}
_NOBODY: Mapping[str, tuple[Handler, list[str]]] = {}
log = logging.getLogger(__name__)


class Console:
    """All pages over one market."""

    def __init__(
        self,
        behind: Behind,
        site: Site,
        *,
        entrance: Entrance | None = None,
        more: Mapping[str, tuple[Handler, list[str]]] = _NOBODY,
        hosts: Collection[str] = (),
    ) -> None:
        """Without an entrance whoever looks sees all, as the operator: a journal on one's own disk.

        `more` are further handlers with their methods, by path. `hosts` are the names that browsers
        call us by; a bare address, and localhost, will always do.
        """
        self._behind = behind
        self._site = site
        self._entrance = entrance
        self._hosts = frozenset(hosts)
        self._live = Live(behind)
        routes = [
            Route(path, self._page(handler))
            for page in site.menu
            for path, handler in page.ROUTES.items()
        ]
        routes += [
            Route("/live", self._stream),
            Route("/static/{path:path}", self._static),
            Route("/do/{operation}", self._page(act), methods=["POST"]),
        ]
        if entrance is not None:
            routes.append(Route(CODE, entrance.code, methods=["POST"]))
            routes += [
                Route(path, self._page(handler), methods=methods)
                for path, (handler, methods) in {**entrance.pages, **more}.items()
            ]
        self._application = Starlette(
            routes=routes, exception_handlers={404: self._missing, 405: self._missing, 500: _broken}
        )
        self.parts = frozenset(route.path.strip("/").partition("/")[0] for route in routes)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request, unless another site had it sent."""
        try:
            need_own_site(scope, self._hosts)
        except Malformed as no:
            await _plain(no)(scope, receive, send)
            return
        await self._application(scope, receive, send)

    def _who(self, request: Request) -> tuple[Speaker, Session | None]:
        if self._entrance is None:
            return Speaker(OPERATOR), None
        session = self._entrance.session_of(request)
        return (session.who, session) if session is not None else (ANYBODY, None)

    async def _visit(self, request: Request) -> Visit:
        who, session = self._who(request)
        link = self._behind.link(who, request.scope)
        me: ask.Me = await link.ask(ask.WhoAmI())
        return Visit(request, self._site, link, me, session)

    def _is_welcome(self, visit: Visit) -> bool:
        """Tell whether somebody may look at all: guests, as long as the house lets them."""
        return bool(visit.me.actor) or self._behind.is_public

    def _need_welcome(self, visit: Visit) -> None:
        if not self._is_welcome(visit):
            raise Refused(Reason.NOT_YOURS)

    def _page(self, handler: Handler) -> Any:
        async def answer(request: Request) -> Response:
            try:
                visit = await self._visit(request)
                try:
                    # Not `request.url`, which is put together from a header that anybody writes.
                    if not request.scope["path"].startswith(SIGN_IN):
                        self._need_welcome(visit)
                    return await handler(visit)
                except (Malformed, Refused) as no:
                    return await self._say_no(visit, no)
            except ClientDisconnect:  # in the middle of a form; nobody is there to be told
                return Response(status_code=400)
            except (Malformed, *AWAY) as no:  # whoever is too fast gets no page that says so
                return _plain(no)

        return answer

    async def _say_no(self, visit: Visit, no: Malformed | Refused) -> Response:
        """Show why not; guests who may not look are asked to sign in. Raises Malformed."""
        if isinstance(no, Malformed):
            shown = await visit.show("no.html", no.status, why=no.why, remedy="")
            shown.headers.update(no.headers)
            return shown
        is_guest = not visit.me.actor and self._entrance is not None
        if is_guest and no.reason is Reason.NOT_YOURS:
            return visit.to(f"{SIGN_IN}?to={quote(_here(visit.request))}")
        why, then = say_refusal(no.reason.value), remedy(no.reason.value)
        return await visit.show("no.html", STATUS[no.reason], why=why, remedy=then)

    async def _stream(self, request: Request) -> Response:
        try:
            visit = await self._visit(request)
            self._need_welcome(visit)
            session = visit.session
            entrance = self._entrance

            def is_live() -> bool:
                if session is None or entrance is None:
                    return self._is_welcome(visit)
                return entrance.sessions.is_live(session)

            await visit.market()  # so that who is too fast is told so, while that can be said
            return await self._live(visit, is_live)
        except (Malformed, *AWAY) as no:
            return _plain(no)
        except Refused as no:
            return Response(say_refusal(no.reason.value), STATUS[no.reason], headers=SAFE)

    async def _static(self, request: Request) -> Response:
        found = self._site.renderer.assets.get(request.path_params["path"])
        if found is None:
            return Response("there is no such file", 404, headers=SAFE)
        version = self._site.renderer.version
        if request.scope["query_string"].decode("latin-1") == version:
            return Response(found.body, media_type=found.media_type, headers={**SAFE, **_FOREVER})
        # What a script imports has no version in its name: browsers ask whether theirs is current.
        headers = {**SAFE, "cache-control": "no-cache", "etag": f'"{version}"'}
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        return Response(found.body, media_type=found.media_type, headers=headers)

    async def _missing(self, request: Request, error: Exception) -> Response:
        status = getattr(error, "status_code", 404)
        try:
            visit = await self._visit(request)
            return await visit.show("no.html", status, why="There is no such page.", remedy="")
        except (Malformed, *AWAY) as no:
            return _plain(no)


async def _broken(request: Request, error: Exception) -> Response:
    """Say that it is our fault; the log knows what it was."""
    return Response("Something is wrong here, and it was written down.\n", 500, headers=SAFE)


def _plain(no: Exception) -> Response:
    """Say no where no page can be made: somebody is too fast, or the market is away."""
    if isinstance(no, Malformed):
        return Response(no.why + "\n", no.status, headers={**SAFE, **no.headers})
    log.error("cannot answer: %s", no)
    more = {"retry-after": "1"}
    return Response("The market is away. Try again soon.\n", 503, headers={**SAFE, **more})


def _here(request: Request) -> str:
    query = request.scope["query_string"].decode("latin-1")
    return f"{request.scope['path']}?{query}" if query else str(request.scope["path"])
