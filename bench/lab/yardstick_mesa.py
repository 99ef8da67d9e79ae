"""Run by Mesa's own Python: who has a coin gives it to somebody drawn at random."""

import json
import sys
import time
from typing import Any

import mesa  # type: ignore[import-not-found]


class Giver(mesa.Agent):
    """Has one coin to begin with."""

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self.wealth = 1

    def give_to_drawn(self) -> None:
        """Draw from the model's agents, as the tutorial does: Mesa lists them all for that."""
        if self.wealth > 0:
            self._give(self.random.choice(self.model.agents))

    def give_to_kept(self) -> None:
        """Draw from a list that the model made once."""
        if self.wealth > 0:
            self._give(self.random.choice(self.model.partners))

    def _give(self, other: "Giver") -> None:
        other.wealth += 1
        self.wealth -= 1


class Economy(mesa.Model):
    """So many agents, activated in random order."""

    def __init__(self, agents: int) -> None:
        super().__init__(seed=1)
        Giver.create_agents(model=self, n=agents)
        self.partners = list(self.agents)

    def step_drawn(self) -> None:
        """Let everybody act once."""
        self.agents.shuffle_do("give_to_drawn")

    def step_kept(self) -> None:
        """Let everybody act once."""
        self.agents.shuffle_do("give_to_kept")


def main() -> None:
    models: dict[int, Economy] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        agents, rounds = asked["agents"], asked["rounds"]
        model = models.setdefault(agents, Economy(agents))
        step = model.step_kept if asked["is_kept"] else model.step_drawn
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(rounds):
            step()
        answer = {
            "operations": agents * rounds,
            "wall_s": time.perf_counter() - wall,
            "cpu_s": time.process_time() - cpu,
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
