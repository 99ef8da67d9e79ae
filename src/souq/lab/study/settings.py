"""Settings of an experiment as names and values: what arms share, and what tells them apart."""

from typing import Any

import msgspec

from souq.lab.experiment.schema import Design, Experiment, Kind


def settings(asked: Experiment) -> dict[str, str]:
    """Give every setting of one arm by its dotted name, as it could be written in the file."""
    found: dict[str, str] = {}
    _flatten(msgspec.to_builtins(asked), "", found)
    return found


def shared(design: Design) -> dict[str, str]:
    """Give the settings that are the same in every arm."""
    first, *rest = [settings(arm.experiment) for arm in design.arms]
    return {name: value for name, value in first.items() if all(r.get(name) == value for r in rest)}


def differing(design: Design) -> dict[str, dict[str, str]]:
    """Give by arm the settings in which not all arms are alike."""
    same = shared(design)
    return {
        arm.name: {
            name: value for name, value in settings(arm.experiment).items() if name not in same
        }
        for arm in design.arms
    }


def unusual(design: Design) -> dict[str, str]:
    """Give the shared settings that somebody chose: those that are not as they come."""
    usual = settings(Experiment())
    plain: dict[str, str] = {}
    _flatten(msgspec.to_builtins(Kind()), "", plain)
    return {
        name: value
        for name, value in shared(design).items()
        if value != (plain.get(name.split(".", 2)[2]) if _is_of_kind(name) else usual.get(name))
    }


def _is_of_kind(name: str) -> bool:
    return name.startswith("agents.") and name.count(".") > 1


def _flatten(value: Any, name: str, found: dict[str, str]) -> None:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            _flatten(inner, f"{name}.{key}" if name else str(key), found)
    elif value is None or value in ({}, [], ""):
        found[name] = "none" if value is None else '""' if value == "" else "[]"
    elif isinstance(value, bool):
        found[name] = "true" if value else "false"
    elif isinstance(value, list | tuple):
        found[name] = ", ".join(map(str, value))
    else:
        found[name] = f"{value:g}" if isinstance(value, float) else str(value)
