"""The table of tools for the documentation, made from the declaration.

`python -m souq.surfaces.mcp.page docs/mcp.md` writes it into a page, between its marks; a test
fails when the page is out of date.
"""

import sys
from pathlib import Path

from souq.operations.marks import between
from souq.surfaces.mcp.tools import LOOKS, TOOLS

BEGIN, END = "<!-- tools -->", "<!-- /tools -->"


def table() -> str:
    """Give the table."""
    rows = ["| tool | arguments | what it does |", "|---|---|---|"]
    for tool in TOOLS:
        does = tool.description.partition(" Example: ")[0]
        mark = "" if tool.kind == LOOKS else " ✎"
        arguments = " ".join(f"`{one}`" for one in tool.arguments)
        rows.append(f"| `{tool.name}`{mark} | {arguments} | {does} |")
    return "\n".join(rows)


def written(page: str) -> str:
    """Give a page with the table as it is now. Raises ValueError where it has no marks."""
    return between(page, BEGIN, END, table())


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(written(path.read_text(encoding="utf-8")), encoding="utf-8")
