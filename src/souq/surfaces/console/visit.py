"""One request of a page: who looks, what they may ask, and how they are answered."""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from souq.core.refusal import Reason, Refused
from souq.core.rules import Rules
from souq.operations.queries import GetMarket, Market, Me
from souq.surfaces.answering import Link
from souq.surfaces.console.rendering import Renderer
from souq.surfaces.console.sessions import Session
from souq.surfaces.console.shelf import Shelf
from souq.surfaces.problems import Malformed

FIELDS_MAX = 64
FORM_MAX = 64 * 1024
TOLD_MAX = 1_000
REFRESH = "souq-refresh"  # a header of pages that look again by themselves


def _nothing() -> str:
    return ""


class Site(NamedTuple):
    """What is the same for every page of one console.

    `base` stands before every path, where a console is mounted below another's, and `up` leads
    back to that: a path and a name. `is_fixed`: it shows a journal that nobody writes here;
    `trouble` says why not all of it is shown, and `note` what else is to be known. `shelf` is what
    the pages of experiments show.
    """

    renderer: Renderer
    now: Callable[[], int]
    menu: Sequence[Any]  # pages, in order
    base: str = ""
    title: str = ""
    is_fixed: bool = False
    has_passkeys: bool = False
    up: tuple[str, str] = ("", "")
    trouble: Callable[[], str] = _nothing
    note: str = ""
    shelf: Shelf | None = None


class Visit:
    """A page's way to the market, as one viewer, and back to that viewer."""

    def __init__(
        self, request: Request, site: Site, link: Link, me: Me, session: Session | None
    ) -> None:
        self.request = request
        self.site = site
        self.link = link
        self.me = me
        self.session = session
        self._market: Market | None = None

    @property
    def is_operator(self) -> bool:
        """Tell whether the house looks."""
        return self.me.kind == "operator"

    @property
    def is_house(self) -> bool:
        """Tell whether the operator or an officer looks."""
        return self.me.kind in ("operator", "officer")

    @property
    def can_act(self) -> bool:
        """Tell whether there is somebody who may give commands, and a market that takes them."""
        return self.session is not None and not self.site.is_fixed

    def path(self, name: str) -> str:
        """Give what stands in the page's address under a name, such as "N17"."""
        found: str = self.request.path_params[name]
        return found

    def given(self, name: str, default: str = "") -> str:
        """Give one parameter of the address."""
        return self.request.query_params.get(name, default)

    async def ask(self, query: Any) -> Any:
        """Ask the market as the viewer. Raises Refused."""
        return await self.link.ask(query)

    async def ask_if_told(self, query: Any, *also: Reason) -> Any:
        """Ask, and give None for what is not the viewer's to know, or `also` is not there."""
        try:
            return await self.ask(query)
        except Refused as no:
            if no.reason is Reason.NOT_YOURS or no.reason in also:
                return None
            raise

    async def market(self) -> Market:
        """Give the market's rules, clock and halt, as they were when this visit first asked."""
        if self._market is None:
            self._market = await self.ask(GetMarket())
        return self._market

    async def rules(self) -> Rules:
        """Give the house rules."""
        return (await self.market()).rules

    async def body(self) -> bytes:
        """Read what was posted. Raises Malformed."""
        body = b""
        async for part in self.request.stream():
            body += part
            if len(body) > FORM_MAX:
                raise Malformed(413, f"a form has at most {FORM_MAX} bytes")
        return body

    async def form(self) -> dict[str, str]:
        """Read a form that was posted. Raises Malformed."""
        body = await self.body()
        try:
            pairs = parse_qsl(
                body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict"
            )
        except (ValueError, UnicodeError):
            raise Malformed(400, "this is no form of ours") from None
        return dict(pairs)

    async def show(self, template: str, status: int = 200, **values: Any) -> Response:
        """Answer with a page."""
        common = await self._common()
        return self.site.renderer.page(template, status, **common, told=self._told(), **values)

    async def part(self, template: str, **values: Any) -> str:
        """Give a part of a page, for a stream to send."""
        return self.site.renderer.text(template, **await self._common(), **values)

    async def _common(self) -> dict[str, Any]:
        """Give what every template knows."""
        market = await self.market()
        return {
            "halt": market.halt,
            "base": self.site.base,
            "here": self.request.scope["path"].removeprefix(self.site.base) or "/",
            "menu": [one for one in self.site.menu if self.me.kind in one.KINDS],
            "new_id": new_id,
            "rules": market.rules,
            "visit": self,
            "with_cursor": self._with_cursor,
        }

    def to(self, path: str) -> Response:
        """Send the viewer on to another page of this console."""
        return RedirectResponse(self.site.base + path, status_code=303)

    def say(self, text: str, *, is_bad: bool = False) -> None:
        """Tell the viewer something on the next page they see."""
        if self.session is not None:
            self.session.told.append((text[:TOLD_MAX], is_bad))

    def _told(self) -> list[tuple[str, bool]]:
        # What live.js asks for are parts of a page; what is to be told stands beside them.
        if self.session is None or REFRESH in self.request.headers:
            return []
        told = list(self.session.told)
        self.session.told.clear()
        return told

    def _with_cursor(self, cursor: str) -> str:
        return "?" + urlencode({**self.request.query_params, "cursor": cursor})


def record_number(text: str) -> int | None:
    """Read the number of a record, as addresses have it; None where a text is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 17 else None


def new_id() -> str:
    """Give the id that a form's command will have: sent twice, it has its effect once."""
    return secrets.token_hex(12)


Handler = Callable[[Visit], Awaitable[Response]]
Routes = Mapping[str, Handler]
