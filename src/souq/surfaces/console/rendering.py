"""Makes pages from templates. Everything that is not a template's own text is escaped.

Strangers' words are shown without signs that cannot be seen, which could turn a line around, and
between marks that keep their direction to themselves.
"""

import hashlib
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape
from starlette.responses import Response

from souq.core.duration import spelled
from souq.core.money import BPS, Money
from souq.core.party import wallet_owner
from souq.core.rules import SECOND_US, Rules
from souq.surfaces.console.telling import say_refusal, tell
from souq.views.history import in_words

HERE = Path(__file__).parent
VENDOR = "vendor"  # built from the npm registry, see docs/console.md; pages work without it
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
SAFE = {
    "content-security-policy": POLICY,
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",  # with none at all, forms of ours would name no origin
    "x-content-type-options": "nosniff",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_PLACES = {"A": "agents", "C": "deals", "L": "listings", "N": "negotiations", "P": "principals"}
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_KEPT = frozenset("\n\t\u200c\u200d")  # some scripts and signs are written with them
_LENGTHS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


class Asset(NamedTuple):
    """A file that pages load."""

    body: bytes
    media_type: str


class Renderer:
    """All templates and files of the console, read once."""

    def __init__(self) -> None:
        self.assets = {
            path.relative_to(HERE / "static").as_posix(): Asset(
                path.read_bytes(), _TYPES[path.suffix]
            )
            for path in sorted((HERE / "static").rglob("*"))
            if path.suffix in _TYPES
        }
        self.version = hashlib.sha256(
            b"".join(name.encode() + one.body for name, one in self.assets.items())
        ).hexdigest()[:12]
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.filters |= {
            "amount": amount,
            "lasting": lasting,
            "link": link,
            "money": money,
            "percent": percent,
            "plain": plain,
            "short": short,
            "tell": tell,
            "spaced": in_words,
            "span": spelled,
            "units": units,
            "wallet_owner": wallet_owner,
            "when": when,
            "words": words,
        }
        self._templates.globals |= {
            "has_vendor": any(name.startswith(VENDOR) for name in self.assets),
            "say_refusal": say_refusal,
            "version": self.version,
        }

    def text(self, template: str, **values: Any) -> str:
        """Give a template's text, such as a part of a page."""
        return self._templates.get_template(template).render(values)

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """Give a page as an answer."""
        body = self.text(template, **values)
        return Response(body, status, headers=SAFE, media_type="text/html; charset=utf-8")


def plain(text: str) -> str:
    """Give words with a mark in place of every sign that cannot be seen."""
    return "".join(
        "\ufffd" if sign not in _KEPT and unicodedata.category(sign) in _HIDDEN else sign
        for sign in text
    )


def words(text: str) -> Markup:
    """Show what a stranger wrote, as it stands there."""
    return Markup("<bdi>{}</bdi>").format(plain(text))


@pass_context
def link(context: Context, id: str) -> Markup | str:
    """Link to an object's page by its id, where it has one that the viewer may open."""
    visit = context["visit"]
    place = _PLACES.get(id[:1]) if id[1:].isdigit() else None
    is_anothers = place == "principals" and not (visit.is_house or id == visit.me.principal)
    if place is None or is_anothers:
        return escape(id)
    base = visit.site.base
    return Markup('<a href="{0}/{1}/{2}">{2}</a>').format(base, place, id)


def written(rules: Rules, units: int, asset: str) -> str:
    """Write an amount of an asset of the house: "12.50 USD"."""
    known = {one.code: one for one in rules.assets}
    return f"{known[asset].format(units) if asset in known else units} {asset}"


@pass_context
def units(context: Context, units: int, asset: str = "") -> Markup:
    """Show units of an asset, or of the house's first."""
    rules: Rules = context["rules"]
    text = written(rules, units, asset or rules.assets[0].code)
    number, _, code = text.partition(" ")
    return Markup('<span class="money">{} <small>{}</small></span>').format(number, code)


@pass_context
def amount(context: Context, units: int, asset: str = "") -> str:
    """Write units as a bare number, where the asset is told beside it or the page is drawn."""
    rules: Rules = context["rules"]
    return written(rules, units, asset or rules.assets[0].code).partition(" ")[0]


@pass_context
def money(context: Context, amount: Money) -> Markup:
    """Show an amount."""
    return units(context, amount.units, amount.asset)


def percent(bps: int) -> str:
    """Show basis points as a percentage."""
    return f"{bps / (BPS / 100):.2f}".rstrip("0").rstrip(".") + " %"


def short(digest: str) -> Markup:
    """Show a digest by its first signs; the rest is there to be copied."""
    if len(digest) <= 12:
        return Markup("<code>{}</code>").format(digest)
    return Markup('<code class="digest" title="{0}" data-copy="{0}">{1}…</code>').format(
        digest, digest[:10]
    )


@pass_context
def when(context: Context, at: int | None) -> Markup:
    """Show an instant: how long ago or ahead it is, and on a closer look when."""
    if at is None:
        return Markup("<span>–</span>")
    exact = moment(at)
    return Markup('<time datetime="{0}" title="{0}">{1}</time>').format(
        exact, distance(at, context["visit"].site.now())
    )


def moment(at: int) -> str:
    """Write an instant to the second, in UTC."""
    try:
        return datetime.fromtimestamp(at // SECOND_US, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return f"{at} µs"


def lasting(seconds: float | None) -> str:
    """Write how long something takes: "3.2 min"."""
    if seconds is None:
        return "–"
    size, name = next((one for one in _LENGTHS if seconds >= one[0]), _LENGTHS[-1])
    return f"{seconds / size:.1f}".removesuffix(".0") + f" {name}"


def distance(at: int, now: int) -> str:
    """Write how far an instant lies from now: "3 min ago", "in 2 h"."""
    seconds = abs(at - now) // SECOND_US
    for size, name in _LENGTHS:
        if seconds >= size:
            far = f"{seconds // size} {name}"
            return f"in {far}" if at > now else f"{far} ago"
    return "now"
