"""A hundred hostile payloads: none reaches a file, a network or a process that is not its own."""

import os
import resource
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from souq.verifiers import sandbox, suites
from souq.verifiers.sandbox import PYTHON, Limits, Ran, Unsafe, Weak, run, strength, unpacked
from souq.verifiers.suites import Case, Exam
from tests.verifiers.payloads import (
    ARCHIVES,
    BOMBS,
    HARNESS,
    NETWORK,
    POWERS,
    READS,
    WRITES,
    zipped,
)

LIMITS = Limits(wall_s=30.0, cpu_s=2, memory_mib=256, disk_mib=16, processes=12)
HELD = b"HELD"
pytestmark = pytest.mark.skipif(
    strength() != "namespaces", reason="this machine allows no namespaces"
)


def python(source: str, limits: Limits = LIMITS, **files: bytes) -> Ran:
    return run({"main.py": source.encode(), **files}, (PYTHON, "-I", "main.py"), limits)


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("private") / "market-key.pem"
    path.write_text("SECRET", "utf-8")
    return path


@pytest.fixture(scope="module")
def door() -> Iterator[tuple[int, list[str]]]:
    """Listen on this machine, and note whoever comes."""
    came: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        is_over = threading.Event()

        def listen() -> None:
            while not is_over.is_set():
                try:
                    connection, address = server.accept()
                except TimeoutError:
                    continue
                came.append(str(address))
                connection.close()

        thread = threading.Thread(target=listen)
        thread.start()
        yield server.getsockname()[1], came
        is_over.set()
        thread.join()


def attempt(attempts: tuple[str, ...]) -> bytes:
    ran = python(HARNESS.replace("ATTEMPTS", repr(attempts)), Limits(wall_s=30.0, cpu_s=20))
    assert ran.outcome == "ended", ran
    return ran.output.strip().splitlines()[-1]


def test_there_are_a_hundred_payloads() -> None:
    whole = len(READS) + len(WRITES) + len(NETWORK) + len(POWERS) + len(BOMBS) + len(ARCHIVES)
    assert whole >= 100


def test_no_payload_reads_what_is_not_its_own(secret: Path) -> None:
    here = (*READS, str(secret), os.getcwd(), str(Path(__file__)), str(Path.home() / ".ssh"))
    told = attempt(tuple(f"read({path!r})" for path in here))
    assert told == HELD


def test_no_payload_writes_where_it_should_not(secret: Path) -> None:
    attempts = tuple(f"write({path!r})" for path in (*WRITES, str(secret)))
    assert attempt(attempts) == HELD
    assert secret.read_text("utf-8") == "SECRET"


def test_no_payload_reaches_a_network(door: tuple[int, list[str]]) -> None:
    port, came = door
    assert attempt(tuple(one.replace("PORT", str(port)) for one in NETWORK)) == HELD
    assert came == []


def test_no_payload_gains_a_power() -> None:
    assert attempt(POWERS) == HELD


def test_a_link_to_what_is_ours_leads_nowhere(secret: Path) -> None:
    source = f"import os; os.symlink({str(secret)!r}, 'link'); print(open('link').read())"
    ran = python(source)
    assert ran.code != 0
    assert b"SECRET" not in ran.output


def test_nothing_of_our_environment_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOUQ_KEY", "SECRET")
    ran = python("import os; print(os.environ, os.listdir('/proc/self/fd'))")
    assert b"SECRET" not in ran.output
    assert b"SOUQ" not in ran.output


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_hurts_nobody_but_itself(bomb: str) -> None:
    processes, began = _processes(), time.monotonic()
    ran = python(BOMBS[bomb], Limits(wall_s=1.5, cpu_s=1, memory_mib=128, disk_mib=8, processes=12))
    assert time.monotonic() - began < 20
    assert bomb == "daemons" or not ran.is_good
    assert len(ran.output) <= LIMITS.output_bytes
    until = time.monotonic() + 30
    while _processes() > processes and time.monotonic() < until:
        time.sleep(0.05)
    assert _processes() <= processes, "something of it goes on"
    assert not list(Path("/tmp").glob("souq-jail-*/work/big"))


