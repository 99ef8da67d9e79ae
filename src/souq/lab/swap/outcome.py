"""What each person got, on their own list and on their agent's, beside what there was to get.

The gap between what people got and the best they could have had has two parts. **Understanding**:
from the best assignment on true rankings down to the best on agents' rankings, judged on the truth.
**Trading**: from there down to what the floor reached.
"""

from bisect import bisect, insort
from collections.abc import Mapping, Sequence

from msgspec import Struct

from souq.lab import matching
from souq.lab.matching import Preferences
from souq.lab.owners import popular
from souq.lab.swap.evidence import Played
from souq.views.history import History


class Scores(Struct, frozen=True):
    """One person's scores by one ranking, of what it might have held. 1 is the top, 0 the bottom.

    `best` and `ttc` are by the rankings that score; `best_told` and `ttc_told` by the agents'.
    """

    start: float
    achieved: float
    best: float
    ttc: float
    best_told: float
    ttc_told: float


class Outcome(Struct, frozen=True):
    """What came of one person: by the own ranking, and by what the agent understood of it."""

    true: Scores
    understood: Scores
    agreement: float
    agreement_popularity: float
    rank: int


class Shortfall(Struct, frozen=True):
    """How far people fell short of the best on true rankings; shares None where they did not.

    A share can be negative: a floor may do better by people than the best its agents knew.
    """

    total: float
    understanding: float
    trading: float

    @property
    def share_understanding(self) -> float | None:
        """Give the part that is due to what agents did not know."""
        return self.understanding / self.total if self.total > 0 else None


def shortfall(*, best_true: float, best_understood_true: float, achieved: float) -> Shortfall:
    """Split the gap between the best on true rankings and what was achieved, all on the truth."""
    understanding, trading = best_true - best_understood_true, best_understood_true - achieved
    return Shortfall(best_true - achieved, understanding, trading)


def holdings(history: History, played: Played) -> dict[str, str]:
    """Give what each person holds, by name. Whose book was never listed still holds it."""
    held = {story.agent: story.title for story in history.listings.values()}
    # People join in the order in which they were drawn.
    agents = list(history.principal_of)[: len(played.people)]
    return {
        one.name: held.get(agent, one.title)
        for agent, one in zip(agents, played.people, strict=True)
    }


def outcomes(played: Played, held: Mapping[str, str]) -> dict[str, Outcome]:
    """Measure everybody, by name. Raises LabExtraMissing.

    Nothing may beat the best, and Top Trading Cycles leave nobody below what they brought.
    """
    true = {one.name: one.ranking for one in played.people}
    told = {one.name: played.understood(n) for n, one in enumerate(played.people)}
    start = {one.name: one.title for one in played.people}
    assert sorted(held.values()) == sorted(start.values()), "everybody holds one book"
    by_true = _allocations(true, start)
    by_told = _allocations(told, start)
    for rankings, (best, ttc) in ((true, by_true), (told, by_told)):
        assert _places(rankings, held) >= _places(rankings, best), "nothing beats the best"
        assert _places(rankings, ttc) >= _places(rankings, best), "nothing beats the best"
        assert all(
            ranking.index(ttc[name]) <= ranking.index(start[name])
            for name, ranking in rankings.items()
        ), "nobody loses by top trading cycles"
    public = popular(people=len(true), seed=played.seed)
    found = {}
    for name, ranking in true.items():
        own = (start[name], held[name])
        others = [title for title in ranking if title != start[name]]
        found[name] = Outcome(
            true=_scores(name, ranking, own, by_true, by_told),
            understood=_scores(name, told[name], own, by_told, by_told),
            agreement=agreement(others, told[name]),
            agreement_popularity=agreement(others, public),
            rank=ranking.index(held[name]) + 1,
        )
    return found


def agreement(truth: Sequence[str], found: Sequence[str]) -> float:
    """Give the share of pairs of `truth` that another strict ranking orders as it does."""
    place = {title: n for n, title in enumerate(found)}
    before: list[int] = []
    agreed = 0
    for title in truth:
        agreed += bisect(before, place[title])
        insort(before, place[title])
    pairs = len(truth) * (len(truth) - 1) // 2
    return agreed / pairs if pairs else 0.5


_Allocations = tuple[Mapping[str, str], Mapping[str, str]]  # the best, top trading cycles


def _allocations(rankings: Preferences, start: Mapping[str, str]) -> _Allocations:
    return matching.best_assignment(rankings), matching.top_trading_cycles(rankings, start)


def _places(rankings: Preferences, held: Mapping[str, str]) -> int:
    """Sum how far down their lists people stand: whole numbers, so that no rounding decides."""
    return sum(ranking.index(held[name]) for name, ranking in rankings.items())


def _scores(
    name: str,
    ranking: Sequence[str],
    own: tuple[str, str],
    by_this: _Allocations,
    by_told: _Allocations,
) -> Scores:
    titles = (*own, by_this[0][name], by_this[1][name], by_told[0][name], by_told[1][name])
    return Scores(*(matching.score(ranking, title) for title in titles))
