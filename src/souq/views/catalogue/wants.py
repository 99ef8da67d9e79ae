"""Standing wants, found by the words of a new offer; and the rule of when an offer fits a want.

A search looks for listings by a few words. Here it is the other way about: a new listing brings
many words, and the wants all of whose title's words are among them are to be found. Each want is
kept under its category and its longest word.
"""

import re
import unicodedata
from bisect import bisect_left, insort
from functools import lru_cache

from msgspec import Struct

from souq.views.catalogue.entry import Entry, read
from souq.views.catalogue.query import COVERS, covered, matching, words_of
from souq.views.derived import DerivedFile

PAIRS_MAX = 50  # each told to two agents
TRIED_MAX = 2_000
_WORD = re.compile(r"[^\W_]+")


class Want(Struct, frozen=True):
    """What somebody asks for, as far as fitting needs it."""

    number: int
    agent: str
    principal: str
    subject: str
    category: str
    asset: str | None
    price: int | None
    words: frozenset[str]


def word_forms(text: str) -> dict[str, None]:
    """Give the words of a text in their order, without case, accents, or the s of a plural."""
    if not text.isascii():
        text = "".join(
            sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign)
        )
    return {_form(word): None for word in _WORD.findall(text.casefold())}


@lru_cache(maxsize=65_536)
def _form(word: str) -> str:
    is_plural = len(word) > 3 and word[-1] == "s" and word[-2] not in "sui"
    return word[:-1] if is_plural else word


def want_of(entry: Entry) -> Want:
    """Give a listing as a want."""
    return Want(
        entry.number,
        entry.agent,
        entry.principal,
        entry.subject,
        entry.category,
        entry.asset,
        entry.price,
        frozenset(word_forms(entry.title or "")),
    )


def fits(want: Want, offer: Entry, words: dict[str, None]) -> bool:
    """Tell whether an offer of a category that is asked for fits; a price left open fits any."""
    is_open_to_talk = want.price is None or offer.price is None
    return (
        (is_open_to_talk or (want.asset == offer.asset and (offer.price or 0) <= (want.price or 0)))
        and want.principal != offer.principal
        and want.subject == offer.subject
        and bool(want.words)
        and want.words <= words.keys()
    )


def offers_fitting(file: DerivedFile, wanted: Entry) -> list[Entry]:
    """Give the standing offers that fit a new want, the newest first, as many as may be told."""
    want, words = want_of(wanted), words_of(wanted.title or "")
    if not words:
        return []
    rows = file.rows(
        "SELECT words.rowid FROM words CROSS JOIN listings ON number = words.rowid"
        f" WHERE words MATCH ? AND is_open = 1 AND side = 'sell' AND subject = ? AND {COVERS}"
        " AND principal <> ? AND (asset IS NULL OR ? IS NULL OR (asset = ? AND price <= ?))"
        " ORDER BY words.rowid DESC LIMIT ?",
        (
            matching(words, is_last_whole=True),
            want.subject,
            *covered(want.category),
            want.principal,
            want.asset,
            want.asset,
            want.price,
            TRIED_MAX,
        ),
    )
    found: list[Entry] = []
    for (number,) in rows:
        offer = read(file, number)
        # FTS5 stems harder than a want is read, and the two must meet whichever came first.
        if fits(want, offer, word_forms(f"{offer.title or ''} {offer.description or ''}")):
            found.append(offer)
            if len(found) == PAIRS_MAX:
                break
    return found


class Wants:
    """All wants that are open now."""

    def __init__(self) -> None:
        self._live: set[int] = set()
        self._wants: dict[int, Want] = {}
        self._by_word: dict[tuple[str, str], list[int]] = {}

    def __contains__(self, number: int) -> bool:
        return number in self._live  # one that is paused is a want as well

    def __len__(self) -> int:
        return len(self._wants)

    def put(self, entry: Entry) -> None:
        """Keep a want as it stands now, or no longer."""
        self._drop(entry.number)
        if entry.is_over:
            self._live.discard(entry.number)
        else:
            self._live.add(entry.number)
        if not entry.is_open:
            return
        want = want_of(entry)
        if want.words:
            self._wants[want.number] = want
            insort(self._by_word.setdefault(_key(want), []), want.number)

    def fitting(self, offer: Entry) -> list[Want]:
        """Give the wants that an offer fits, the newest first, as many as may be told.

        However many wants strangers post, a new listing tries only so many.
        """
        words = word_forms(f"{offer.title or ''} {offer.description or ''}")
        parts = offer.category.split("/")
        categories = ["/".join(parts[:depth]) for depth in range(len(parts), 0, -1)]
        found: list[Want] = []
        tried = 0
        for category in categories:
            for word in words:
                for number in reversed(self._by_word.get((category, word), ())):
                    if tried == TRIED_MAX:
                        break
                    tried += 1
                    want = self._wants[number]
                    if fits(want, offer, words):
                        found.append(want)
        found.sort(key=lambda want: -want.number)
        return found[:PAIRS_MAX]

    def _drop(self, number: int) -> None:
        want = self._wants.pop(number, None)
        if want is None:
            return
        key = _key(want)
        numbers = self._by_word[key]
        del numbers[bisect_left(numbers, number)]
        if not numbers:
            del self._by_word[key]


def _key(want: Want) -> tuple[str, str]:
    # The longest word is likely the rarest; among equals the alphabet decides, as it always must.
    return want.category, max(want.words, key=lambda word: (len(word), word))
