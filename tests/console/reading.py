"""Somebody who reads pages and sends their forms, as a browser without scripts does."""

from html.parser import HTMLParser
from typing import NamedTuple

import httpx2

from tests.http.market import Town

GUESTS = ("anybody", "revoked")


class Form(NamedTuple):
    """A form of a page, with what its fields hold before anybody types."""

    action: str
    fields: dict[str, str]


class Page(NamedTuple):
    """What a page says."""

    status: int
    html: str
    forms: tuple[Form, ...]

    def form(self, operation: str, **fields: str) -> Form:
        """Give the one form of an operation whose fields hold these."""
        (found,) = self.all_forms(operation, **fields)
        return found

    def all_forms(self, operation: str, **fields: str) -> list[Form]:
        """List the forms of an operation whose fields hold these."""
        return [
            one
            for one in self.forms
            if one.action == f"/do/{operation}" and fields.items() <= one.fields.items()
        ]


class Reader:
    """One role of a town, signed in with its key."""

    def __init__(self, town: Town, role: str) -> None:
        self.town = town
        self.http = httpx2.Client(base_url=town.url, timeout=20, trust_env=False)
        if role not in GUESTS:
            code = self.http.post("/sign-in/code", headers=town.headers(role)).json()["code"]
            assert self.http.post("/sign-in", data={"code": code, "back": "/"}).status_code == 303

    def see(self, path: str) -> Page:
        """Load a page."""
        return _page(self.http.get(path))

    def send(self, form: Form, **typed: str) -> Page:
        """Send a form, and give the page that it leads to."""
        data = {**form.fields, **typed}
        return _page(self.http.post(form.action, data=data, follow_redirects=True))


def head(town: Town) -> int:
    """Give the number of the market's last record."""
    found: int = town.ask("operator", "get_market")["seq"]
    return found


class _Reading(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(found.get("action", ""), {}))
        elif self.forms and tag in ("input", "textarea") and "name" in found:
            self.forms[-1].fields[found["name"]] = found.get("value", "")
        elif self.forms and tag == "select":
            self._select = found["name"]
        elif self.forms and tag == "option" and self._select:
            fields = self.forms[-1].fields
            if self._select not in fields or "selected" in found:
                fields[self._select] = found["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""


def _page(answer: httpx2.Response) -> Page:
    forms = _forms(answer.text)
    html = answer.text
    for token in {one.fields["csrf"] for one in forms if "csrf" in one.fields}:
        # It is random: what a test looks for in the page would now and then stand in it.
        html = html.replace(token, "")
    return Page(answer.status_code, html, forms)


def _forms(html: str) -> tuple[Form, ...]:
    reading = _Reading()
    reading.feed(html)
    return tuple(reading.forms)
