"""The deal by `curl` in the README, run as it stands there."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from souq.sdk.client import Client
from tests.serving import ADMIN, serving

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
def test_a_deal_goes_through_by_curl_alone(tmp_path: Path) -> None:
    (walk,) = re.findall(r"```sh\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    with serving(tmp_path / "market") as served:
        script = walk.replace("http://127.0.0.1:8000", served.url)
        assert script != walk, "the walk names the address that `souq serve` listens on"
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "ADMIN": ADMIN},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        last = json.loads(ran.stdout.strip().splitlines()[-1])
        assert last["wallets"][0]["available"] == 800_000_000
        with Client(served.url, key=ADMIN) as client:
            assert client.get_contract("C1").state == "fulfilled"
