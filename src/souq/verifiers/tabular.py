"""Checks a table of rows: a JSON Schema that each keeps, how many there are, and a sample of them.

Rows are JSON, one a line. The schema is read by a library whose patterns cannot be made to run for
ever, and never fetches anything. Which rows are looked at more closely, by checks of one's own,
is drawn by lot (see `digests.sample`).
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import jsonschema_rs

from souq.core.criteria import Rows
from souq.verifiers.digests import sample
from souq.verifiers.suites import Verdict

BYTES_MAX = 64 * 1024 * 1024
LINES_MAX = 1_000_000
Row = Any
Checks = Mapping[str, Callable[[Row], bool]]


class Unable(ValueError):
    """What nothing can be checked by here: no schema, or more than is read at once."""


def _fetch_nothing(url: str) -> Any:
    raise Unable("a schema refers to nothing outside itself")


def judge(
    content: bytes,
    schema: bytes,
    asked: Rows,
    *,
    seed: str = "",
    contract: str = "",
    evidence: str = "",
    checks: Checks | None = None,
) -> Verdict:
    """Judge a table by its criterion. Raises Unable."""
    validator = _validator(schema)
    if len(content) > BYTES_MAX or content.count(b"\n") > LINES_MAX:
        raise Unable(f"more than {BYTES_MAX} bytes or {LINES_MAX} lines")
    lines = [line for line in content.split(b"\n") if line.strip()]
    if len(lines) < asked.rows_min or (asked.rows_max and len(lines) > asked.rows_max):
        return Verdict(False, f"{len(lines)} rows")
    rows: list[Row] = []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line, parse_constant=_no_number)
        except (ValueError, RecursionError):
            return Verdict(False, f"row {number} is no JSON")
        if not _is_valid(validator, row):
            return Verdict(False, f"row {number} does not keep the schema")
        rows.append(row)
    for place in sample(seed, contract, evidence, len(rows), asked.sampled) if checks else ():
        for name, check in (checks or {}).items():
            if not check(rows[place]):
                return Verdict(False, f"row {place + 1}, drawn by lot, fails {name!r}")
    return Verdict(True, f"{len(rows)} rows keep the schema")


def _validator(schema: bytes) -> Any:
    try:
        return jsonschema_rs.validator_for(
            json.loads(schema),
            retriever=_fetch_nothing,
            pattern_options=jsonschema_rs.RegexOptions(),
        )
    except Unable:
        raise
    except (ValueError, RecursionError, jsonschema_rs.ReferencingError) as error:
        raise Unable(str(error)[:200]) from None


def _is_valid(validator: Any, row: Row) -> bool:
    try:
        return bool(validator.is_valid(row))
    except (ValueError, RecursionError):  # deeper than any table, or a number beyond all numbers
        return False


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")
