"""Calls an address that a stranger named, and goes only where every stranger may go.

The name is resolved here, every address behind it is judged, and the connection is made to an
address that was judged: a name that says something else a moment later (DNS rebinding) changes
nothing. No redirect is followed, no proxy asked, and no answer read beyond a bound.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network

import httpx2

ANSWER_MAX = 64 << 10
ADDRESSES_MAX = 3  # of one name, tried in turn
PORTS = {"http": 80, "https": 443}
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # so none that wraps one of IPv4, but for two tunnels
# What `is_global` lets pass, at least in some releases of Python: tunnels and protocols' own
# (Teredo and 6to4 among them), documentation, and hosts that clouds hand secrets out from.
_NOT_PUBLIC = tuple(
    ip_network(one)
    for one in (
        "168.63.129.16/32",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
    )
)

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class Unreachable(Exception):
    """Nobody answered, or nobody may be asked; what it says is for the webhook's owner."""


def is_public(address: str) -> bool:
    """Tell whether an address is one of the public internet, whatever it is wrapped in."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped
        if inner is not None:
            return is_public(str(inner))
        if found not in _GLOBAL_UNICAST:
            return False
    if any(found in network for network in _NOT_PUBLIC):
        return False
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_private)


def parsed(url: str) -> httpx2.URL:
    """Give a URL as it will be called, which is what a signature covers. Raises Unreachable."""
    try:
        found = httpx2.URL(url)
    except httpx2.InvalidURL as failed:
        raise Unreachable("the address is malformed") from failed
    if found.scheme not in PORTS or not found.host:
        raise Unreachable("the address is malformed")
    return found


class Outward:
    """A caller to strangers' addresses. Close it."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        resolve: Resolve | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """`allow_private` lets it call any address, and without TLS: for tests and one's own.

        `resolve` gives the addresses of a name, `trust` says whose certificates count.
        """
        self._allow_private = allow_private
        # Of its own, because a name server that never answers holds a thread for as long.
        self._threads = ThreadPoolExecutor(16, thread_name_prefix="resolve")
        self._resolve = resolve or self._ask_system
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
        self._client = httpx2.AsyncClient(
            verify=trust or ssl.create_default_context(),
            follow_redirects=False,
            headers={"Accept-Encoding": "identity"},
            limits=limits,
            timeout=None,
            trust_env=False,
        )

    async def post(self, url: httpx2.URL, headers: Mapping[str, str], body: bytes) -> int:
        """Send a body and give the status of the answer. Raises Unreachable; never ends by time."""
        addresses = await self._judged(url)
        error: Exception | None = None
        for address in addresses[:ADDRESSES_MAX]:
            try:
                return await self._post_to(address, url, headers, body)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as failed:
                error = failed  # nothing was sent, so another address may be asked
            except (httpx2.HTTPError, OSError, ValueError) as failed:
                # A name that TLS cannot ask for is a ValueError; a stranger's name ends no task.
                raise Unreachable(type(failed).__name__) from failed
        raise Unreachable(type(error).__name__) from error

    async def close(self) -> None:
        """Let go of connections, and of threads as soon as they end."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        await self._client.aclose()

    async def _judged(self, url: httpx2.URL) -> list[str]:
        if url.scheme != "https" and not self._allow_private:
            raise Unreachable("only https is called")
        try:
            addresses = list(await self._resolve(url.host, url.port or PORTS[url.scheme]))
        except (OSError, UnicodeError) as failed:
            raise Unreachable("the name is not known") from failed
        if not addresses:
            raise Unreachable("the name has no address")
        # One address of our own among them is reason enough: chance would decide which is called.
        if not self._allow_private and not all(map(is_public, addresses)):
            raise Unreachable("the address is not public")
        return addresses

    async def _post_to(
        self, address: str, url: httpx2.URL, headers: Mapping[str, str], body: bytes
    ) -> int:
        # The address stands in the URL, the name in `Host` and in what TLS asks a certificate for.
        named = {**headers, "Host": url.netloc.decode()}
        there = url.copy_with(host=address)
        extensions = {"sni_hostname": url.host}
        async with self._client.stream(
            "POST", there, content=body, headers=named, extensions=extensions
        ) as answer:
            size = 0
            async for part in answer.aiter_raw():
                size += len(part)
                if size > ANSWER_MAX:
                    break
            return answer.status_code

    async def _ask_system(self, host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return list(dict.fromkeys(str(one[4][0]) for one in found))
