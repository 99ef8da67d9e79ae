"""A town of Magentic Marketplace (Bansal et al. 2025): customers, businesses, a YAML file each.

    TOWN/customers/customer_0001.yaml      id, name, request, menu_features, amenity_features
    TOWN/businesses/business_0001.yaml     id, name, description, menu_features, amenity_features, …
    TOWN/baseline_utilities.json           published welfare, where it was published

A customer's `menu_features` are what it wants and what each is worth to it, its `amenity_features`
what it insists on. A business's are its menu with prices, and which amenities it has; one that it
does not name it does not have. Every price is read from the text of the file, so that 9.10 is 9.10;
a file may name fields beyond these, which are kept in `more` as the text that they are.
"""

import math
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from souq.core.money import USD
from souq.lab.economics import LabExtraMissing
from souq.lab.sources.bad_source import BadSource, text, units

BASELINES = "baseline_utilities.json"
KIND = "a folder of Magentic Marketplace, with customers/ and businesses/ in it"
SUFFIXES = (".yaml", ".yml")
# As YAML 1.1 has them, which these files are written in.
_YES, _NO = ("true", "yes", "on"), ("false", "no", "off")


class Customer(Struct, frozen=True):
    """One customer: what each thing it wants is worth to it in units, and what it insists on."""

    id: str
    name: str
    request: str
    values: dict[str, int]
    amenities: tuple[str, ...]
    more: dict[str, Any] = {}


class Business(Struct, frozen=True):
    """One business: its menu with prices in units, and whether it has each amenity."""

    id: str
    name: str
    description: str
    menu: dict[str, int]
    amenities: dict[str, bool]
    more: dict[str, Any] = {}


class Baselines(Struct, frozen=True):
    """Published welfare in units: if all choose best, and if all take the cheapest match."""

    optimal_units: int
    cheapest_units: int


class Town(Struct, frozen=True):
    """One folder, in the order of its files' names."""

    customers: tuple[Customer, ...]
    businesses: tuple[Business, ...]
    baselines: Baselines | None = None


Row = dict[str, Any]
Read = TypeVar("Read", Customer, Business)


def read(folder: Path) -> Town:
    """Read a folder. Raises BadSource, or LabExtraMissing where there is no YAML."""
    if not folder.is_dir():
        raise BadSource(f"{folder}: is no folder; name {KIND}")
    customers = _read_all(folder / "customers", _customer)
    businesses = _read_all(folder / "businesses", _business)
    return Town(customers, businesses, _baselines(folder / BASELINES))


def write(town: Town, folder: Path) -> None:
    """Write a town as such a folder, which `read` gives back the same; baselines are not written.

    Raises LabExtraMissing where there is no YAML.
    """
    for name, rows in (
        ("customers", [_customer_row(one) for one in town.customers]),
        ("businesses", [_business_row(one) for one in town.businesses]),
    ):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for n, row in enumerate(rows, start=1):
            content = _yaml_of(row)
            (folder / name / f"{name}_{n:04}.yaml").write_text(content, encoding="utf-8")


def _read_all(folder: Path, parse: Callable[[Row], Read]) -> tuple[Read, ...]:
    if not folder.is_dir():
        raise BadSource(f"{folder}: is not there; name {KIND}")
    files = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)
    if not files:
        raise BadSource(f"{folder}: holds no YAML file; write one for each of the {folder.name}")
    found: dict[str, tuple[Path, Read]] = {}
    for path in files:
        try:
            one = parse(_row(text(path, kind="a YAML file")))
        except BadSource as error:
            said = str(error)
            raise BadSource(said if said.startswith(str(path)) else f"{path}: {said}") from None
        if one.id in found:
            raise BadSource(
                f"{path}: id: {one.id} is that of {found[one.id][0].name} too; give each its own"
            )
        found[one.id] = path, one
    return tuple(one for _, one in found.values())


def _customer(row: Row) -> Customer:
    amenities = _take(row, "amenity_features", list, "a list of amenities", default=[])
    for one in amenities:
        if not isinstance(one, str) or not one:
            raise BadSource("amenity_features: holds what is no word; name one amenity a line")
        if amenities.count(one) > 1:
            raise BadSource(f"amenity_features: {one} stands twice; name it once")
    return Customer(
        id=_take(row, "id", str, "a word"),
        name=_take(row, "name", str, "a word"),
        request=_take(row, "request", str, "text", default=""),
        values=_prices(row),
        amenities=tuple(amenities),
        more=row,
    )


