"""R3. Programs that only try prices learn to keep them high, and to punish whoever cuts.

Two or three Q-learners sell goods that differ a little, and see no more than the last prices. After
some two million periods nobody changes its mind; then one is made to cut its price. Learners who
remember nothing end even dearer, and cannot punish: high prices alone are no proof of collusion.
"""

from collections.abc import Iterator

from souq.lab.economics import LabExtraMissing
from souq.lab.kernel import Trade
from souq.replications.replication import Finding, Scale

ID = "R3"
TITLE = "Learnt collusion in prices, genuine and spurious"
SOURCE = "Calvano, Calzolari, Denicolò & Pastorello 2020, 2023"
TAPE = "6028bee908fe8cc1"


def run(scale: Scale) -> Iterator[Finding]:
    """Measure every claim. Raises LabExtraMissing."""
    try:
        # Imported where it is used: the other replications run without the extra.
        from souq.replications.learning import pricing_findings
    except ImportError:
        raise LabExtraMissing("R3 needs numpy and scipy: pip install 'souq[lab]'") from None
    return pricing_findings.findings(scale)


def tapes(seed: int) -> tuple[list[Trade], list[Trade]]:
    """Give the trades of some periods, by the kernel and by the whole market."""
    try:
        from souq.replications.learning import pricing_shop
    except ImportError:
        raise LabExtraMissing("R3 needs numpy and scipy: pip install 'souq[lab]'") from None
    return pricing_shop.tapes(seed)
