"""What the scripted contractors make, as Python sources that a stranger's machine can run.

`solid` is good, `hasty` has a bug, `lookup` cheats; `checks` tests a library, and `console` is what
an installed one is called by. They reach the market as bytes, and its sandbox alone runs them.
"""

import io
import zipfile
from pathlib import Path

_FOLDER = Path(__file__).parent
_SHEBANG = b"#!/usr/bin/env python3\n"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same bytes whenever it is packed


def source(name: str) -> bytes:
    """Give one of the sources by its name."""
    return (_FOLDER / f"{name}.py").read_bytes()


def packed(library: bytes) -> bytes:
    """Give an application in one file, which `python3 FILE words` runs: console and library."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        for name, content in (("__main__.py", source("console")), ("slug.py", library)):
            zipped.writestr(zipfile.ZipInfo(name, _LONG_AGO), content)
    return _SHEBANG + archive.getvalue()