def _business(row: Row) -> Business:
    named = _take(row, "amenity_features", dict, "amenities, each true or false", default={})
    return Business(
        id=_take(row, "id", str, "a word"),
        name=_take(row, "name", str, "a word"),
        description=_take(row, "description", str, "text", default=""),
        menu=_prices(row),
        amenities={amenity: _flag(amenity, found) for amenity, found in named.items()},
        more=row,
    )


def _take(row: Row, field: str, kind: type, called: str, *, default: Any = None) -> Any:
    """Take a field out of a row, so that in the end the row holds what nobody asked for."""
    if field not in row:
        if default is None:
            raise BadSource(f"{field}: is missing; add {called}")
        return default
    found = row.pop(field)
    if found == "" and default is not None:  # what YAML has no value for
        return default
    if not isinstance(found, kind) or found == "":
        raise BadSource(f"{field}: is not {called}; correct it")
    return found


def _prices(row: Row) -> dict[str, int]:
    named = _take(row, "menu_features", dict, "things, each with an amount of dollars")
    if not named:
        raise BadSource("menu_features: is empty; name at least one thing with its amount")
    found = {}
    for item, amount in named.items():
        if not isinstance(amount, str):
            raise BadSource(f"menu_features: {item}: is no amount; write dollars such as 9.10")
        try:
            found[item] = units(amount)
        except BadSource as error:
            raise BadSource(f"menu_features: {item}: {error}") from None
    return found


def _flag(amenity: str, found: Any) -> bool:
    said = found.lower() if isinstance(found, str) else None
    if said in _YES or said in _NO:
        return said in _YES
    raise BadSource(f"amenity_features: {amenity}: is neither true nor false; write one of them")


def _baselines(path: Path) -> Baselines | None:
    if not path.exists():
        return None
    try:
        row = msgspec.json.decode(text(path, kind=BASELINES).encode())
        named = (row["pick_optimal_baseline"], row["pick_cheapest_baseline"])
        optimal, cheapest = (float(one["constant"]) for one in named)
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, RecursionError):
        raise BadSource(
            f"{path}: has no constant of pick_optimal_baseline and pick_cheapest_baseline;"
            " add them, or remove the file"
        ) from None
    if not (math.isfinite(optimal) and math.isfinite(cheapest)):
        raise BadSource(f"{path}: a constant is no number; correct it, or remove the file")
    # They were added up in floats, which are off by far less than half a unit.
    return Baselines(*(round(one * 10**USD.exponent) for one in (optimal, cheapest)))


def _row(content: str) -> Row:
    """Parse a YAML file in which every scalar stays the text that it is."""
    yaml = _yaml()

    class Loader(yaml.BaseLoader):  # type: ignore[name-defined]
        def construct_mapping(self, node: Any, deep: bool = False) -> Row:
            found: Row = super().construct_mapping(node, deep)
            if len(found) < len(node.value):
                where = f"line {node.start_mark.line + 1}"
                raise BadSource(f"{where}: {_twice(node)} stands twice; keep one of them")
            return found

    try:
        row = yaml.load(content, Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise BadSource(f"{where}is not YAML ({error.problem}); correct it there") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise BadSource(f"is not YAML ({type(error).__name__}); correct it") from None
    if not isinstance(row, dict):
        raise BadSource("is not a list of fields; write id: …, name: …, and so on")
    return row


def _twice(node: Any) -> str:
    names = [key.value for key, _ in node.value]
    return next(str(name) for name in names if names.count(name) > 1)


def _customer_row(one: Customer) -> Row:
    return {
        "id": one.id,
        "name": one.name,
        "request": one.request,
        "menu_features": _amounts(one.values),
        "amenity_features": list(one.amenities),
        **one.more,
    }


def _business_row(one: Business) -> Row:
    return {
        "id": one.id,
        "name": one.name,
        "description": one.description,
        "menu_features": _amounts(one.menu),
        "amenity_features": one.amenities,
        **one.more,
    }


def _amounts(named: dict[str, int]) -> dict[str, Decimal]:
    return {item: Decimal(USD.format(amount)) for item, amount in named.items()}


def _yaml_of(row: Row) -> str:
    yaml = _yaml()

    class Dumper(yaml.SafeDumper):  # type: ignore[name-defined]
        pass

    Dumper.add_representer(
        Decimal, lambda dumper, one: dumper.represent_scalar("tag:yaml.org,2002:float", str(one))
    )
    content: str = yaml.dump(row, Dumper=Dumper, sort_keys=False, allow_unicode=True)
    return content


def _yaml() -> Any:
    try:
        import yaml
    except ImportError:
        raise LabExtraMissing("these files need PyYAML: pip install 'souq[lab]'") from None
    return yaml
