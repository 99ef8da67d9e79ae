"""The hand-over after a round: everybody brings what they sold, then looks at what they got.

Whoever was wronged disputes, and an arbiter rules: all of the price goes back, or none. Where
things may be sent back, that is what happens instead. What nobody brings lapses, and its buyer's
money comes back.
"""

from souq.core.acceptance import ConfirmReturn, SendBack
from souq.core.agreement import Leg, givers, goods, takers
from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.dispute import OpenDispute, Rule
from souq.core.money import BPS
from souq.core.rules import SECOND_US
from souq.core.seal import PartyText
from souq.core.stage import CONTRACTS
from souq.lab.population import generator
from souq.lab.setup import TRUE_PERCENT, Part, Setup
from souq.lab.simulation import Simulation
from souq.views.observation import observer_of

HAND_OVER_US = 60 * SECOND_US


def hand_over(simulation: Simulation, setup: Setup, parts: dict[str, Part]) -> None:
    """Bring every contract of a round to its end."""
    observer = observer_of(simulation.engine.state, simulation.history)
    step_us = _step_us(simulation, setup)
    for agent, part in parts.items():
        for contract in observer.observe(agent).contracts:
            if contract.must_deliver and part.delivers:
                simulation.advance(step_us)
                simulation.submit(agent, SubmitDelivery(contract.id)).need()
    disputed: list[tuple[str, bool]] = []
    for agent, part in parts.items():
        for contract in observer.observe(agent).contracts:
            if not contract.must_accept:
                continue
            simulation.advance(step_us)
            is_wronged = _is_wronged(simulation, setup, agent, contract.legs)
            minds = is_wronged and part.disputes == "when_wronged"
            sends_back = minds and _may_send_back(setup, contract.legs)
            if part.disputes == "always" or (minds and not sends_back):
                claim = OpenDispute(contract.id, "not_as_described", PartyText("Not as described."))
                simulation.submit(agent, claim).need()
                disputed.append((contract.id, is_wronged))
            else:
                simulation.submit(agent, AcceptDelivery(contract.id)).need()
            if sends_back:
                (giver,) = givers(contract.legs)
                simulation.submit(agent, SendBack(contract.id)).need()
                simulation.submit(giver, ConfirmReturn(contract.id)).need()
    if disputed:
        _rule(simulation, setup, disputed)
    if any(not part.delivers for part in parts.values()):
        simulation.advance(setup.rules.delivery_us)  # silence cancels what nobody brought
    if setup.conditions.returns_us:
        simulation.advance(setup.conditions.returns_us)  # silence keeps what may be sent back


def _step_us(simulation: Simulation, setup: Setup) -> int:
    """Give how long one hand-over takes: so little that all can look before silence accepts."""
    inspection_us = setup.conditions.inspect_us or setup.rules.inspection_us
    count = len(simulation.engine.state.rows(CONTRACTS))
    return max(1, min(HAND_OVER_US, inspection_us // (4 * count + 4)))


def _is_wronged(simulation: Simulation, setup: Setup, agent: str, legs: tuple[Leg, ...]) -> bool:
    listings = simulation.history.listings
    got = [listings[leg.listing].posted.ref for leg in goods(legs) if leg.taker == agent]
    return any(setup.truth_percent(ref) < TRUE_PERCENT for ref in got)


def _may_send_back(setup: Setup, legs: tuple[Leg, ...]) -> bool:
    """Tell whether one alone gives and another takes, which is what can be undone by them."""
    return bool(setup.conditions.returns_us) and len(givers(legs)) == len(takers(legs)) == 1


def _rule(simulation: Simulation, setup: Setup, disputed: list[tuple[str, bool]]) -> None:
    chance = generator(setup.seed, f"arbiter {disputed[0][0]}")
    for contract, is_wronged in disputed:
        if simulation.engine.state.get(CONTRACTS, contract) is None:
            continue  # settled by its parties, or by silence
        simulation.advance(HAND_OVER_US)
        sees_right = chance.random() * 100 < setup.arbiter_percent
        back = BPS if is_wronged == sees_right else 0
        simulation.submit(setup.rules.arbiter, Rule(contract, back)).need()
