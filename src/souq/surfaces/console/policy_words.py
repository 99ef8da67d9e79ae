"""Rules of policies and mandates in words, from what their own documentation says of them."""

from collections.abc import Iterator
from typing import Any

from souq.core.duration import spelled
from souq.core.policy import TYPES, type_of
from souq.core.rules import Rules
from souq.surfaces.console.rendering import moment, percent, written

# Rules that hold a deal and stand in no policy.
_OTHERS = {
    "approval": "A mandate or a policy asks for approval of a deal that costs so much.",
    "confirm": "The house lets a deal that costs so much bind only when its payer has read it.",
}
_MONEY = ("floors",)  # amounts by name; all others say so in their own names
_NOTHING: tuple[Any, ...] = (None, "", ())


def meaning(rule: str) -> str:
    """Say what a rule is for, by the word that its type is written with."""
    kind = TYPES.get(rule)
    if rule in _OTHERS:
        return _OTHERS[rule]
    return " ".join((kind.__doc__ or "").split()) if kind else rule.replace("_", " ")


def told(rule: Any, house: Rules) -> tuple[str, list[tuple[str, str]]]:
    """Say what a rule of a policy means, and its figures by name."""
    means = " ".join((type(rule).__doc__ or type_of(rule)).split())
    return means, list(_figures(rule, house))


def _figures(rule: Any, house: Rules) -> Iterator[tuple[str, str]]:
    asset = getattr(rule, "asset", "")
    said = {name: getattr(rule, name) for name in rule.__struct_fields__ if name != "offsets"}
    amounts = [said[name] for name in said if name.endswith("_units") or name in _MONEY]
    if any(one not in (None, {}) for one in amounts):
        del said["asset"]  # it stands beside each amount
    for name, value in said.items():
        if value in _NOTHING:
            continue
        plain, _, unit = name.rpartition("_")
        if unit == "units":
            yield _spaced(plain), written(house, value, asset)
        elif unit == "us":
            yield _spaced(plain), spelled(value)
        elif unit == "bps":
            yield _spaced(plain), percent(value)
        elif unit == "at":
            yield _spaced(plain), moment(value)
        elif isinstance(value, dict):
            yield _spaced(name), ", ".join(_pairs(name, value, house, asset))
        elif isinstance(value, tuple):
            yield _spaced(name), ", ".join(map(str, value))
        elif isinstance(value, bool):
            yield _spaced(name), "yes" if value else "no"
        else:
            yield _spaced(name), str(value)


def _pairs(name: str, found: dict[str, int], house: Rules, asset: str) -> Iterator[str]:
    for key, value in found.items():
        yield f"{key} {written(house, value, asset) if name in _MONEY else value}"


def _spaced(name: str) -> str:
    return name.replace("_", " ")
