"""A replication with a bug in it."""

from collections.abc import Iterator

from souq.replications.replication import Finding, Scale
from tests.replications.toys.sound import SOURCE, TAPE, TITLE, tapes

ID = "T2"
__all__ = ["ID", "SOURCE", "TAPE", "TITLE", "run", "tapes"]


def run(scale: Scale) -> Iterator[Finding]:
    raise KeyError("the coin is lost")
