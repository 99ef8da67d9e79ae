"""The rule that stops whoever loses too much."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from souq.core.policy.deal import Deal, Finding, Past


class LossStop(
    Struct, frozen=True, tag="loss_stop", omit_defaults=True, forbid_unknown_fields=True
):
    """Nothing new binds while deals that ended in the window cost so much more than they brought."""

    loss_max_units: int
    window_us: int
    asset: str = "USD"


def _loss_stop(rule: LossStop, deal: Deal, past: Past) -> Finding | None:
    lost = past.loss(rule.asset, deal.at - rule.window_us)
    return Finding(rule.loss_max_units, lost, rule.asset) if lost > rule.loss_max_units else None


RULES: Mapping[type, Any] = {LossStop: _loss_stop}
