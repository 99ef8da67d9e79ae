"""How people come in and go out: codes, cookies, and the page of one's own sessions.

    POST /sign-in/code    a code, for whoever proves with a key who they are, as for any command
    GET, POST /sign-in    a code becomes a session, and its secret the browser's cookie
    POST /sign-out        this session ends
    GET /sessions         one's own sessions and passkeys
    POST /sessions/end    one of them ends, or all (`session` left out)

Whoever holds a cookie acts as its owner, so no page's script can read it, no other site's page has
it sent along, and a session begun with it was always begun by its own browser: signing in makes a
new secret whatever the browser brought.
"""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from souq.core.refusal import Reason, Refused
from souq.core.rules import SECOND_US
from souq.surfaces.auth import CHALLENGE, Authenticator, Speaker, Unauthenticated
from souq.surfaces.console.acting import back, need_own_form
from souq.surfaces.console.codes import CODE_S, TRIES, TRY_S
from souq.surfaces.console.passkey_list import PasskeyList
from souq.surfaces.console.rendering import SAFE
from souq.surfaces.console.sessions import LENGTH_S, Session, Sessions
from souq.surfaces.console.visit import REFRESH, Handler, Visit
from souq.surfaces.limits import Limiter, Limits, address
from souq.surfaces.problems import MEDIA_TYPE, Malformed, Problem
from souq.surfaces.wire import Disconnected, encode, read_body

COOKIE = "souq-session"
SIGN_IN = "/sign-in"
CODE = f"{SIGN_IN}/code"
SESSIONS = "/sessions"
_BODY_MAX = 1_024
_WRONG_CODE = "This code is none of ours, or its two minutes are over. Ask for a new one."


class Tries:
    """How often somebody who cannot be named yet may be wrong; whoever is right pays nothing."""

    def __init__(self) -> None:
        self._limiter = Limiter(1 / TRY_S, TRIES)

    def begin(self, request: Request) -> None:
        """Count a try as wrong, for now. Raises Malformed."""
        wait_s = self._limiter.take(address(request.scope))
        if wait_s:
            seconds = str(int(wait_s) + 1)
            why = f"Too many tries from your address. Wait {seconds} seconds."
            raise Malformed(429, why, **{"Retry-After": seconds})

    def was_right(self, request: Request) -> None:
        """Take back that it was wrong."""
        self._limiter.give_back(address(request.scope))


