"""Run by NegMAS's own Python: one buyer, one seller, a price, time-dependent concession."""

import json
import sys
import time

from negmas import (  # type: ignore[import-not-found]
    BoulwareTBNegotiator,
    LinearTBNegotiator,
    SAOMechanism,
    make_issue,
)
from negmas.preferences import (  # type: ignore[import-not-found]
    LinearAdditiveUtilityFunction,
)
from negmas.preferences.value_fun import (  # type: ignore[import-not-found]
    AffineFun,
    IdentityFun,
)

TACTICS = {"boulware": BoulwareTBNegotiator, "linear": LinearTBNegotiator}


def bargain(tactic: str, prices: int, steps: int, reserved: float) -> tuple[int, int]:
    """Give how many moves there were, the acceptance among them, and the price."""
    session = SAOMechanism(issues=[make_issue(prices, name="price")], n_steps=steps)
    space = session.outcome_space
    selling = LinearAdditiveUtilityFunction(values=[IdentityFun()], outcome_space=space)
    buying = LinearAdditiveUtilityFunction(
        values=[AffineFun(-1, bias=prices - 1)], outcome_space=space
    )
    for name, utility in (("buyer", buying), ("seller", selling)):
        scaled = utility.scale_max(1.0)
        scaled.reserved_value = reserved
        session.add(TACTICS[tactic](name=name), ufun=scaled)
    state = session.run()
    return len(session.extended_trace) + 1, state.agreement[0]


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        count = asked.pop("count")
        moves = units = 0
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(count):
            made, units = bargain(**asked)
            moves += made
        answer = {
            "operations": count,
            "wall_s": time.perf_counter() - wall,
            "cpu_s": time.process_time() - cpu,
            "moves": moves / count,
            "price": units,
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
