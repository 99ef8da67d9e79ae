"""What settings must be to make sense together, and what of them may be shown."""

import importlib.util
import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from souq.core import market
from souq.core.refusal import Refused
from souq.core.rules import OPERATOR, OpenMarket, Rules
from souq.rails import RAILS

MASK = "***"
POSTGRES = ("postgresql", "postgres")
_HARMLESS = frozenset(
    {"application_name", "connect_timeout", "dbname", "host", "hostaddr", "port", "schema"}
    | {"sslmode", "target_session_attrs", "user"}
)
_RAIL_SHOWN = frozenset({"timeout_s"})
_AUTHORITY = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?")
_HOST = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[^:\[\]]*)(?::\d{0,5})?")
_KEYWORDS = re.compile(r"(?i)\b(?:host|hostaddr|dbname|user|password|service)\s*=")


class Checked(Protocol):
    """What of the settings is looked at here."""

    @property
    def host(self) -> str: ...
    @property
    def store(self) -> str: ...
    @property
    def data(self) -> str: ...
    @property
    def standby(self) -> bool: ...
    @property
    def public_url(self) -> str: ...
    @property
    def authorities(self) -> tuple[str, ...]: ...
    @property
    def console(self) -> bool: ...
    @property
    def console_passkeys(self) -> bool: ...
    @property
    def proxies(self) -> tuple[str, ...]: ...
    @property
    def rules(self) -> Rules: ...
    @property
    def rails(self) -> Mapping[str, Mapping[str, str]]: ...


def problems_of(settings: Checked) -> Iterator[tuple[str, str]]:
    """Tell what does not make sense: the setting's name, and what would be right."""
    if not settings.host.strip():
        yield "host", "host should be an address to listen on, such as 127.0.0.1 or 0.0.0.0"
    store = settings.store
    if not store.strip() or not (is_postgres(store) or _is_folder(store)):
        yield "store", "store should be a folder, or a URL such as postgresql://host/database"
    elif is_postgres(store) and not _is_url(store):
        yield "store", "store is no URL; write % and two digits for what is special in a password"
    elif settings.standby and not is_postgres(store):
        yield "standby", "standby needs a store that two servers can reach, a postgresql:// URL"
    if settings.console_passkeys:
        yield from _problems_of_passkeys(settings)
    if settings.data != store and not (settings.data.strip() and _is_folder(settings.data)):
        yield "data", "data should be a folder"
    if settings.public_url and not _is_public(settings.public_url):
        wanted = "https://market.example, without a path, a user or a question mark"
        yield "public_url", f"public_url should be like {wanted}"
    for one in settings.authorities:
        if not _AUTHORITY.fullmatch(one.lower()):
            yield "authorities", "authorities should be hosts such as market.example:8443"
            break
    if not all(map(_is_network, settings.proxies)):
        yield "proxies", "proxies should be addresses or networks such as 10.0.0.0/8"
    yield from _problems_of_rails(settings.rails)
    try:  # the core knows what a market may be
        market.decide(market.new(), at=1, actor=OPERATOR, command=OpenMarket(settings.rules))
    except Refused as no:
        field = no.facts.get("field", "")
        yield f"rules.{field}", f"rules.{field} {no.facts.get('why', no)}"
    for name in settings.rules.rails:
        if name not in RAILS:
            yield "rules.rails", f"rules.rails may name {', '.join(RAILS)}, not {name!r}"


def _problems_of_passkeys(settings: Checked) -> Iterator[tuple[str, str]]:
    """Browsers keep passkeys under a host's name, and use them over TLS, or on one machine."""
    name = "console_passkeys"
    if not settings.console:
        yield name, "console_passkeys needs console = true: there is nowhere else to sign in"
    url = urlsplit(settings.public_url) if _is_public(settings.public_url) else urlsplit("")
    host = url.hostname or ""
    is_name = bool(host) and not _is_network(host)
    if not is_name or not (url.scheme == "https" or host == "localhost"):
        wanted = "https://market.example (a name, no number), or http://localhost:8000"
        yield name, f"console_passkeys needs a public_url such as {wanted}"
    if importlib.util.find_spec("webauthn") is None:
        yield name, "console_passkeys needs the extra: pip install 'souq[passkeys]'"


def _problems_of_rails(rails: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for rail, keys in rails.items():
        for key, value in keys.items():
            name = f"rails.{rail}.{key}"
            if rail not in RAILS:
                yield name, f"there is no rail {rail!r}, only {', '.join(RAILS)}"
                break
            is_http = value.startswith(("http://", "https://")) and _is_url(value)
            if key == "url" and not is_http:
                yield name, f"{name} should be a URL such as http://127.0.0.1:9000"


def plain_url(url: str) -> str:
    """Write a public URL as RFC 9421 has its host: small letters, no port that is the scheme's."""
    scheme, _, host = url.lower().rstrip("/").partition("://")
    usual = {"http": ":80", "https": ":443"}.get(scheme, "")
    return f"{scheme}://{host.removesuffix(usual)}" if host else url


def is_postgres(store: str) -> bool:
    """Tell whether a store is a database rather than a folder."""
    return store.partition("://")[0] in POSTGRES and "://" in store


def masked_store(store: str) -> str:
    """Give a store without its password; whatever is not understood is not shown at all."""
    if "://" not in store:
        return store if _is_folder(store) else MASK
    return _masked_url(store)


def masked_rail(key: str, value: str) -> str:
    """Give one setting of a rail as it may be shown; all but a few are taken for secrets."""
    if key == "url":
        return _masked_url(value)
    return value if key in _RAIL_SHOWN else MASK


def _masked_url(url: str) -> str:
    scheme, _, rest = url.partition("://")
    if not _is_url(url) or "#" in rest:
        return f"{scheme}://{MASK}" if scheme.isalnum() else MASK
    parts = urlsplit(url)
    credentials, at, host = parts.netloc.rpartition("@")
    if at:
        user, colon, _ = credentials.partition(":")
        host = f"{user}:{MASK}@{host}" if colon else f"{credentials}@{host}"
    query = urlencode(
        [(k, v if k in _HARMLESS else MASK) for k, v in parse_qsl(parts.query, True)], safe="*/"
    )
    return urlunsplit((parts.scheme, host, parts.path, query, ""))


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    # An @ behind the host, or two before it, comes from a password that was not quoted; so does a
    # port that is no number.
    if "@" in parts.path + parts.query + parts.fragment or parts.netloc.count("@") > 1:
        return False
    hosts = parts.netloc.rpartition("@")[2]  # PostgreSQL takes several
    return all(_HOST.fullmatch(host) for host in hosts.split(","))


def _is_folder(text: str) -> bool:
    # Somebody may well write a database's other form, `host=… password=…`.
    return "://" not in text and "\0" not in text and not _KEYWORDS.search(text)


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _is_public(url: str) -> bool:
    if not _is_url(url):
        return False
    parts = urlsplit(url)
    is_bare = parts.path in ("", "/") and not parts.query and not parts.fragment
    is_http = parts.scheme in ("http", "https")
    return is_http and is_bare and _AUTHORITY.fullmatch(parts.netloc.lower()) is not None
