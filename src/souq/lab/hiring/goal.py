"""The goal: three pieces of work, what each may cost, and the hidden tests that it must pass.

The tests are committed to by their digest before anybody is hired. A few examples are published, so
that whoever works knows what is asked; whoever only learns those by heart is caught by the rest.
"""

import random

from msgspec import Struct

from souq.core.criteria import Suite
from souq.core.money import BPS
from souq.lab.hiring.works import source
from souq.lab.population import generator
from souq.verifiers.suites import Case, Exam

WORDS = "a library that makes slugs, tested and installed"
EXAMPLES = {"Hello World": "hello-world", "  Trim me  ": "trim-me", "Souq 2 go": "souq-2-go"}
# What the hidden tests are drawn from; some of `TELLING` is always among them.
TELLING = {"Rock & Roll": "rock-roll", "wait... what?!": "wait-what", "a  --  b": "a-b"}
MORE = {
    "Über Café": "uber-cafe",
    "  (brackets)  ": "brackets",
    "Señor Ñandú": "senor-nandu",
    "one/two\\three": "one-two-three",
    "3.14 is Pi": "3-14-is-pi",
    "under_score": "under-score",
    "Crème brûlée": "creme-brulee",
    "tabs\tinside": "tabs-inside",
}
CASES = 4  # beside those that are published
MUTANTS = (
    (".lower()", ""),
    ("[a-z0-9]+", "[a-z]+"),
    ('normalize("NFKD", text)', 'normalize("NFC", text)'),
)
_ASKS = (
    "import sys\nsys.path.insert(0, '.')\nfrom main import slugify\n"
    "print(slugify(sys.stdin.buffer.read().decode()))\n"
)
# It is told on its input what to check, and is not told whether that is good.
_CHECKS = (
    "import sys\nsys.path.insert(0, '.')\nfrom main import check\n"
    "library = {}\nexec(sys.stdin.buffer.read().decode(), library)\n"
    "try:\n    check(library['slugify'])\nexcept AssertionError:\n    print('fails')\n"
    "else:\n    print('passes')\n"
)


class Piece(Struct, frozen=True):
    """One piece of work: of the budget it may cost a share, and it must pass an exam."""

    name: str
    category: str
    title: str
    words: str
    share_bps: int
    exam: Exam


class Goal(Struct, frozen=True):
    """What is wanted, and what all of it may cost."""

    words: str
    budget_units: int
    pieces: tuple[Piece, ...]

    def share(self, piece: Piece) -> int:
        """Give how much of the budget a piece may cost."""
        return self.budget_units * piece.share_bps // BPS


def goal(seed: int, budget_units: int) -> Goal:
    """Give the goal, its hidden tests drawn from a seed."""
    hidden = _drawn(generator(seed, "hidden tests"))
    return Goal(WORDS, budget_units, (_code(hidden), _tests(), _installed(hidden)))


def published() -> Exam:
    """Give the exam that the published examples would be."""
    return _library_exam(EXAMPLES)


def criterion(digest: str) -> Suite:
    """Give the criterion that a suite of a digest is."""
    return Suite(digest, seconds=10, memory_mib=256)


def _drawn(rng: random.Random) -> dict[str, str]:
    texts = [rng.choice(list(TELLING)), *rng.sample(list(MORE), CASES - 1)]
    rng.shuffle(texts)
    return {text: (TELLING | MORE)[text] for text in texts}


def _code(hidden: dict[str, str]) -> Piece:
    told = "; ".join(f"{text!r} gives {slug!r}" for text, slug in EXAMPLES.items())
    return Piece(
        "code",
        "services/code",
        "a library that makes slugs",
        f"One Python file with slugify(text). {told}. It is tested with more than these.",
        5_000,
        _library_exam({**EXAMPLES, **hidden}),
    )


def _library_exam(cases: dict[str, str]) -> Exam:
    asked = tuple(Case(stdin=text, stdout=slug) for text, slug in cases.items())
    return Exam(asked, "asks.py", {"asks.py": _ASKS})


def _tests() -> Piece:
    good = source("solid").decode()
    bad = [good.replace(old, new) for old, new in MUTANTS]
    bad += [source(name).decode() for name in ("hasty", "lookup")]
    cases = (Case(good, "passes"), *(Case(one, "fails") for one in bad))
    return Piece(
        "tests",
        "services/tests",
        "tests for a library that makes slugs",
        "One Python file with check(slugify), which raises AssertionError for a bad one. "
        "It must pass a good library, and fail each of several that are broken.",
        3_000,
        Exam(cases, "checks_it.py", {"checks_it.py": _CHECKS}),
    )


def _installed(hidden: dict[str, str]) -> Piece:
    told = {"Hello World": "hello-world"} | dict(list(hidden.items())[:2])
    cases = tuple(Case(argv=(text,), stdout=slug) for text, slug in told.items())
    return Piece(
        "installed",
        "services/deployment",
        "a library that makes slugs, as an application in one file",
        "One file that python3 runs, with the library in it: words come in, their slug goes out.",
        2_000,
        Exam(cases),
    )
