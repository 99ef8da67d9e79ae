"""Who is who in a dispute: its two sides, what is at stake, and its arbiter."""

from typing import Any

from souq.core.agreement import Agreement, CashLeg, cash_given, goods
from souq.core.officer import OFFICERS
from souq.core.party import AGENTS, PRINCIPALS, need_other_agent
from souq.core.refusal import Reason, Refused
from souq.core.rules import OPERATOR, rules
from souq.core.stage import Disputed, principals, speaks_for
from souq.core.state import Table, View


def respondents(agreement: Agreement, claimant: str) -> tuple[str, ...]:
    """List who gave the claimant what it complains of."""
    return tuple(dict.fromkeys(leg.giver for leg in goods(agreement.legs) if leg.taker == claimant))


def side_of(view: View, actor: str, state: Disputed) -> str:
    """Give the side that an actor speaks for. Raises Refused(not_yours) for anybody else."""
    agent = speaks_for(view, actor, state.agreement)
    if agent not in (state.claimant, *respondents(state.agreement, state.claimant)):
        raise Refused(Reason.NOT_YOURS)
    return agent


def owner(view: View, agent: str) -> str:
    """Give the principal behind a side."""
    return need_other_agent(view, agent).principal


def owners(view: View, agents: tuple[str, ...]) -> tuple[str, ...]:
    """Give the principals behind agents."""
    return tuple(owner(view, one) for one in agents)


def stake(view: View, agreement: Agreement) -> tuple[int, str]:
    """Give what is paid in a deal, and in which asset; of several assets, in the first."""
    paid = [leg.amount for leg in agreement.legs if isinstance(leg, CashLeg)]
    asset = paid[0].asset if paid else rules(view).assets[0].code
    return sum(one.units for one in paid if one.asset == asset), asset


def arbiter_of(view: View, agreement: Agreement) -> str:
    """Give who may judge alone: whom the deal names, else the house's, if they are no party.

    "" where there is nobody: such a dispute ends by the silent ruling.
    """
    owners = ("", *principals(view, agreement))
    for one in (agreement.conditions.arbiter, rules(view).arbiter):
        if one and judge_owner(view, one) not in owners:
            return one
    return ""


def judge_owner(view: View, arbiter: str) -> str:
    """Give who answers for an arbiter, or "" for somebody unknown."""
    agent = view.get(AGENTS, arbiter)
    if agent is not None:
        return agent.principal
    people: tuple[Table[Any], ...] = (PRINCIPALS, OFFICERS)
    is_known = arbiter == OPERATOR or any(view.get(one, arbiter) is not None for one in people)
    return arbiter if is_known else ""


def is_upheld(asked_bps: int, verdict_bps: int) -> bool:
    """Tell whether a claim won: it got half of what it asked for at least, or a second try."""
    return verdict_bps < 0 or (verdict_bps > 0 and 2 * verdict_bps >= asked_bps)


def gains(agreement: Agreement, side: str, *, before: int, after: int) -> bool:
    """Tell whether a side is better off by the later of two verdicts; to redo favours the payer."""
    first, second = (10_000 if one < 0 else one for one in (before, after))
    is_payer = cash_given(agreement.legs, side) > 0
    return second > first if is_payer else second < first
