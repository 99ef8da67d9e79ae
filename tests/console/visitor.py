"""A browser without a window, for tests: it keeps cookies, follows forms, and names its origin."""

import itertools
import re
import socket
from typing import Any

import httpx2

from souq.sdk.client import new_id, signer_of
from souq.sdk.signing import KeyFile


def free_port() -> int:
    """Give a port that nobody listens on, for a server that must know its name beforehand."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


_homes = itertools.count(1)


class Visitor:
    """Somebody at a console's address, who comes from an address of their own."""

    def __init__(self, url: str, **more: Any) -> None:
        self.url = url
        home = next(_homes)
        self.http = httpx2.Client(
            base_url=url,
            timeout=20,
            transport=httpx2.HTTPTransport(local_address=f"127.9.{home // 250}.{home % 250 + 1}"),
            **more,
        )

    def close(self) -> None:
        """Let go of the connections."""
        self.http.close()

    def code(self, key: KeyFile | str, **headers: str) -> httpx2.Response:
        """Ask for a code, as `souq login` does."""
        signer = signer_of(key)
        url = f"{self.url}/sign-in/code"
        proof = signer.headers_for("POST", url, b"", new_id()) if signer is not None else {}
        return self.http.post("/sign-in/code", headers={**proof, **headers})

    def sign_in(self, key: KeyFile | str, to: str = "/") -> httpx2.Response:
        """Sign in by a code."""
        return self.post("/sign-in", code=self.code(key).json()["code"], back=to)

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """Look at a page."""
        return self.http.get(path, headers=headers)

    def post(self, path: str, /, headers: Any = None, **form: str) -> httpx2.Response:
        """Send a form, as a browser does from a page of ours."""
        own = {"origin": self.url, "sec-fetch-site": "same-origin"}
        return self.http.post(path, data=form, headers={**own, **(headers or {})})

    def csrf(self) -> str:
        """Give the token of the forms that this browser is shown, or "" where it is a guest."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.get("/sessions").text)
        return found[1] if found else ""

    @property
    def actor(self) -> str:
        """Tell who is signed in, or "" for a guest."""
        found = re.search(r"signed in as (\w+)", self.get("/").text)
        return found[1] if found else ""

    @property
    def cookies(self) -> dict[str, str]:
        """Give the cookies that this browser holds."""
        return {one.name: one.value or "" for one in self.http.cookies.jar}