class Entrance:
    """Who comes in with which cookie."""

    def __init__(
        self,
        sessions: Sessions,
        authenticator: Authenticator,
        limits: Limits,
        *,
        is_secure: bool,
        passkeys: PasskeyList | None = None,
    ) -> None:
        """`is_secure` where browsers come by https alone; `passkeys` where the house takes them."""
        self.sessions = sessions
        self.tries = Tries()
        self._authenticator = authenticator
        self._limits = limits
        self._passkeys = passkeys
        self.is_secure = is_secure
        # The prefix has browsers refuse it from other hosts of the same site, and from http.
        self._cookie = f"__Host-{COOKIE}" if is_secure else COOKIE

    @property
    def pages(self) -> Mapping[str, tuple[Handler, list[str]]]:
        """Give handlers and their methods by path; `code` is no page."""
        return {
            SIGN_IN: (self._sign_in, ["GET", "POST"]),
            "/sign-out": (self._sign_out, ["POST"]),
            SESSIONS: (self._show, ["GET"]),
            f"{SESSIONS}/end": (self._end, ["POST"]),
        }

    def session_of(self, request: Request) -> Session | None:
        """Give the session that a request comes in. Looking again by itself is no use of it."""
        is_use = REFRESH not in request.headers and not request.scope["path"].endswith("/live")
        return self.sessions.find(cookie_of(request, self._cookie), is_use=is_use)

    def fingerprint_of(self, who: Speaker) -> str:
        """Give the fingerprint of the key that somebody signed in with, or "" if it has ended."""
        key = self._authenticator.key(who)
        return key.fingerprint if key is not None else ""

    def come_in(self, visit: Visit, response: Response, secret: str) -> Response:
        """Let an answer sign its browser in; the session it had ends."""
        if visit.session is not None:
            self.sessions.end(visit.session)
        response.set_cookie(
            self._cookie,
            secret,
            max_age=int(LENGTH_S),
            httponly=True,
            samesite="strict",
            secure=self.is_secure,
        )
        return response

    async def code(self, request: Request) -> Response:
        """Give a code to whoever proves with a key who they are."""
        try:
            who = await self._proven(request)
        except Malformed as no:
            return _problem(no.problem, no.headers)
        except Unauthenticated as no:
            problem = Problem("about:blank", "Who speaks is not proven", 401, no.why)
            return _problem(problem, {"www-authenticate": no.challenge})
        except Disconnected:
            return Response(status_code=400)
        given = {"code": self.sessions.codes.new(who), "good_s": int(CODE_S)}
        return Response(encode(given), headers=SAFE, media_type="application/json")

    async def _proven(self, request: Request) -> Speaker:
        """Tell who asks. Raises Unauthenticated and Malformed."""
        scope = request.scope
        body = await read_body(scope["headers"], request.receive, _BODY_MAX)
        try:
            who = self._authenticator.speaker(
                "POST",
                scope["raw_path"].decode("latin-1"),
                scope["query_string"],
                scope["headers"],
                body,
            )
            if not who.key:
                raise Unauthenticated("a code is given to whoever brings a key", CHALLENGE)
        except Unauthenticated:
            self._limits.failure(scope)
            raise
        self._limits.command(who.actor, scope)
        return who

    async def _sign_in(self, visit: Visit) -> Response:
        request = visit.request
        if request.method != "POST":
            to = back({"back": visit.given("to", "/")})
            return await self._ask(visit, to)
        form = await visit.form()
        self.tries.begin(request)
        secret = self.sessions.begin_by_code(form.get("code", ""))
        if secret is None:
            return await self._ask(visit, back(form), 403, _WRONG_CODE)
        self.tries.was_right(request)
        return self.come_in(visit, visit.to(back(form)), secret)

    async def _ask(self, visit: Visit, to: str, status: int = 200, why: str = "") -> Response:
        # A browser that follows a link from elsewhere does not send its cookie the first time.
        is_from_elsewhere = visit.request.headers.get("sec-fetch-site") == "cross-site"
        return await visit.show(
            "sign_in.html", status, to=to, why=why, is_from_elsewhere=is_from_elsewhere
        )

    async def _sign_out(self, visit: Visit) -> Response:
        need_own_form(visit, await visit.form())
        if visit.session is not None:
            self.sessions.end(visit.session)
        return self._go_out(visit)

    def _go_out(self, visit: Visit) -> Response:
        response = visit.to(SIGN_IN)
        response.delete_cookie(
            self._cookie, httponly=True, samesite="strict", secure=self.is_secure
        )
        return response

    async def _show(self, visit: Visit) -> Response:
        """Show one's own sessions and passkeys. To end somebody else's, end the key."""
        if visit.session is None:
            raise Refused(Reason.NOT_YOURS)
        own = self.sessions.of(visit.me.actor)[::-1]
        now = visit.site.now()
        rows = [
            (one, *(now - int(age_s * SECOND_US) for age_s in self.sessions.ages_s(one)))
            for one in own
        ]
        passkeys = self._passkeys.of(visit.me.actor) if self._passkeys is not None else ()
        return await visit.show("sessions.html", rows=rows, passkeys=passkeys)

    async def _end(self, visit: Visit) -> Response:
        form = await visit.form()
        need_own_form(visit, form)
        name = form.get("session", "")
        own = self.sessions.of(visit.me.actor)
        ending = [one for one in own if name in ("", one.name)]
        self.sessions.end(*ending)
        if visit.session in ending:
            return self._go_out(visit)
        visit.say("The session is ended." if ending else "That session had ended already.")
        return visit.to(SESSIONS)


def cookie_of(request: Request, name: str) -> str:
    """Give what a cookie holds; "" where there is none, or two, of which one is not ours."""
    found = [
        value.strip()
        for key, line in request.scope["headers"]
        if key == b"cookie"
        for part in line.decode("latin-1").split(";")
        for given, _, value in [part.partition("=")]
        if given.strip() == name
    ]
    return found[0] if len(found) == 1 else ""


def _problem(problem: Problem, more: Mapping[str, str]) -> Response:
    return Response(
        encode(problem), problem.status, {**SAFE, **more}, media_type=MEDIA_TYPE.decode()
    )
