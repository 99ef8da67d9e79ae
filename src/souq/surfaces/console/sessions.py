"""Who is signed in: short sessions, kept in memory.

A browser never holds a key. Whoever holds one proves it elsewhere and gets a code (`codes`), or
signs in with a passkey that stands for it. A session ends with its key, after a while without use,
at its last hour in any case, or when somebody ends it; a restart ends all of them.
"""

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable

from souq.surfaces.auth import Speaker
from souq.surfaces.console.codes import Codes

IDLE_S = 30 * 60.0
LENGTH_S = 8 * 3_600.0
SESSIONS_MAX = 10_000
OWN_MAX = 32  # so that nobody's many sessions end other people's
_TOLD_MAX = 8


class Session:
    """One browser that is signed in. `told` is what its next page says.

    `via` is how it signed in, and `passkey` with which one, if with any.
    """

    __slots__ = ("began_s", "csrf", "id", "name", "passkey", "told", "used_s", "via", "who")

    def __init__(self, id: str, who: Speaker, *, via: str, passkey: str, now_s: float) -> None:
        self.id = id  # a digest of what the cookie holds
        self.name = secrets.token_hex(8)  # for forms: it lets nobody in
        self.who = who
        self.via = via
        self.passkey = passkey
        self.csrf = secrets.token_urlsafe(24)
        self.told: deque[tuple[str, bool]] = deque(maxlen=_TOLD_MAX)
        self.began_s = self.used_s = now_s

    def is_own(self, csrf: str) -> bool:
        """Tell whether a form came from a page of this session."""
        return hmac.compare_digest(self.csrf.encode(), csrf.encode(errors="replace"))


class Sessions:
    """All sessions of one console, the least recently used first."""

    def __init__(
        self,
        is_live: Callable[[Speaker], bool],
        *,
        idle_s: float = IDLE_S,
        clock: Callable[[], float] = time.monotonic,
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        """`is_live` tells whether the key that somebody spoke with still lets them speak.

        `on_end` is called when somebody ended a session, so that streams notice at once.
        """
        self._is_live = is_live
        self._idle_s = idle_s
        self._clock = clock
        self._on_end = on_end
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self.codes = Codes(clock)

    def __len__(self) -> int:
        return len(self._sessions)

    def begin_by_code(self, code: str) -> str | None:
        """Give what a browser's cookie holds from now on, or None for a code that is none."""
        who = self.codes.spend(code)
        return None if who is None else self.begin(who, via="code")

    def begin(self, who: Speaker, *, via: str, passkey: str = "") -> str | None:
        """Begin a session for whoever has just proven who they are."""
        if not self._is_live(who):
            return None
        own = self.of(who.actor)
        self._drop(own[: max(0, len(own) - OWN_MAX + 1)])
        while len(self._sessions) >= SESSIONS_MAX:
            self._sessions.popitem(last=False)
        secret = secrets.token_urlsafe(32)
        id = _digest(secret)
        now_s = self._clock()
        self._sessions[id] = Session(id, who, via=via, passkey=passkey, now_s=now_s)
        return secret

    def find(self, secret: str, *, is_use: bool = True) -> Session | None:
        """Give the session that a cookie is of, while it lasts.

        What a page does by itself is no use: one that was left open does not keep a session up.
        """
        session = self._sessions.get(_digest(secret)) if secret else None
        if session is None or not self.is_live(session):
            return None
        if is_use:
            session.used_s = self._clock()
            self._sessions.move_to_end(session.id)
        return session

    def is_live(self, session: Session) -> bool:
        """Tell whether a session lasts; one that does not is forgotten."""
        now_s = self._clock()
        lasts = (
            session.id in self._sessions
            and now_s < session.used_s + self._idle_s
            and now_s < session.began_s + LENGTH_S
            and self._is_live(session.who)
        )
        if not lasts:
            self._sessions.pop(session.id, None)
        return lasts

    def end(self, *sessions: Session) -> None:
        """End sessions, and the streams that are open in them."""
        self._drop(sessions)
        self._on_end()

    def of(self, actor: str) -> list[Session]:
        """List somebody's sessions, the least recently used first."""
        found = [one for one in self._sessions.values() if one.who.actor == actor]
        return [one for one in found if self.is_live(one)]

    def ages_s(self, session: Session) -> tuple[float, float]:
        """Tell how long ago a session began, and was last used."""
        now_s = self._clock()
        return now_s - session.began_s, now_s - session.used_s

    def _drop(self, sessions: Iterable[Session]) -> None:
        for session in sessions:
            self._sessions.pop(session.id, None)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
