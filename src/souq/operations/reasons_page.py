"""Writes docs/reasons.md: `python -m souq.operations.reasons_page docs/reasons.md`."""

import sys
from pathlib import Path

from souq.operations.reasons import EXPLANATIONS

_HEAD = """# Why the market said no

Made by `python -m souq.operations.reasons_page docs/reasons.md`; programs ask `list_reasons`
(`GET /v1/reasons`). `ask_review` is open to every principal and its agents: the operator has 30
days to answer, and silence stands on record as `unanswered`.

| code | kind | what it means | what helps | how to appeal |
| --- | --- | --- | --- | --- |
"""


def page() -> str:
    """Give the page as it is to stand."""
    rows = (
        f"| `{one.code}` | {one.kind} | {one.meaning} | {one.remedy} | `{one.appeal}` |\n"
        for one in EXPLANATIONS
    )
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
