"""What one can do about a contract, asked of a market that runs."""

import pytest

from souq.core.conditions import Conditions
from souq.core.refusal import Reason, Refused
from souq.core.rules import HOUR_US, OPERATOR
from souq.operations.move_queries import ListMoves
from souq.venue import Venue
from tests.core.stall import BEA, DAN, SOL, Stall


def opened(undo_us: int = 0) -> tuple[Stall, Venue, str]:
    stall = Stall()
    conditions = Conditions(undo_us=undo_us)
    deal = stall.deal(BEA, SOL, (stall.list(SOL, conditions=conditions),), 50)
    return stall, Venue(stall.engine.store, clock=lambda: stall.now), deal


def moves(venue: Venue, actor: str, deal: str) -> tuple[str, ...]:
    found: tuple[str, ...] = venue.ask(actor, ListMoves(deal)).moves
    return found


def test_each_reads_what_is_theirs_to_do_and_nothing_is_recorded() -> None:
    _, venue, deal = opened()
    before = venue.engine.head
    assert "submit_delivery" in moves(venue, SOL, deal)
    assert "submit_delivery" in moves(venue, "P2", deal)
    assert "submit_delivery" not in moves(venue, BEA, deal)
    for stranger in (DAN, "P3", OPERATOR, "anybody"):
        assert moves(venue, stranger, deal) == ()
    assert venue.engine.head == before


def test_the_clock_counts_and_not_the_last_record() -> None:
    stall, venue, deal = opened(undo_us=HOUR_US)
    assert "undo_contract" in moves(venue, "P1", deal)
    stall.now += 2 * HOUR_US
    assert "undo_contract" not in moves(venue, "P1", deal)


@pytest.mark.parametrize("id", ["C99", "N1", "", "C" * 200])
def test_what_is_no_contract_is_not_found(id: str) -> None:
    _, venue, _ = opened()
    with pytest.raises(Refused) as refused:
        venue.ask(BEA, ListMoves(id))
    assert refused.value.reason is Reason.NOT_FOUND
