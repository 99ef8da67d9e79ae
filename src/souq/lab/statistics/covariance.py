"""How sure a regression's coefficients are when rows that share a person are not independent."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from souq.lab.extra import load
from souq.lab.statistics.columns import Unanswerable

JACKKNIFE = "cluster-jk"  # CRV3: each cluster left out once (MacKinnon, Nielsen and Webb 2023)


class Sureness(Struct, frozen=True):
    """By coefficient: its variance, and the degrees of freedom that variance is known with."""

    variance: Sequence[float]
    freedom: Sequence[float]


def sureness(fitted: Any, groups: Sequence[Any], *, interest: int) -> Sureness:
    """Tell how sure each of the first `interest` coefficients of a statsmodels OLS is.

    One grouping: the variance of the cluster jackknife. Two, say seller and buyer: V1 + V2 - V12
    of jackknifes, and never less than with either grouping alone, so that it cannot come out
    negative (after MacKinnon, Nielsen and Webb 2024). The degrees of freedom are those of the
    effective number of clusters, less one; the fewer, of two groupings. Raises Unanswerable.
    """
    numpy = load("numpy", of="statistics")
    alone = [_jackknife(fitted, codes)[:interest] for codes in groups]
    if len(alone) == 2:
        pairs = numpy.column_stack(groups)
        both = numpy.unique(pairs, axis=0, return_inverse=True)[1].ravel()
        alone.append(alone[0] + alone[1] - _jackknife(fitted, both)[:interest])
    effective = [_effective(fitted, codes)[:interest] for codes in groups]
    return Sureness(
        variance=numpy.maximum.reduce(alone).tolist(),
        freedom=numpy.maximum(1.0, numpy.minimum.reduce(effective) - 1).tolist(),
    )


def _effective(fitted: Any, codes: Any) -> Any:
    """Give the effective number of clusters for each coefficient (Carter et al. 2017).

    A cluster that says little about a coefficient counts for little: of 69 people whom a coin
    gives two agents, the half who have both kinds. Errors are taken as uncorrelated here; taken as
    one a cluster, as in that paper's bound, fixed effects would leave nothing of them.
    """
    numpy = load("numpy", of="statistics")
    influence = (fitted.model.exog @ fitted.normalized_cov_params) ** 2
    shares = numpy.column_stack([numpy.bincount(codes, one) for one in influence.T])
    spread = (shares.std(axis=0) / shares.mean(axis=0)) ** 2
    return len(shares) / (1 + spread)


def _jackknife(fitted: Any, codes: Any) -> Any:
    numpy = load("numpy", of="statistics")
    sandwich = load("statsmodels.stats.sandwich_covariance", of="statistics")
    try:
        found = sandwich.cov_cluster(fitted, codes.astype(int), crv_type=JACKKNIFE)
    except ValueError as error:
        # statsmodels names the cluster by our code for it, which says nothing to anybody.
        if "rank-deficient" not in str(error):
            raise
        raise Unanswerable(
            "without one of the clusters a coefficient is not determined: too few of them vary"
        ) from None
    return numpy.diag(found)
