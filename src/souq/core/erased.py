"""Who was erased: nothing binds them any more."""

from typing import Any

from souq.core.state import Table, View

ERASED: Table[int] = Table("erased", int)  # by principal: when
TABLES: tuple[Table[Any], ...] = (ERASED,)


def is_erased(view: View, principal: str) -> bool:
    """Tell whether a principal was erased."""
    return view.get(ERASED, principal) is not None
