"""The price tactics there are, by name. To add one, write its module and list it here."""

import random
from collections.abc import Callable

from souq.agents.concession import aggressive, boulware, conceder, gentle, linear, lowballer
from souq.agents.fixed_price import FixedPrice
from souq.agents.tactic import Tactic
from souq.agents.tit_for_tat import TitForTat
from souq.agents.zero_intelligence import ZeroIntelligence

STRATEGIES: dict[str, Callable[[random.Random], Tactic]] = {
    "boulware": lambda rng: boulware(),
    "linear": lambda rng: linear(),
    "conceder": lambda rng: conceder(),
    "tit_for_tat": lambda rng: TitForTat(),
    "fixed_price": lambda rng: FixedPrice(),
    "lowballer": lambda rng: lowballer(),
    "aggressive": lambda rng: aggressive(),
    "gentle": lambda rng: gentle(),
    "zero_intelligence": lambda rng: ZeroIntelligence(rng, is_constrained=True),
    "zero_intelligence_unconstrained": lambda rng: ZeroIntelligence(rng, is_constrained=False),
}
