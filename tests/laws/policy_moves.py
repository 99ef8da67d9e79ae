"""The walker's moves with policies: set and dropped, places named, deals taken back."""

from typing import Any

from souq.core.conditions import Conditions
from souq.core.cooling_off import COOLING, RevokeContract
from souq.core.listing import PostListing
from souq.core.money import Money
from souq.core.party import AGENTS
from souq.core.policy import Policy
from souq.core.policy.goods import Categories, Destinations
from souq.core.policy.money import CoolingOff, PerDeal, RollingBudget
from souq.core.policy.pace import Velocity
from souq.core.policy.setting import (
    POLICIES,
    SecretPolicy,
    SetDestination,
    SetOrganisation,
    SetPolicy,
)
from souq.core.rules import HOUR_US, OPERATOR
from souq.core.seal import PublicText
from souq.core.stage import CONTRACTS

SCOPES = ("A1", "A2", "A4", "P1", "P3", "P4", "organisation/P5", "market")


def set_rules(walk: Any) -> Any:
    """Set rules that bite now and then; a scope that has some mostly loses them."""
    chance = walk.chance
    scope = chance.choice(SCOPES)
    is_set = walk.state.get(POLICIES, scope) is not None
    drawn = (
        PerDeal(chance.randint(60, 200)),
        RollingBudget(chance.randint(100, 400), chance.choice((9, 40)) * HOUR_US),
        Velocity(9 * HOUR_US, chance.randint(1, 6)),
        Categories(("bikes", "books", "gpu")),
        Destinations(("home", "office")),
        CoolingOff(150, HOUR_US),
    )
    rules = () if is_set and chance.randint(0, 2) else chance.sample(drawn, chance.randint(1, 3))
    owner = scope.removeprefix("organisation/")
    owners = {"A1": "P1", "A2": "P1", "A4": "P3", "market": OPERATOR}
    who = (owners.get(owner, owner), OPERATOR, f"P{chance.randint(1, 5)}")
    actor = who[min(2, chance.randint(0, 9) // 4)]
    return actor, SetPolicy(scope, SecretPolicy(Policy(tuple(rules))))


def belong(walk: Any) -> Any:
    member = f"P{walk.chance.randint(1, 4)}"
    return OPERATOR, SetOrganisation(member, walk.chance.choice(("P5", "")))


def name_place(walk: Any) -> Any:
    agent = walk.chance.choice(walk.rows(AGENTS))
    places = ("home", "home", "office", "12 Elsewhere Street", "elsewhere", "")
    return agent.id, SetDestination(agent.id, walk.chance.choice(places))


def post_shipped(walk: Any) -> Any:
    """List something that is sent, and that may be slept on."""
    chance = walk.chance
    cooling = chance.choice((None, HOUR_US, 6 * HOUR_US))
    return chance.choice(walk.rows(AGENTS)).id, PostListing(
        PublicText("a parcel"),
        "books",
        price=Money(chance.randint(1, 60), "USD"),
        delivery="ship",
        shipping_units=chance.choice((0, 5)),
        quantity=chance.randint(1, 4),
        conditions=Conditions(cooling_off_us=cooling),
    )


def take_back(walk: Any) -> Any:
    cooling = sorted(walk.state.rows(COOLING))
    if not cooling:
        return None
    id = walk.chance.choice(cooling)
    parties = walk.state.get(CONTRACTS, id).agreement.parties
    return walk.state.get(AGENTS, walk.chance.choice(parties)).principal, RevokeContract(id)


WEIGHTS = {set_rules: 2, belong: 1, name_place: 1, post_shipped: 2, take_back: 1}
