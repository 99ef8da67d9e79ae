"""A deny list keeps people out: at registration, where anything binds, and where money leaves.

It holds digests of normalised names, and principals by id, so names themselves stay out of the
records; whose version held at any moment is what the journal says was loaded before it. Names are
compared after folding case, accents, width, punctuation, spacing and the order of words. A spelling
that differs by a letter, or comes in another script, is another name here: whoever loads a list
lists its spellings.
"""

import hashlib
import unicodedata
from bisect import bisect_left
from typing import Any

from msgspec import Struct

from souq.core.digest import is_digest
from souq.core.officer import OFFICERS
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import OPERATOR, RULES, rules
from souq.core.seal import canonical
from souq.core.state import Draft, Table, View

NAMES_MAX = 100_000
VERSION_MAX = 64
_CURRENT = "current"


class LoadDenyList(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Load a version of the deny list in place of the one before. By the operator or an officer.

    `names` are digests of normalised names as `souq deny digest` writes them, `principals` ids of
    those already here.
    """

    version: str
    names: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()


class DenyListLoaded(Struct, frozen=True, tag=True, omit_defaults=True):
    """`digest` names the list's content."""

    version: str
    digest: str
    by: str
    names: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()


class PrincipalScreened(Struct, frozen=True, tag=True):
    """A new principal's name was compared; `name_key` lets later versions of the list find it."""

    principal: str
    name_key: str
    version: str


class DenyList(Struct, frozen=True):
    """One list is one row, in order, because it is replaced as a whole."""

    version: str
    digest: str
    loaded_at: int
    names: tuple[str, ...]
    principals: tuple[str, ...]


DENY_LIST: Table[DenyList] = Table("deny list", DenyList)
NAME_KEYS: Table[str] = Table("name keys", str)  # by principal, where the house screens
TABLES: tuple[Table[Any], ...] = (DENY_LIST, NAME_KEYS)


def normalised(name: str) -> str:
    """Give a name without what spellings of one name differ in."""
    flat = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    bare = "".join(sign for sign in flat if not unicodedata.combining(sign))
    words = "".join(sign if sign.isalnum() else " " for sign in bare).split()
    return " ".join(sorted(words))


def name_key(name: str) -> str:
    """Give the digest that stands for a name in a list."""
    return hashlib.sha256(b"souq name\0" + normalised(name).encode("utf-8", "replace")).hexdigest()


def screen(view: View, name: str) -> None:
    """Raise Refused where the house lets nobody of this name in."""
    found = _list_in_force(view)
    if found is not None and _has(found.names, name_key(name)):
        raise Refused(Reason.DENY_LISTED)


def note_screened(draft: Draft, principal: str, name: str) -> None:
    """Record under which list a new principal's name was compared, where the house has lists."""
    found = draft.get(DENY_LIST, _CURRENT)
    if rules(draft).deny_list or found is not None:
        version = "" if found is None else found.version
        draft.emit(PrincipalScreened(principal, name_key(name), version))


def need_clear(view: View, principal: str) -> None:
    """Raise Refused where the house deals with this principal no more, or cannot tell."""
    found = _list_in_force(view)
    if found is not None and _is_listed(view, found, principal):
        raise Refused(Reason.DENY_LISTED)


def _list_in_force(view: View) -> DenyList | None:
    """Give the list to compare with. Raises Refused where the house demands one and has none."""
    house = view.get(RULES, "market")
    if house is None or not house.deny_list:
        return None
    found = view.get(DENY_LIST, _CURRENT)
    is_current = found is not None and view.at < found.loaded_at + house.deny_list_age_us
    if house.deny_list == "closed" and not is_current:
        raise Refused(Reason.DENY_LIST_MISSING)
    return found


def _is_listed(view: View, found: DenyList, principal: str) -> bool:
    key = view.get(NAME_KEYS, principal)
    is_named = key is not None and _has(found.names, key)
    return is_named or _has(found.principals, principal)


def _has(ordered: tuple[str, ...], wanted: str) -> bool:
    at = bisect_left(ordered, wanted)
    return at < len(ordered) and ordered[at] == wanted


def _load(draft: Draft, actor: str, command: LoadDenyList) -> None:
    rules(draft)
    if actor != OPERATOR and draft.get(OFFICERS, actor) is None:
        raise Refused(Reason.NOT_YOURS)
    if not 0 < len(command.version) <= VERSION_MAX or not command.version.isprintable():
        raise invalid("version", f"1 to {VERSION_MAX} printable characters")
    if len(command.names) > NAMES_MAX or len(command.principals) > NAMES_MAX:
        raise invalid("names", f"at most {NAMES_MAX}, and as many principals")
    if not all(map(is_digest, command.names)):
        raise invalid("names", "each is 64 lower-case hex digits")
    names, principals = sorted(set(command.names)), sorted(set(command.principals))
    digest = hashlib.sha256(canonical.encode([names, principals])).hexdigest()
    draft.emit(DenyListLoaded(command.version, digest, actor, tuple(names), tuple(principals)))


def _loaded(view: View, event: DenyListLoaded) -> None:
    found = DenyList(event.version, event.digest, view.at, event.names, event.principals)
    view.put(DENY_LIST, _CURRENT, found)


def _screened(view: View, event: PrincipalScreened) -> None:
    view.put(NAME_KEYS, event.principal, event.name_key)


DECIDE: dict[type, Any] = {LoadDenyList: _load}
EVOLVE: dict[type, Any] = {DenyListLoaded: _loaded, PrincipalScreened: _screened}
