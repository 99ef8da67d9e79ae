"""A floor's figures, from what its journal folds to."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from souq.core import market
from souq.core.mechanisms.swap import NAME as SWAP
from souq.core.state import State
from souq.lab import economics, matching
from souq.lab.swap.evidence import read_played
from souq.lab.swap.outcome import holdings, outcomes
from souq.lab.swap.running import FLOOR, FloorNote
from souq.views.history import History


class SwapSummary(Struct, frozen=True):
    """A floor's figures. Scores: 1 is the top of one's own list, 0 its bottom; means over people.

    They are None where the rankings are not (yet) in the record.
    """

    people: int
    proposals: int
    deals: int
    rotations: int
    voided: int
    rejected: int
    lapsed: int
    wakes: int
    score_start: float | None
    score_achieved: float | None
    score_ttc: float | None
    score_best: float | None
    share_of_best: float | None
    worst_tenth: float | None
    stop: str
    state_hash: str


def summarise(history: History, state: State) -> SwapSummary:
    """Compute a floor's figures from what its journal folds to. Raises LabExtraMissing."""
    stories = [one for one in history.negotiations.values() if one.mechanism == SWAP]
    ends = [story.why for story in stories]
    note = history.notes.get(FLOOR)
    floor = (
        msgspec.json.decode(history.words(note), type=FloorNote)
        if note
        else FloorNote(0, "unfinished")
    )
    return SwapSummary(
        people=len(history.principal_of),
        proposals=len(stories),
        deals=len(history.deals),
        rotations=sum(len(deal.agreement.parties) > 2 for deal in history.deals.values()),
        voided=ends.count("goods_moved"),
        rejected=ends.count("rejected"),
        lapsed=ends.count("lapsed"),
        wakes=floor.wakes,
        stop=floor.stop,
        state_hash=market.state_hash(state),
        **_scores(history),
    )


def _scores(history: History) -> dict[str, float | None]:
    names = ("score_start", "score_achieved", "score_ttc", "score_best")
    played = read_played(history)
    if played is None:
        return dict.fromkeys((*names, "share_of_best", "worst_tenth"))
    found = [one.true for one in outcomes(played, holdings(history, played)).values()]
    mean = matching.mean
    total, best = mean([one.achieved for one in found]), mean([one.best for one in found])
    return {
        "score_start": mean([one.start for one in found]),
        "score_achieved": total,
        "score_ttc": mean([one.ttc for one in found]),
        "score_best": best,
        "share_of_best": round(total / best, 9),
        "worst_tenth": worst_tenth([one.achieved for one in found]),
    }


def worst_tenth(scores: Sequence[float]) -> float:
    """Give the mean of the worst-off tenth, rounded as all scores are."""
    return round(economics.worst_tenth(scores), 9)
