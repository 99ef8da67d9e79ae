"""Keeps other sites' pages from using a browser that is signed in here, or a console of one's own.

Cookies are SameSite and forms carry a token; this stands before both, for every page alike. A page
somewhere may also point a name of its own at this machine, and then read what listens here as if
that were the page's own server: names that are not ours are turned away. A number cannot be pointed
anywhere, so a bare address will do, and so will localhost.
"""

import ipaddress
import re
from collections.abc import Collection
from typing import Any

from souq.surfaces.problems import Malformed
from souq.surfaces.wire import header

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]]*)(?::\d{1,5})?")
_READS = ("GET", "HEAD")


def need_own_site(scope: Any, hosts: Collection[str]) -> None:
    """Raise Malformed unless a request came to a name of ours, and is no other site's doing."""
    headers = scope["headers"]
    host = (header(headers, b"host") or b"").decode("latin-1").lower()
    if not (_is_number(host) or _is_among(host, hosts)):
        why = f"This market does not answer to the name {host[:64]!r}; its operator sets public_url"
        raise Malformed(421, f"{why}, or authorities.")
    if scope["method"] in _READS:
        return
    # Pages of ours are sent with a policy by which browsers name our origin in every form.
    site, origin = header(headers, b"sec-fetch-site"), header(headers, b"origin")
    if site not in (None, b"same-origin"):
        raise Malformed(403, "This form was sent from another site.")
    if origin is not None:
        # An origin is no more than scheme, name and port; whatever else it may hold is not ours.
        theirs = origin.decode("latin-1").lower().partition("://")[2]
        if not theirs or not (theirs == host or _is_among(theirs, hosts)):
            raise Malformed(403, "This form was sent from another site.")


def _is_among(host: str, hosts: Collection[str]) -> bool:
    return not {host, host.removesuffix(":80"), host.removesuffix(":443")}.isdisjoint(hosts)


def _is_number(host: str) -> bool:
    found = _HOST.fullmatch(host)
    if found is None:
        return False
    name = found[1].strip("[]")
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name == "localhost"
    return True
