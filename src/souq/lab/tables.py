"""The tidy tables that a cell leaves: one struct a row, one Parquet file a table.

Every row begins with its cell: the arm it belongs to and which repetition it is. Money is in
units of the smallest coin, instants are microseconds; shares are of 1. What is not known is null,
never 0. The same rows give the same bytes, so that two engines can be compared by their files.
"""

import types
import typing
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from souq.lab.extra import LabExtraMissing


class PersonRow(Struct, frozen=True):
    """One person in one market. `kind` is the agent it was assigned; `block` the stratum."""

    arm: str
    repetition: int
    person: str
    agent: str
    kind: str
    style: str
    block: str
    is_adversary: bool
    budget_units: int
    listed: int
    sold: int
    bought: int
    deals: int  # contracts that the person is a party to
    earned_units: int
    spent_units: int
    surplus_selling_units: int
    surplus_buying_units: int
    surplus_units: int
    gift_card_units: int


class ListingRow(Struct, frozen=True):
    """One thing put up. `item` is the same in every market of one population."""

    arm: str
    repetition: int
    listing: str
    item: str
    person: str
    kind: str
    style: str
    side: str  # "sell" or "want"
    category: str
    ask_units: int
    floor_units: int | None  # null for a want
    is_sold: bool
    price_units: int | None


class ItemRow(Struct, frozen=True):
    """One item that changed hands, with its share of what was paid for the bundle it came in."""

    arm: str
    repetition: int
    contract: str
    item: str
    category: str
    at_us: int  # since the market opened
    seller: str
    buyer: str
    seller_kind: str
    buyer_kind: str
    seller_style: str
    buyer_style: str
    price_units: int
    ask_units: int
    floor_units: int
    worth_units: int
    stage: str  # how its contract ended: "fulfilled", "cancelled", "ruled" …


class OfferRow(Struct, frozen=True):
    """One move in one negotiation. `role` is "buyer", "seller" or "swapper"."""

    arm: str
    repetition: int
    negotiation: str
    n: int  # from 1
    at_us: int
    person: str
    kind: str
    role: str
    what: str  # "offers", "counters", "accepts", "rejects" …
    units: int | None


class DealRow(Struct, frozen=True):
    """One contract."""

    arm: str
    repetition: int
    contract: str
    negotiation: str
    at_us: int
    ended_at_us: int | None
    stage: str
    units: int
    items: int
    is_barter: bool
    moves: int


class RefusalRow(Struct, frozen=True):
    """How often the market told one person's agent no, by command and reason."""

    arm: str
    repetition: int
    person: str
    kind: str
    command: str
    reason: str
    count: int


class SurveyRow(Struct, frozen=True):
    """What a person said when all was over, of one market: rank 1 is the bundle it liked best."""

    arm: str
    repetition: int
    person: str
    kind: str
    rank: int
    fairness: float | None  # mean over its deals; 1 unfair to me, 4 fair, 7 unfair to the other
    satisfaction: int  # 1 to 7


class ReaderRow(Struct, frozen=True):
    """One person on one barter floor. Scores: 1 is the top of a ranking, 0 its bottom.

    `…_true` is judged by the person's own ranking, `…_understood` by what its agent was told. What
    the person got is `score_…`; what it brought, `start_…`; what it would hold under the best
    assignment or Top Trading Cycles on the true rankings, `best_true` and `ttc_true`; under those
    on the agents' rankings, `best_understood` and `ttc_understood` by the agent's own, and
    `best_understood_true` and `ttc_understood_true` by the person's.
    """

    arm: str
    repetition: int
    person: str
    agent: str
    kind: str
    style: str
    wordiness: str  # empty where the agent knew the ranking
    words: int  # that the person typed
    agreement: float  # share of pairs that the agent orders as the person does
    agreement_popularity: float  # the same of popularity alone
    rank: int  # of what it holds in its own ranking, 1 the top
    swaps: int  # deals that it was in, rotations among them
    rotations: int
    proposals: int
    messages: int
    positions: int  # titles named that it wishes for
    named_top: bool | None  # null where the agent's favourite is the book that was brought
    named_false_top: bool | None  # null where it claimed none
    start_true: float
    score_true: float
    best_true: float
    ttc_true: float
    best_understood_true: float
    ttc_understood_true: float
    start_understood: float
    score_understood: float
    best_understood: float
    ttc_understood: float


class MetricRow(Struct, frozen=True):
    """One figure of one market; null where it is not defined."""

    arm: str
    repetition: int
    metric: str
    value: float | None


TABLES: dict[str, type[Struct]] = {
    "persons": PersonRow,
    "listings": ListingRow,
    "items": ItemRow,
    "offers": OfferRow,
    "deals": DealRow,
    "refusals": RefusalRow,
    "survey": SurveyRow,
    "readers": ReaderRow,
    "metrics": MetricRow,
}
Row = TypeVar("Row", bound=Struct)


def write(path: Path, kind: type[Struct], rows: Iterable[Struct]) -> None:
    """Write rows of one kind to a Parquet file. Raises LabExtraMissing."""
    pyarrow, parquet = _arrow()
    schema = schema_of(kind)
    columns = list(zip(*(msgspec.structs.astuple(row) for row in rows), strict=True))
    columns = columns or [()] * len(schema)
    arrays = [
        pyarrow.array(column, field.type) for column, field in zip(columns, schema, strict=True)
    ]
    parquet.write_table(pyarrow.Table.from_arrays(arrays, schema=schema), path, compression="zstd")


def read(path: Path, kind: type[Row]) -> list[Row]:
    """Read the rows of a file, in its order. Raises LabExtraMissing."""
    _, parquet = _arrow()
    found = parquet.read_table(path)
    columns = [found.column(name).to_pylist() for name in kind.__struct_fields__]
    return [kind(*values) for values in zip(*columns, strict=True)]


def read_all(folders: Sequence[Path], name: str) -> Any:
    """Give one table of many cells as a pyarrow.Table, in the order of the folders."""
    pyarrow, parquet = _arrow()
    kind = TABLES[name]
    parts = [parquet.read_table(folder / f"{name}.parquet") for folder in folders]
    return pyarrow.concat_tables(parts) if parts else schema_of(kind).empty_table()


def schema_of(kind: type[Struct]) -> Any:
    """Give the columns of a kind of row as a pyarrow.Schema."""
    pyarrow, _ = _arrow()
    kinds = {
        int: pyarrow.int64(),
        str: pyarrow.string(),
        bool: pyarrow.bool_(),
        float: pyarrow.float64(),
    }
    fields = []
    for field in msgspec.structs.fields(kind):
        members = [field.type]
        if isinstance(field.type, types.UnionType):
            members = [one for one in typing.get_args(field.type) if one is not type(None)]
        is_nullable = members[0] is not field.type
        fields.append(pyarrow.field(field.name, kinds[members[0]], nullable=is_nullable))
    return pyarrow.schema(fields)


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise LabExtraMissing("tables need pyarrow: pip install 'souq[lab]'") from None
    return pyarrow, pyarrow.parquet
