"""Signing in with a passkey (WebAuthn), where the operator turns it on.

    POST /sessions/passkey/options   what a browser makes a passkey by, for who is signed in
    POST /sessions/passkey           the one it made, to be kept
    POST /sessions/passkey/remove    one of one's own goes, and the sessions it began
    POST /sign-in/passkey/options    what a browser asks its passkeys
    POST /sign-in/passkey            what one of them answered: a session begins

All but `remove` are called by `static/passkey.js` and speak JSON. A passkey is made by somebody who
has just signed in otherwise, so that a browser left alone for a moment cannot be given one. It lets
its owner in; it signs nothing: approvals that a house wants signed are signed on the command line.
"""

import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
import webauthn
from msgspec import Struct
from starlette.responses import Response
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from souq.core import base64url
from souq.core.refusal import Refused
from souq.surfaces.auth import Speaker
from souq.surfaces.console.acting import back, need_own_form
from souq.surfaces.console.entrance import SESSIONS, SIGN_IN, Entrance, cookie_of
from souq.surfaces.console.passkey_list import OWN_MAX, Passkey, PasskeyList
from souq.surfaces.console.rendering import SAFE, plain
from souq.surfaces.console.telling import say_refusal
from souq.surfaces.console.visit import Handler, Visit
from souq.surfaces.problems import STATUS, Malformed

CHALLENGE_S = 300
FRESH_S = 600.0  # since signing in, for adding a passkey
NAME_MAX = 40
ID_MAX = 1_366  # of a credential, in base64url: 1,023 bytes by WebAuthn, 4
_COOKIE = "souq-challenge"
_SPENT_MAX = 10_000
_VERIFIED = UserVerificationRequirement.REQUIRED
log = logging.getLogger(__name__)


class _Made(Struct, frozen=True, forbid_unknown_fields=True):
    csrf: str
    token: str
    credential: dict[str, Any]
    name: str = ""


class _Answered(Struct, frozen=True, forbid_unknown_fields=True):
    credential: dict[str, Any]
    back: str = "/"


class _Own(Struct, frozen=True, forbid_unknown_fields=True):
    csrf: str


class Challenge(NamedTuple):
    """What an authenticator signs, and the token by which we know it again."""

    token: str
    raw: bytes