def _processes() -> int:
    """Count the processes that belong to nobody of this machine: only jails make such."""
    count = 0
    for path in Path("/proc").glob("[0-9]*"):
        try:
            count += path.stat().st_uid >= 1_000_000
        except OSError:
            continue
    return count


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("archive", ARCHIVES)
def test_an_archive_that_is_no_plain_files_is_not_unpacked(archive: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    content = ARCHIVES[archive]()
    made = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Unsafe):
        unpacked(content, bytes_max=16_000_000)
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - max(before, made)
    assert grown_kib < 64_000


def test_plain_archives_are_unpacked() -> None:
    assert unpacked(zipped(("a/b.py", b"1"), ("c", b""))) == {"a/b.py": b"1", "c": b""}


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "", ".", "a\x00b", "a\\b", "x" * 300])
def test_no_file_is_laid_out_beside_its_folder(name: str) -> None:
    with pytest.raises(Unsafe):
        run({name: b"x"}, (PYTHON, "-c", "pass"), LIMITS)


def test_a_file_that_is_another_files_folder_is_refused() -> None:
    with pytest.raises(Unsafe):
        run({"a": b"x", "a/b": b"y"}, (PYTHON, "-c", "pass"), LIMITS)


def test_a_machine_without_namespaces_runs_nothing_unless_it_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sandbox, "strength", lambda: "limits")
    with pytest.raises(Weak):
        python("print(1)")
    ran = run({"main.py": b"print(1)"}, (PYTHON, "-I", "main.py"), LIMITS, may_be_weak=True)
    assert (ran.is_good, ran.output) == (True, b"1\n")


# Suites

DOUBLE = b"print(2 * int(input()))"
DOUBLES = Exam(tuple(Case(stdin=str(n), stdout=str(2 * n)) for n in (3, -7)))


def verdict(program: bytes, tests: Exam = DOUBLES) -> tuple[bool, str]:
    found = suites.judge({"main.py": program}, tests, LIMITS)
    return found.passed, found.why


def test_a_program_that_does_what_it_should_passes() -> None:
    assert verdict(DOUBLE) == (True, "all 2 cases passed, twice")


@pytest.mark.parametrize(
    ("program", "why"),
    [
        (b"print(6)", "case 2 of 2, first run: it wrote something else"),
        (b"import os; os._exit(0)", "case 1 of 2, first run: it wrote something else"),
        (b"raise SystemExit(3)", "case 1 of 2, first run: it ended with code 3"),
        (b"import time, os; print(2 * int(input())); print(os.urandom(4))", "something else"),
        (b"while True: pass", "first run"),
        (b"print('all cases passed, twice')", "something else"),
    ],
)
def test_a_program_cannot_say_that_it_passed(program: bytes, why: str) -> None:
    passed, told = verdict(program)
    assert not passed
    assert why in told


def test_what_differs_from_run_to_run_fails() -> None:
    program = b"import time; int(input()); print(6 if time.time_ns() % 2 else 7)"
    same = Exam(tuple(Case(stdin="3", stdout="6") for _ in range(30)))  # right in half of them
    assert not verdict(program, same)[0]


def test_a_library_is_tested_by_a_driver_that_it_cannot_replace() -> None:
    driver = {"main.py": "import sys; sys.path.insert(0, '.'); import lib; print(lib.add(2, 3))"}
    tests = Exam((Case(stdout="5"),), driver=driver)
    good = {"lib.py": b"def add(a, b): return a + b", "main.py": b"print(5)"}
    bad = {"lib.py": b"def add(a, b): return a - b", "main.py": b"print(5)"}
    assert suites.judge(good, tests, LIMITS).passed
    assert not suites.judge(bad, tests, LIMITS).passed


@pytest.mark.parametrize(
    "content", [b"", b"{}", b'{"cases":[]}', b'{"cases":[{"x":1}]}', b"[" * 9_999]
)
def test_a_suite_that_tests_nothing_is_none(content: bytes) -> None:
    with pytest.raises(ValueError, match="suite"):
        suites.read(content)
