"""Means and shares of many draws, with their standard errors, set beside what theory says."""

from math import sqrt

from souq.replications.replication import Finding


class Sample:
    """The mean of some figures."""

    def __init__(self) -> None:
        self.draws = 0
        self._sum = 0.0
        self._squares = 0.0

    def add(self, figure: float) -> None:
        """Take one more draw."""
        self.draws += 1
        self._sum += figure
        self._squares += figure * figure

    @property
    def mean(self) -> float:
        """Give the mean."""
        return self._sum / self.draws

    @property
    def error(self) -> float:
        """Give the standard error of the mean."""
        return sqrt(max(0.0, self._squares / self.draws - self.mean**2) / self.draws)

    def finding(
        self,
        claim: str,
        published: str,
        theory: float,
        *,
        tolerance: float,
        is_control: bool = False,
    ) -> Finding:
        """Compare with theory: within the tolerance, or 4 standard errors where those are more."""
        return _finding(claim, published, theory, tolerance, self, is_control=is_control)


class Share:
    """What was got of what could be got, over the same draws: one sum by the other."""

    def __init__(self) -> None:
        self.draws = 0
        self._got = 0.0
        self._best = 0.0
        self._products = [0.0, 0.0, 0.0]  # got by got, got by best, best by best

    def add(self, got: float, best: float) -> None:
        """Take one more draw."""
        self.draws += 1
        self._got += got
        self._best += best
        for n, product in enumerate((got * got, got * best, best * best)):
            self._products[n] += product

    @property
    def mean(self) -> float:
        """Give the share."""
        return self._got / self._best

    @property
    def error(self) -> float:
        """Give the standard error of the share, by the delta method."""
        share, (gg, gb, bb) = self.mean, self._products
        return sqrt(max(0.0, gg - 2 * share * gb + share * share * bb)) / self._best

    def finding(
        self,
        claim: str,
        published: str,
        theory: float,
        *,
        tolerance: float,
        is_control: bool = False,
    ) -> Finding:
        """Compare with theory: within the tolerance, or 4 standard errors where those are more."""
        return _finding(claim, published, theory, tolerance, self, is_control=is_control)


def _finding(
    claim: str,
    published: str,
    theory: float,
    tolerance: float,
    found: Sample | Share,
    *,
    is_control: bool,
) -> Finding:
    band = max(tolerance, 4 * found.error)
    return Finding(
        claim,
        published,
        theory,
        theory - band,
        theory + band,
        found.mean,
        found.draws,
        found.error,
        is_control,
    )
