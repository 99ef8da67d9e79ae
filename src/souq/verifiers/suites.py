"""A suite of tests is a file of cases: what a program reads, and what it must then write.

The program runs in the sandbox, once for each case and then all over again; what it wrote is
compared outside. It never sees what is expected, so it can pass only by knowing the answer, and
whatever it does to its own process proves nothing. To test a library, `driver` brings a program
that uses it; the driver's files win over the delivery's, so nobody brings tests of their own.
"""

import hashlib

import msgspec
from msgspec import Struct

from souq.verifiers.sandbox import PYTHON, Limits, Unsafe, run

CASES_MAX = 200


class Case(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """`stdout` is compared byte for byte, but for white space at its end."""

    stdin: str = ""
    stdout: str = ""
    argv: tuple[str, ...] = ()


class Exam(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """`program` is a Python file of the delivery or the driver, which holds further files."""

    cases: tuple[Case, ...]
    program: str = "main.py"
    driver: dict[str, str] = {}


class Verdict(Struct, frozen=True):
    """What was found, in words for people; the report's digest is taken over it."""

    passed: bool
    why: str


def read(content: bytes) -> Exam:
    """Read a suite. Raises ValueError for one that tests nothing."""
    try:
        tests = msgspec.json.decode(content, type=Exam)
    except msgspec.DecodeError as error:
        raise ValueError(f"no suite of tests: {error}") from None
    if not 0 < len(tests.cases) <= CASES_MAX:
        raise ValueError(f"a suite has 1 to {CASES_MAX} cases")
    return tests


def written(tests: Exam) -> tuple[bytes, str]:
    """Write a suite, and give the digest that a contract names it by."""
    content = msgspec.json.encode(tests)
    return content, hashlib.sha256(content).hexdigest()


def judge(
    files: dict[str, bytes], tests: Exam, limits: Limits, *, may_be_weak: bool = False
) -> Verdict:
    """Run every case twice; pass where each ends well and writes what it should, both times.

    Raises Weak where this machine could not hold the program.
    """
    driver = {name: text.encode() for name, text in tests.driver.items()}
    both = {**files, **driver}
    if tests.program not in both:
        return Verdict(False, f"there is no {tests.program[:80]!r}")
    for turn in ("first", "second"):
        for number, case in enumerate(tests.cases, 1):
            argv = (PYTHON, "-I", tests.program, *case.argv)
            stdin = case.stdin.encode()
            try:
                ran = run(both, argv, limits, stdin=stdin, may_be_weak=may_be_weak)
            except Unsafe as unsafe:
                return Verdict(False, str(unsafe))
            why = ""
            if ran.outcome != "ended":
                why = ran.outcome.replace("_", " ")
            elif ran.code:
                why = f"it ended with code {ran.code}"
            elif ran.output.rstrip() != case.stdout.encode().rstrip():
                why = "it wrote something else"
            if why:
                return Verdict(False, f"case {number} of {len(tests.cases)}, {turn} run: {why}")
    return Verdict(True, f"all {len(tests.cases)} cases passed, twice")
