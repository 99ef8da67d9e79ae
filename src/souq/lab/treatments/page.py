"""The page on treatments and metrics, made from their modules.

`python -m souq.lab.treatments.page docs/treatments.md` writes it into a page, between its marks; a
test fails when the page is out of date.
"""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from souq.lab.metrics import METRICS
from souq.lab.treatments import TREATMENTS, Treatment
from souq.operations.marks import between, row

BEGIN, END = "<!-- treatments -->", "<!-- /treatments -->"
_WORDS: dict[Any, str] = {
    int: "integer",
    float: "number",
    str: "text",
    bool: "true or false",
    NoneType: "null",
}
_UNITS = {"": "", "$": "dollars", "share": "share of 1"}


def sections() -> str:
    """Give every treatment's section, then the table of metrics."""
    told = [section(one) for one in TREATMENTS.values()]
    return "\n\n".join(["## Treatments", *told, "\n".join(_metrics())])


def section(treatment: Treatment) -> str:
    """Give one treatment's section as Markdown."""
    about = inspect.getdoc(treatment) or ""
    return "\n".join([f"### {treatment.NAME}", "", about, *_settings(treatment.Settings)])


def _settings(kind: type[Struct]) -> Iterator[str]:
    """Give what can be chosen; what has settings of its own is told after it."""
    if inner := _about(kind):
        yield from ("", inner)
    fields = msgspec.structs.fields(kind)
    if not fields:
        return
    hints = get_type_hints(kind, include_extras=True)
    yield from ("", "| setting | | unless given |", "|---|---|---|")
    for field in fields:
        yield row(f"`{field.name}`", words(hints[field.name]), _default(field))
    for field in fields:
        for part in _structs(hints[field.name]):
            module = sys.modules[part.__module__].__doc__ if part.__name__ == "Settings" else ""
            yield from ("", f"#### {field.name}")
            if module:
                yield from ("", inspect.cleandoc(module))
            yield from _settings(part)


def _about(kind: type[Struct]) -> str:
    # What has no docstring of its own would give that of msgspec.
    return " ".join(inspect.cleandoc(vars(kind).get("__doc__") or "").split())


def _structs(hint: Any) -> list[type[Struct]]:
    if isinstance(hint, type) and issubclass(hint, Struct):
        return [hint]
    return [found for one in get_args(hint) for found in _structs(one)]


def words(hint: Any) -> str:
    """Say a type as somebody writes it in TOML."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        bounds = [_bounds(one) for one in inner[1:] if isinstance(one, Meta)]
        return " ".join([words(inner[0]), *filter(None, bounds)])
    if origin in (UnionType, Union):
        return " or ".join(words(one) for one in inner if one is not NoneType)
    if origin is Literal:
        return " or ".join(f"`{msgspec.json.encode(one).decode()}`" for one in inner)
    if origin in (tuple, list):
        return f"list of {words(inner[0])}"
    if origin is dict:
        return f"table of {words(inner[1])} by {words(inner[0])}"
    if isinstance(hint, type) and issubclass(hint, Struct):
        return "a table, below"
    return _WORDS.get(hint, getattr(hint, "__name__", str(hint)))


def _bounds(meta: Meta) -> str:
    least = meta.ge if meta.ge is not None else meta.gt
    most = meta.le if meta.le is not None else meta.lt
    if least is not None and most is not None:
        return f"from {least} to {most}"
    if least is not None:
        return f"above {least}" if meta.ge is None else f"of {least} or more"
    return "" if most is None else f"of {most} or less"


def _default(field: Any) -> str:
    if field.required:
        return "needed"
    default = field.default
    if default is msgspec.NODEFAULT:
        default = field.default_factory()
    if default is None:
        return "left as it is"
    return f"`{msgspec.json.encode(default).decode()}`"


def _metrics() -> Iterator[str]:
    yield from ("## Metrics", "", "| metric | unit | tells |", "|---|---|---|")
    for name, metric in METRICS.items():
        yield row(f"`{name}`", _UNITS.get(metric.unit, metric.unit), metric.about)


def written(page: str) -> str:
    """Give a page with the sections as they are now. Raises ValueError where it has no marks."""
    return between(page, BEGIN, END, f"\n{sections()}\n")


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(written(path.read_text(encoding="utf-8")), encoding="utf-8")