class Challenges:
    """Challenges that nobody keeps: each follows from its token, which says until when it is good.

    So a stranger who asks for a million of them fills nothing. What was used is kept until it would
    have been over, so that it is good once.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._secret = secrets.token_bytes(32)
        self._clock = clock
        self._spent: dict[str, int] = {}  # in order of being spent

    def new(self, bound_to: str) -> Challenge:
        """Make one for a purpose, and a browser or session."""
        token = f"{int(self._clock()) + CHALLENGE_S}.{secrets.token_urlsafe(24)}"
        return Challenge(token, self._raw(token, bound_to))

    def of(self, token: str, bound_to: str) -> bytes:
        """Give the challenge of a token. Raises Malformed where it is over, or was used."""
        until = token.partition(".")[0]
        is_number = until.isascii() and until.isdigit() and len(until) < 17
        # Somebody may write any token; a challenge that follows from it was then signed by nobody.
        if not is_number or self._clock() >= int(until) or token in self._spent:
            raise Malformed(403, "This took too long, or was used before. Try again.")
        return self._raw(token, bound_to)

    def spend(self, token: str) -> None:
        """Have a token be good no more."""
        now_s = self._clock()
        while self._spent:
            first = next(iter(self._spent))
            if self._spent[first] > now_s and len(self._spent) < _SPENT_MAX:
                break
            del self._spent[first]
        self._spent[token] = int(token.partition(".")[0])

    def _raw(self, token: str, bound_to: str) -> bytes:
        return hmac.digest(self._secret, f"{bound_to}\0{token}".encode(), "sha256")


class Passkeys:
    """The routes of passkeys, beside an entrance."""

    def __init__(
        self,
        entrance: Entrance,
        kept: PasskeyList,
        *,
        origin: str,
        challenges: Challenges | None = None,
    ) -> None:
        """`origin` is what browsers call this market; a passkey is good under that name alone."""
        self._entrance = entrance
        self._kept = kept
        self._origin = origin
        self._host = urlsplit(origin).hostname or ""
        self._challenges = challenges or Challenges()
        self._cookie = f"__Host-{_COOKIE}" if entrance.is_secure else _COOKIE

    @property
    def pages(self) -> Mapping[str, tuple[Handler, list[str]]]:
        """Give handlers and their methods by path."""
        found = {
            f"{SESSIONS}/passkey/options": _in_json(self._offer),
            f"{SESSIONS}/passkey": _in_json(self._add),
            f"{SESSIONS}/passkey/remove": self._remove,
            f"{SIGN_IN}/passkey/options": _in_json(self._ask),
            f"{SIGN_IN}/passkey": _in_json(self._sign_in),
        }
        return {path: (handler, ["POST"]) for path, handler in found.items()}

    async def _offer(self, visit: Visit) -> Response:
        session, fingerprint = self._need_fresh(visit, (await _read(visit, _Own)).csrf)
        made = self._challenges.new(f"add\0{session}")
        own = self._kept.of(visit.me.actor)
        if len(own) >= OWN_MAX:
            raise Malformed(409, f"You have {OWN_MAX} passkeys. Remove one first.")
        name = (await visit.market()).rules.name
        options = webauthn.generate_registration_options(
            rp_id=self._host,
            rp_name=name or self._host,
            user_id=_handle(visit.me.actor, fingerprint),
            user_name=f"{visit.me.actor} at {name or self._host}",
            challenge=made.raw,
            timeout=CHALLENGE_S * 1_000,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
            ),
            exclude_credentials=[
                PublicKeyCredentialDescriptor(id=base64url.decoded(one.id)) for one in own
            ],
        )
        return _json({"token": made.token, "options": options_to_json_dict(options)})

    async def _add(self, visit: Visit) -> Response:
        asked = await _read(visit, _Made)
        session, fingerprint = self._need_fresh(visit, asked.csrf)
        challenge = self._challenges.of(asked.token, f"add\0{session}")
        try:
            found = webauthn.verify_registration_response(
                credential=asked.credential,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                require_user_verification=True,
            )
        except (
            Exception
        ) as error:  # the library's readers trip over a stranger's bytes in many ways
            raise _refused(error) from None
        self._challenges.spend(asked.token)
        id = base64url.encoded(found.credential_id)
        own = self._kept.of(visit.me.actor)
        name = plain(asked.name.strip()[:NAME_MAX]) or f"passkey {len(own) + 1}"
        one = Passkey(
            id,
            visit.me.actor,
            fingerprint,
            found.credential_public_key,
            found.sign_count,
            name,
            visit.site.now(),
        )
        if len(id) > ID_MAX or len(own) >= OWN_MAX or not self._kept.add(one):
            raise Malformed(409, "This passkey cannot be kept here, or is known already.")
        visit.say(f"{name} signs you in from now on.")
        return _json({"to": visit.site.base + SESSIONS})

    async def _remove(self, visit: Visit) -> Response:
        form = await visit.form()
        need_own_form(visit, form)
        id = form.get("passkey", "")
        is_gone = self._kept.remove(visit.me.actor, id)
        sessions = self._entrance.sessions
        began = [one for one in sessions.of(visit.me.actor) if one.passkey == id]
        if is_gone:
            sessions.end(*(one for one in began if one is not visit.session))
            visit.say("The passkey is removed, and whoever had signed in with it is signed out.")
        return visit.to(SESSIONS)

    async def _ask(self, visit: Visit) -> Response:
        made = self._challenges.new("sign in")
        options = webauthn.generate_authentication_options(
            rp_id=self._host,
            challenge=made.raw,
            timeout=CHALLENGE_S * 1_000,
            user_verification=_VERIFIED,
        )
        response = _json({"options": options_to_json_dict(options)})
        response.set_cookie(
            self._cookie,
            made.token,
            max_age=CHALLENGE_S,
            httponly=True,
            samesite="strict",
            secure=self._entrance.is_secure,
        )
        return response

    async def _sign_in(self, visit: Visit) -> Response:
        asked = await _read(visit, _Answered)
        self._entrance.tries.begin(visit.request)
        token = cookie_of(visit.request, self._cookie)
        challenge = self._challenges.of(token, "sign in")
        one, who, count = self._proven(asked.credential, challenge)
        self._challenges.spend(token)
        self._kept.was_used(one.id, count=count, at=visit.site.now())
        secret = self._entrance.sessions.begin(who, via=one.name, passkey=one.id)
        if secret is None:
            raise _unknown()
        self._entrance.tries.was_right(visit.request)
        answer = _json({"to": visit.site.base + back({"back": asked.back})})
        answer.delete_cookie(
            self._cookie, httponly=True, samesite="strict", secure=self._entrance.is_secure
        )
        return self._entrance.come_in(visit, answer, secret)

    def _proven(self, credential: dict[str, Any], challenge: bytes) -> tuple[Passkey, Speaker, int]:
        """Tell which passkey answered, whose it is, and where it counts. Raises Malformed."""
        id, response = credential.get("id"), credential.get("response")
        one = self._kept.find(id) if isinstance(id, str) and len(id) <= ID_MAX else None
        key = self._kept.key(one) if one is not None else None
        if one is None or key is None or not isinstance(response, dict):
            raise _unknown()
        handle = base64url.encoded(_handle(one.actor, one.fingerprint))
        if response.get("userHandle") != handle:
            raise _unknown()
        try:
            found = webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                credential_public_key=one.public,
                credential_current_sign_count=one.count,
                require_user_verification=True,
            )
        except Exception as error:  # as above
            raise _refused(error) from None
        return one, Speaker(key.owner, key.id), found.new_sign_count

    def _need_fresh(self, visit: Visit, csrf: str) -> tuple[str, str]:
        """Give the session's id, and its key's fingerprint. Raises Malformed."""
        need_own_form(visit, {"csrf": csrf})
        session = visit.session
        assert session is not None, "or the form would not be its own"
        if self._entrance.sessions.ages_s(session)[0] > FRESH_S:
            why = "Sign out and in again first: a passkey is added soon after that."
            raise Malformed(403, why)
        return session.id, self._entrance.fingerprint_of(session.who)


def _handle(actor: str, fingerprint: str) -> bytes:
    """Name an owner to authenticators, which keep one passkey for each such name and host.

    Markets of one host differ in it, and it tells a finder of the device nothing.
    """
    return hashlib.sha256(f"souq/passkey/v1 {actor} {fingerprint}".encode()).digest()


def _in_json(handler: Callable[[Visit], Awaitable[Response]]) -> Handler:
    """Have a handler's no be JSON, too."""

    async def answer(visit: Visit) -> Response:
        try:
            return await handler(visit)
        except Malformed as no:
            return _json({"why": no.why}, no.status, no.headers)
        except Refused as no:
            return _json({"why": say_refusal(no.reason.value)}, STATUS[no.reason])

    return answer


async def _read(visit: Visit, kind: type[Any]) -> Any:
    if visit.request.headers.get("content-type", "") != "application/json":
        raise Malformed(415, "send this as application/json")
    try:
        return msgspec.json.decode(await visit.body(), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Malformed(400, "this is nothing that a page of ours sends") from None


def _json(value: Any, status: int = 200, more: Mapping[str, str] | None = None) -> Response:
    return Response(
        msgspec.json.encode(value),
        status,
        headers={**SAFE, **(more or {})},
        media_type="application/json",
    )


def _refused(error: Exception) -> Malformed:
    log.warning("a passkey was turned away: %s", type(error).__name__)  # its text has theirs in it
    return _unknown()


def _unknown() -> Malformed:
    return Malformed(403, "This passkey is not good here. Sign in with a code.")
