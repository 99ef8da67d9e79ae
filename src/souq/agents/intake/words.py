"""Reads what people type: words, prices, counts, yes and no. A bad answer is corrected in words."""

import re
import unicodedata
from collections.abc import Callable

from souq.agents.brief import Amount
from souq.core.money import UNITS_MAX, Asset

ECHO_MAX = 40  # signs of a bad answer that are said back
COUNT_MAX = 1_000
_YES = frozenset(["y", "yes", "yeah", "yep", "ok", "okay", "sure", "right", "correct"])
_NO = frozenset(["n", "no", "nope", "never"])
_NOTHING = frozenset({"free", "nothing", "for free", "gift"})
_KEPT = "\u200c\u200d"  # without the joiners some scripts and many emoji fall apart
_QUOTED = re.compile(r"[\"“](.*)[\"”]", re.DOTALL)
_DECIMAL_COMMA = re.compile(r"[0-9]+,[0-9]{1,2}|[0-9]{1,3}(\.[0-9]{3})+,[0-9]{1,2}")
_THOUSANDS = re.compile(r"[0-9]{1,3}((,[0-9]{3})+\.[0-9]{1,2}|(,[0-9]{3}){2,})")
_TWO_WAYS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_PLAIN = re.compile(r"[0-9]+(\.[0-9]+)?")

Read = Callable[[str, Asset], object]


class NotUnderstood(ValueError):
    """An answer cannot be meant; the message says what would be."""


def cleaned(text: str) -> str:
    """Give what was typed on one line, without signs that steer a terminal or turn text around."""
    spaced = "".join(" " if _steers(sign) else sign for sign in text)
    return " ".join(spaced.split())


def _steers(sign: str) -> bool:
    return sign not in _KEPT and unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def echo(text: str) -> str:
    """Say back what was typed, shortened."""
    return f"“{text[:ECHO_MAX]}{'…' if len(text) > ECHO_MAX else ''}”"


def command(text: str, words: frozenset[str]) -> str:
    """Give which of these words was typed by itself, or nothing."""
    word = text.lower().rstrip(".!")
    return word if word in words else ""


def unquoted(text: str, words: frozenset[str]) -> str:
    """Take the quotes off a word that would otherwise be obeyed, such as a game named "Back"."""
    match = _QUOTED.fullmatch(text)
    return match[1] if match and command(match[1], words) else text


def text_up_to(signs_max: int) -> Callable[[str, Asset], str]:
    """Make a reader of texts so long at most."""

    def read(text: str, asset: Asset) -> str:
        found = cleaned(text)
        if not found:
            raise NotUnderstood("I need a word or two here.")
        if len(found) > signs_max:
            raise NotUnderstood(f"That is {len(found):,} signs long; {signs_max} are enough.")
        return found

    return read


def category(text: str, asset: Asset) -> str:
    """Read a category: in small letters, since a market takes “Books” for something else."""
    found = "/".join(part.strip() for part in text_up_to(64)(text, asset).lower().split("/"))
    if not all(found.split("/")):
        raise NotUnderstood(
            f"{echo(found)} is no category; say one such as books or bikes/folding."
        )
    return found


def amount(text: str, asset: Asset) -> Amount:
    """Read a price, exactly or not at all."""
    said = cleaned(text).lower()
    if said in _NOTHING:
        return 0
    names = [asset.code.lower()] + (
        ["$", "dollars", "dollar", "bucks"] if asset.code == "USD" else []
    )
    bare = said
    for name in names:
        bare = bare.removeprefix(name).removesuffix(name).strip()
    if bare.startswith(("-", "\u2212")):
        raise NotUnderstood("A price is 0 or more.")
    if _TWO_WAYS.fullmatch(bare):
        digits = re.sub(r"[.,]", "", bare)
        raise NotUnderstood(
            f"{echo(said)} can be read two ways; write {digits} or {bare[:-4]}.{bare[-3:-1]}."
        )
    if _DECIMAL_COMMA.fullmatch(bare):
        bare = bare.replace(".", "").replace(",", ".")
    elif _THOUSANDS.fullmatch(bare):
        bare = bare.replace(",", "")
    if not _PLAIN.fullmatch(bare) or len(bare) > ECHO_MAX:
        raise NotUnderstood(f"{echo(said)} is no price to me; write it like 30 or 12.50.")
    try:
        units = asset.parse(bare).units
    except ValueError as error:
        raise NotUnderstood(f"{error}.") from None
    if units > UNITS_MAX:
        raise NotUnderstood(f"{echo(said)} is more than a market counts.")
    return as_amount(units, asset)


def as_amount(units: int, asset: Asset) -> Amount:
    """Write units as a brief has them: a whole number where it is one."""
    whole, rest = divmod(units, 10**asset.exponent)
    return asset.format(units) if rest else whole


def count(text: str, asset: Asset) -> int:
    """Read how many."""
    said = cleaned(text)
    if not re.fullmatch(r"[0-9]{1,5}", said) or not 1 <= int(said) <= COUNT_MAX:
        raise NotUnderstood(f"{echo(said)} is no count; say a number from 1 to {COUNT_MAX}.")
    return int(said)


def is_yes(text: str, asset: Asset) -> bool:
    """Read yes or no."""
    word = cleaned(text).lower().rstrip(".!")
    if word not in _YES | _NO:
        raise NotUnderstood("Please say yes or no.")
    return word in _YES


def entries(text: str, signs_max: int, asset: Asset) -> tuple[str, ...]:
    """Read one entry, or several parted by semicolons."""
    read = text_up_to(signs_max)
    found = tuple(read(part, asset) for part in text.split(";") if cleaned(part))
    if not found:
        raise NotUnderstood("I need a word or two here.")
    return found


def places(text: str, among: int) -> tuple[int, ...]:
    """Read a whole order such as “2 1”. One that names a few leaves open what the others are."""
    said = re.findall(r"[0-9]+", text)
    named = [int(one) - 1 for one in said if len(one) < 5]
    is_order = bool(said) and not re.sub(r"[w0-9\s,;.>]", "", text.lower())
    is_known = len(named) == len(said) and all(0 <= one < among for one in named)
    if not is_order or not is_known or len(set(named)) < len(named):
        raise NotUnderstood(f"Say each number once, from 1 to {among}, the most wanted first.")
    if len(named) < among:
        raise NotUnderstood(
            f"That is {len(named)} of {among}: say the whole order, each number once, "
            "the most wanted first."
        )
    return tuple(named)
