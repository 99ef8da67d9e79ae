"""What else happens on the day that the audience test reads: a module for each kind of affair.

Each has `play(day)`, which makes every event of its kind happen, and `SEEN`, by event: who may see
it, worked out from raw records alone.
"""

import importlib
import pkgutil
from typing import Any

CHAPTERS: tuple[Any, ...] = tuple(
    importlib.import_module(f"{__name__}.{module.name}")
    for module in pkgutil.iter_modules(__path__)
)
SEEN: dict[str, Any] = {name: may for one in CHAPTERS for name, may in one.SEEN.items()}
