"""Pieces of HTML that every part of a report is put together from.

What a stranger wrote goes through `words_of`, so that it can neither become markup nor turn the
line around it; cells and captions are markup already.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template

from souq.lab.charts import usd

CENT_UNITS = 10_000
STYLE = "page.css"  # of every page


def page_of(name: str, parts: Mapping[str, str], *, style: str = "") -> str:
    """Fill a page's template. Its policy allows its own stylesheet, and nothing else.

    `style` names a file of rules that only this page has.
    """
    data = files("souq.lab") / "data"
    sheet = "".join((data / one).read_text("utf-8") for one in (STYLE, style) if one)
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    template = Template((data / name).read_text("utf-8"))
    return template.substitute(parts, style=sheet, style_hash=f"sha256-{digest}")


def words_of(text: str) -> str:
    """Carry a stranger's words: as text, and with a direction of their own."""
    return f"<bdi>{escape(text)}</bdi>"


def figure_of(title: str, note: str, drawing: str) -> str:
    """Put a heading and a note over a drawing."""
    return f"<figure><figcaption><h3>{title}</h3><p>{note}</p></figcaption>{drawing}</figure>\n"


def table_of(heads: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str) -> str:
    """Write a table; a head that starts with # stands over numbers. Cells are markup already."""
    marks = ['class="n"' if head.startswith("#") else "" for head in heads]
    top = "".join(
        f'<th scope="col" {mark}>{head.lstrip("#")}</th>'
        for mark, head in zip(marks, heads, strict=True)
    )
    body = "\n".join(
        f"<tr>{''.join(f'<td {m}>{cell}</td>' for m, cell in zip(marks, row, strict=True))}</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll" role="region" aria-label="{caption}" tabindex="0"><table><caption>'
        f"{caption}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def plain(style: str) -> str:
    """Write one of our own names as words."""
    return escape(style.replace("_", " "))


def about(units: int) -> str:
    """Write an amount to the nearest cent; a mean or a share may be finer."""
    return usd((units + CENT_UNITS // 2) // CENT_UNITS * CENT_UNITS)


def counted(count: int, noun: str) -> str:
    """Write how many there are of something."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
