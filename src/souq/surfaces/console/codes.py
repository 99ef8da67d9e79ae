"""The short codes that sign a browser in: proven with a key elsewhere, typed here once.

A code has 10 signs of 30, is one of 6 * 10**14, and is good once and for two minutes. From one
address `TRIES` wrong ones are answered at once and one every `TRY_S` seconds after that. Somebody
who tries from one address for a whole year, while some code is open all the time, finds one with a
chance of 1 to 110 million; with ten thousand addresses, of 1 to 11 thousand.
"""

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable

from souq.surfaces.auth import Speaker

CODE_S = 120.0
CODES_MAX = 10_000
TRIES, TRY_S = 10, 6.0
_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no letter or digit that looks like another
_LENGTH = 10
_TYPED_MAX = 40


class Codes:
    """The codes that are open, the oldest first; each key has one at most."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take a clock of seconds that never goes back."""
        self._clock = clock
        self._codes: OrderedDict[str, tuple[Speaker, float]] = OrderedDict()
        self._by_key: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._codes)

    def new(self, who: Speaker) -> str:
        """Give a code; one that was given for the same key before is good no more."""
        now_s = self._clock()
        self._drop(self._by_key.get(who.key, ""))
        while self._codes:
            oldest = next(iter(self._codes))
            if len(self._codes) < CODES_MAX and self._codes[oldest][1] > now_s:
                break
            self._drop(oldest)
        code = "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))
        digest = _digest(code)
        self._codes[digest] = (who, now_s + CODE_S)
        self._by_key[who.key] = digest
        return f"{code[: _LENGTH // 2]}-{code[_LENGTH // 2 :]}"

    def spend(self, typed: str) -> Speaker | None:
        """Give whose code it is, once; None says no more than that it is none."""
        plain = "".join(sign for sign in typed[:_TYPED_MAX].upper() if sign.isalnum())
        # Found by its digest, so that how long the search takes tells nothing of the codes.
        found = self._drop(_digest(plain))
        return found[0] if found is not None and self._clock() < found[1] else None

    def _drop(self, digest: str) -> tuple[Speaker, float] | None:
        found = self._codes.pop(digest, None)
        if found is not None:
            del self._by_key[found[0].key]
        return found


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode(errors="replace")).hexdigest()
