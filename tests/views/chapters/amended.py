"""The house's rules are everybody's, when they change as when the market opens."""

from typing import Any

import msgspec

from souq.core.rules import OPERATOR, RULES, AmendRules
from tests.journal.day import Day


def play(day: Day) -> None:
    now = day.engine.state.get(RULES, "market")
    assert now is not None
    day.do(OPERATOR, AmendRules(msgspec.structs.replace(now, fee_bps=now.fee_bps + 1))).need()


def _everybody(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    return True


SEEN = {"RulesAmended": _everybody}
