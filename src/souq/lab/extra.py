"""What the extra `lab` brings, loaded where it is first needed: souq itself starts without it."""

from importlib import import_module
from typing import Any


class LabExtraMissing(ImportError):
    """Something here needs the extra `lab`."""


def load(module: str, *, of: str) -> Any:
    """Import a module of the extra. Raises LabExtraMissing, which says what wanted it."""
    try:
        return import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise LabExtraMissing(f"for {of}, install {package}: pip install 'souq[lab]'") from None
