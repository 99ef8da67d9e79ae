"""How a page's drawings are made: plain SVG without scripts, links or ids, one for each width.

Every chart is drawn twice, because text that shrinks with its drawing cannot be read on a phone.
Colours are middle tones that hold on light and on dark paper; the page's stylesheet, which finds
them by these very values, sharpens them for the one it is on. A drawing that leaves the page as a
file of its own has the paper and the colours of print.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from html import escape
from itertools import pairwise
from typing import Any, TypeVar

from msgspec import Struct

from souq.lab.extra import LabExtraMissing

# Blue and orange stay apart for every common kind of colour blindness.
BUYER, SELLER, PRICE = "#2b7bba", "#d9771f", "#3a8f85"
INK, MUTED, LINE = "#76726b", "#7d7972", "#a39e96"
VIOLET, ROSE, OLIVE = "#8466b8", "#bf5377", "#7f8a2f"
FULL_PX, HALF_PX, PHONE_PX = 920, 450, 350
FILE_SCALE = 2  # a PNG's pixels for each of the drawing's
PRINTED = {
    **{BUYER: "#1f6fb2", SELLER: "#c9620c", PRICE: "#2c8077", INK: "#22201c", MUTED: "#635e56"},
    **{LINE: "#b9b3a8", VIOLET: "#7250ab", ROSE: "#b03f66", OLIVE: "#6b7520"},
}
SHORT = (
    "(datum.value < 0 ? '−$' : '$')"
    " + format(abs(datum.value), abs(datum.value) < 10000 ? ',' : '.2~s')"
)

Item = TypeVar("Item")
Row = dict[str, Any]
Draw = Callable[[Any, int], Any]


def rows_of(alt: Any, rows: Sequence[Row]) -> Any:
    """Begin a chart of these rows."""
    return alt.Chart(alt.Data(values=list(rows)))


def thin(items: Sequence[Item], most: int) -> list[Item]:
    """Pick at most so many, evenly from first to last."""
    if len(items) <= most:
        return list(items)
    return [items[n * (len(items) - 1) // (most - 1)] for n in range(most)]


def apart(places: Sequence[float], gap: float) -> list[float]:
    """Move words that would cover each other apart, keeping their order from the bottom up."""
    result = [float(place) for place in places]
    order = sorted(range(len(places)), key=lambda n: (places[n], n))
    for lower, upper in pairwise(order):
        result[upper] = max(result[upper], result[lower] + gap)
    return result


def lettering(text: str, most: int) -> str:
    """Write a stranger's words in a drawing: shortened, and unable to turn the line around."""
    clean = "".join(one for one in text if unicodedata.category(one)[0] != "C")
    return clean if len(clean) <= most else f"{clean[: most - 1].rstrip()}…"


class Drawing(Struct, frozen=True):
    """One picture as Vega drew it, for a wide screen or paper and for a phone."""

    wide: str
    narrow: str

    def inline(self, label: str) -> str:
        """Give it for a page, whose stylesheet shows one of the two."""
        return _inline(self.wide, "wide", label) + _inline(self.narrow, "narrow", label)

    def files(self) -> tuple[bytes, bytes]:
        """Give it as files that stand alone, SVG and PNG: on white, in the colours of print."""
        paper = '<rect width="100%" height="100%" fill="#ffffff"/>'
        drawn = re.sub(r"^(<svg [^>]*>)", rf"\1{paper}", self.wide, count=1)
        for tone, printed in PRINTED.items():
            drawn = drawn.replace(tone, printed)
        png: bytes = _modules()[1].svg_to_png(drawn, scale=FILE_SCALE)
        return drawn.encode(), png


def drawing_of(draw: Draw, wide_px: int) -> Drawing:
    """Draw at both widths. Raises LabExtraMissing."""
    return Drawing(_drawn(draw, wide_px), _drawn(draw, PHONE_PX))


def svgs(draw: Draw, wide_px: int, label: str) -> str:
    """Draw for a page, at both widths."""
    return drawing_of(draw, wide_px).inline(label)


def _drawn(draw: Draw, width: int) -> str:
    altair, vl_convert = _modules()
    chart = draw(altair, width).properties(
        background="transparent",
        padding=4,
        autosize=altair.AutoSizeParams(type="fit", contains="padding"),
    )
    chart = chart.configure(aria=False, font="sans-serif", view={"stroke": None}).configure_axis(
        **{"labelColor": MUTED, "titleColor": MUTED, "gridColor": LINE, "domainColor": LINE},
        **{"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"},
        **{
            "ticks": False,
            "labelPadding": 6,
            "gridOpacity": 0.35,
            "labelOverlap": "parity",
            "labelSeparation": 8,
        },
    )
    # Room of its own beside the axis: the reader's font may be wider than the one measured here.
    chart = chart.configure_axisY(minExtent=50).configure_text(fontSize=12.5)
    version = altair.SCHEMA_VERSION.rpartition(".")[0]
    # An empty list of addresses: drawing must not reach for the network.
    drawn: str = vl_convert.vegalite_to_svg(
        chart.to_dict(validate=False), vl_version=version, allowed_base_urls=[]
    )
    return drawn


def _modules() -> tuple[Any, Any]:
    try:
        import altair
        import vl_convert
    except ImportError:
        raise LabExtraMissing(
            "the report's charts need altair and vl-convert: pip install 'souq[lab]'"
        ) from None
    return altair, vl_convert


def _inline(svg: str, name: str, label: str) -> str:
    """Make a drawing fit to stand inside a page: one label, no namespaces, no fixed size."""
    root, body = re.fullmatch(r"<svg ([^>]*)>(.*)</svg>\s*", svg, re.DOTALL).groups()  # type: ignore[union-attr]
    box = re.search(r'viewBox="[\d. -]+"', root)
    assert box is not None
    body = re.sub(r' (?:role|aria-[a-z]+|pointer-events|font-family)="[^"]*"', "", body)
    body = re.sub(r'<path class="(?:back|fore)ground"[^>]*/>', "", body)
    # A hundredth of a pixel is enough; words between tags keep what they say.
    body = re.sub(r"<[^>]*>", lambda tag: re.sub(r"(\d\.\d\d)\d+", r"\1", tag[0]), body)
    return f'<svg class="{name}" {box[0]} role="img" aria-label="{escape(label)}">{body}</svg>'
