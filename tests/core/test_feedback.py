"""Nobody reads what the other said before having spoken; and words weigh nothing."""

import pytest

from souq.core.contract import AcceptDelivery, CancelContract, SubmitDelivery
from souq.core.feedback import FINISHED, RECEIVED, GiveFeedback, received
from souq.core.halt import SetHalt
from souq.core.reputation import score_of
from souq.core.rules import DAY_US, OPERATOR
from souq.core.seal import PublicText
from souq.core.state import DEADLINES
from tests.core.stall import BEA, EVE, SOL, Stall


def ended() -> tuple[Stall, str]:
    stall = Stall()
    deal = stall.deal(BEA, SOL, (stall.list(SOL),), 50, payer=BEA)
    stall.do(SOL, SubmitDelivery(deal))
    stall.do(BEA, AcceptDelivery(deal))
    return stall, deal


def say(deal: str, stars: int = 0, text: str = "") -> GiveFeedback:
    return GiveFeedback(deal, True, False, True, stars, PublicText(text))


def names(stall: Stall, actor: str, command: GiveFeedback) -> list[str]:
    return [type(one).__name__ for one in stall.do(actor, command).events]


def test_it_is_shown_when_both_have_spoken_and_not_before() -> None:
    stall, deal = ended()
    assert names(stall, BEA, say(deal, 2)) == ["FeedbackGiven"]
    assert not stall.engine.state.rows(RECEIVED)
    assert names(stall, "P2", say(deal, 5)) == [
        *("FeedbackGiven", "FeedbackReleased", "FeedbackShown", "FeedbackShown")
    ]
    assert received(stall.engine.state, SOL).stars == 2
    assert received(stall.engine.state, BEA).stars == 5
    assert received(stall.engine.state, SOL).on_time == 0


def test_silence_shows_what_one_said_when_the_window_ends() -> None:
    stall, deal = ended()
    stall.do(BEA, say(deal, 1, "never again"))
    stall.now += 13 * DAY_US
    stall.engine.tick()
    assert not stall.engine.state.rows(RECEIVED)
    stall.now += DAY_US
    stall.engine.tick()
    assert received(stall.engine.state, SOL).count == 1
    assert not [due for due in stall.engine.state.rows(DEADLINES) if due.startswith("feedback")]
    refusal = stall.try_(SOL, say(deal, 1, "revenge")).refusal
    assert refusal is not None
    assert refusal.reason == "closed", "who has read it cannot answer it any more"


@pytest.mark.parametrize(
    ("actor", "command", "reason"),
    [
        (EVE, say("C1"), "not_yours"),
        (OPERATOR, say("C1"), "not_yours"),
        (BEA, say("C9"), "not_found"),
        (BEA, say("x" * 9_000), "not_found"),
        (BEA, say("C1", 6), "invalid"),
        (BEA, say("C1", -1), "invalid"),
        (BEA, say("C1", 1, "x" * 1_001), "invalid"),
    ],
)
def test_what_is_not_allowed_is_refused(actor: str, command: GiveFeedback, reason: str) -> None:
    stall, _ = ended()
    refusal = stall.try_(actor, command).refusal
    assert refusal is not None
    assert refusal.reason == reason


def test_nobody_speaks_twice_nor_of_a_deal_that_runs() -> None:
    stall, deal = ended()
    stall.do(BEA, say(deal))
    again = stall.try_("P1", say(deal, 5)).refusal
    assert again is not None
    assert again.reason == "already_exists"
    running = stall.deal(BEA, SOL, (stall.list(SOL),), 50, payer=BEA)
    early = stall.try_(BEA, say(running)).refusal
    assert early is not None
    assert early.reason == "wrong_state"


def test_a_deal_that_was_called_off_may_be_spoken_of() -> None:
    stall = Stall()
    deal = stall.deal(BEA, SOL, (stall.list(SOL),), 50, payer=BEA)
    stall.do(SOL, CancelContract(deal))
    stall.do(BEA, say(deal))


def test_stars_and_words_weigh_nothing() -> None:
    stall, deal = ended()
    before = score_of(stall.engine.state, "P2")
    stall.do(BEA, say(deal, 1, "the worst"))
    stall.do(SOL, say(deal, 1))
    after = score_of(stall.engine.state, "P2")
    assert (before.mean_bps, before.quantile_bps) == (after.mean_bps, after.quantile_bps)


def test_the_window_stands_still_with_the_market() -> None:
    stall, deal = ended()
    stall.do(BEA, say(deal))
    stall.do(OPERATOR, SetHalt("settlements"))
    stall.now += 30 * DAY_US
    stall.engine.tick()
    assert not stall.engine.state.rows(RECEIVED)
    stall.do(OPERATOR, SetHalt("open"))
    stall.now += 14 * DAY_US
    stall.engine.tick()
    assert received(stall.engine.state, SOL).count == 1


def test_contracts_nobody_speaks_of_are_forgotten() -> None:
    stall, _ = ended()
    stall.now += 15 * DAY_US
    deal = stall.deal(BEA, SOL, (stall.list(SOL),), 50, payer=BEA)
    stall.do(SOL, SubmitDelivery(deal))
    stall.do(BEA, AcceptDelivery(deal))
    assert list(stall.engine.state.rows(FINISHED)) == [deal]
