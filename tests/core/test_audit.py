"""Audits fall by lot: nobody knows where before, nobody moves one after, and failing costs."""

from math import sqrt
from random import Random
from typing import Any

import msgspec
import pytest

from souq.core import audit, market
from souq.core.audit import AUDITS, FAILURES, PPM, ReportAudit, is_drawn, lot_of, rate_ppm
from souq.core.bond import PostBond
from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.epoch import WAITING, CommitEpoch, RevealEpoch, of_secret
from souq.core.ledger import ACCOUNTS
from souq.core.refusal import Refused
from souq.core.reputation import record_of, standing_of
from souq.core.rules import DAY_US, OPERATOR, Rules
from souq.core.state import DEADLINES
from tests.core.stall import BEA, DAN, DEPOSIT, EVE, SOL, Stall, check_books, usd

SECRET, NEXT, DIGEST = "ab" * 16, "cd" * 16, "ef" * 32
AUDITED = Rules(auditor=EVE)


def opened(rules: Rules = AUDITED, bond: int = 0) -> Stall:
    stall = Stall(rules)
    if bond:
        stall.do("P2", PostBond(usd(bond)))
    stall.do(OPERATOR, CommitEpoch(of_secret(SECRET)))
    return stall


def sell(stall: Stall, units: int = 100, buyer: str = BEA) -> str:
    """Bring a contract about in which sol sells, and have it fulfilled."""
    deal = stall.deal(buyer, SOL, (stall.list(SOL),), units)
    stall.do(SOL, SubmitDelivery(deal))
    stall.do(buyer, AcceptDelivery(deal))
    return deal


def show(stall: Stall) -> None:
    stall.do(OPERATOR, CommitEpoch(of_secret(NEXT)))
    stall.do(OPERATOR, RevealEpoch("E1", SECRET))
    stall.now += 1_000_000
    stall.engine.tick()


def money(stall: Stall, principal: str) -> int:
    account = stall.engine.state.get(ACCOUNTS, f"wallet:{principal}/USD")
    assert account is not None
    return account.posted - DEPOSIT


@pytest.mark.parametrize(
    ("gain", "stake", "detection_bps", "failures", "ppm"),
    [
        (100, 100, 0, 0, 750_000),  # half is needed, and half as much again asked
        (100, 900, 0, 0, 150_000),
        (100, 900, 500, 0, 75_000),
        (100, 900, 1_000, 0, 10_000),  # who would be noticed anyway is audited by the floor
        (1, 10**9, 0, 0, 10_000),
        (100, 0, 0, 0, PPM),
        (100, 900, 0, 1, 300_000),
        (100, 900, 0, 2, 600_000),
        (100, 900, 0, 9, PPM),
        (0, 0, 0, 0, 10_000),
    ],
)
def test_the_rate_makes_cheating_not_pay(
    gain: int, stake: int, detection_bps: int, failures: int, ppm: int
) -> None:
    found = rate_ppm(
        gain_units=gain, stake_units=stake, detection_bps=detection_bps, failures=failures
    )
    assert found == ppm


@pytest.mark.parametrize("ppm", [10_000, 150_000, 500_000])
def test_lots_are_even_over_a_hundred_thousand_contracts(ppm: int) -> None:
    cells, drawn, contracts = [0] * 64, 0, 100_000
    for n in range(contracts):
        lot = lot_of(SECRET, f"C{n}")
        cells[int(lot[:2], 16) // 4] += 1
        drawn += is_drawn(lot, ppm)
    expected = contracts / 64
    chi = sum((one - expected) ** 2 / expected for one in cells)
    assert 32.0 < chi < 110.0  # p between 0.001 and 0.999 for 63 degrees of freedom
    share = ppm / PPM
    assert abs(drawn - contracts * share) < 4 * sqrt(contracts * share * (1 - share))


def test_every_lot_or_none_falls_on_the_extremes() -> None:
    lots = [lot_of(SECRET, f"C{n}") for n in range(1_000)]
    assert all(is_drawn(lot, PPM) for lot in lots)
    assert not any(is_drawn(lot, 0) for lot in lots)


def test_no_contracts_fate_depends_on_another_or_on_their_order() -> None:
    fates: list[dict[str, bool]] = []
    for seed in (1, 2):
        stall = opened(Rules(auditor=EVE, audit_max_bps=5_000))
        deals = [stall.deal(BEA, SOL, (stall.list(SOL),), 100 + n) for n in range(30)]
        Random(seed).shuffle(deals)
        for deal in deals:
            stall.do(SOL, SubmitDelivery(deal))
        Random(seed + 7).shuffle(deals)
        for deal in deals:
            stall.do(BEA, AcceptDelivery(deal))
        show(stall)
        fates.append({deal: deal in stall.engine.state.rows(AUDITS) for deal in deals})
    assert fates[0] == fates[1]
    assert 5 < sum(fates[0].values()) < 25
    assert fates[0] == {deal: is_drawn(lot_of(SECRET, deal), 500_000) for deal in fates[0]}


def test_nothing_is_drawn_before_the_secret_is_shown_and_nothing_is_kept_after() -> None:
    stall = opened(bond=100_000 - 5_000)
    deals = [sell(stall) for _ in range(40)]
    state = stall.engine.state
    assert len(state.rows(AUDITS)) == len(state.rows(WAITING)) == 40
    show(stall)
    drawn = state.rows(AUDITS)
    ppm = rate_ppm(gain_units=100, stake_units=900, detection_bps=0)
    assert set(drawn) == {deal for deal in deals if is_drawn(lot_of(SECRET, deal), ppm)}
    assert not state.rows(WAITING)
    stall.now += 4 * DAY_US
    stall.engine.tick()
    assert not state.rows(AUDITS)
    assert not [due for due in state.rows(DEADLINES) if due.startswith("Q")]


def drawn(bond: int = 0) -> tuple[Stall, str]:
    """Have the lot fall on a contract, by a rate that every lot is below."""
    stall = opened()
    deal = sell(stall)
    if bond:
        stall.do("P2", PostBond(usd(bond)))
    show(stall)
    return stall, deal


def test_who_fails_loses_of_its_bond_and_its_standing() -> None:
    stall, deal = drawn(bond=1_000)
    stood, before = standing_of(stall.engine.state, SOL), money(stall, "P1")
    events = stall.do(EVE, ReportAudit(deal, False, DIGEST)).events
    assert [one.forfeited_units for one in events if isinstance(one, audit.AuditEnded)] == [900]
    assert money(stall, "P1") - before == 100, "its payer is made whole"
    reserve = stall.engine.state.get(ACCOUNTS, "reserve/USD")
    assert reserve is not None
    assert reserve.posted == 800
    assert standing_of(stall.engine.state, SOL) < stood
    assert stall.engine.state.rows(FAILURES) == {"P2": 1}
    check_books(stall.engine.state)


@pytest.mark.parametrize(("bond", "price"), [(100, 100), (1_000, 100), (50_000, 100), (7, 500)])
def test_what_is_lost_is_what_the_rate_counted_on(bond: int, price: int) -> None:
    stall = opened(bond=bond)
    deal = sell(stall, price)
    ppm = stall.engine.state.rows(AUDITS)[deal].ppm
    stall.engine.state.tables[AUDITS][deal] = msgspec.structs.replace(
        stall.engine.state.rows(AUDITS)[deal], ppm=PPM
    )
    show(stall)
    events = stall.do(EVE, ReportAudit(deal, False, DIGEST)).events
    lost = next(one.forfeited_units for one in events if isinstance(one, audit.AuditEnded))
    assert ppm == rate_ppm(gain_units=price, stake_units=lost, detection_bps=0)


def test_without_a_bond_failing_still_costs_standing() -> None:
    stall, deal = drawn()
    stood = standing_of(stall.engine.state, SOL)
    stall.do(EVE, ReportAudit(deal, False, DIGEST))
    assert money(stall, "P1") == -100
    assert standing_of(stall.engine.state, SOL) < stood


def test_who_failed_is_audited_more_until_audits_pass() -> None:
    stall, deal = drawn()
    stall.do("P2", PostBond(usd(9_900)))
    stall.do(EVE, ReportAudit(deal, False, DIGEST))
    sell(stall)
    rates = [one.ppm for one in stall.engine.state.rows(AUDITS).values()]
    assert rates == [2 * rate_ppm(gain_units=100, stake_units=900, detection_bps=0)]
    stall.engine.state.put(FAILURES, "P2", 2)
    again = opened()
    sell(again)
    show(again)
    again.engine.state.put(FAILURES, "P2", 2)
    again.do(EVE, ReportAudit("C1", True, DIGEST))
    assert again.engine.state.rows(FAILURES) == {"P2": 1}


def test_an_auditor_that_stays_silent_passes_and_its_silence_is_on_record() -> None:
    stall, _ = drawn(bond=1_000)
    stood = record_of(stall.engine.state, "P2")
    stall.now += 3 * DAY_US
    stall.engine.tick()
    assert not stall.engine.state.rows(AUDITS)
    kept = record_of(stall.engine.state, "P2")
    assert kept.bad == stood.bad == 0
    assert kept.good > 0


def test_a_secret_that_is_never_shown_lets_nobody_off() -> None:
    stall = opened()
    for _ in range(3):
        sell(stall)
    stall.now += 9 * DAY_US
    stall.engine.tick()
    assert not stall.engine.state.rows(WAITING)
    assert len(stall.engine.state.rows(AUDITS)) == 3, "without a stake, every lot is below the rate"


@pytest.mark.parametrize("actor", [BEA, SOL, DAN, "P4", OPERATOR])
def test_only_the_auditor_reports(actor: str) -> None:
    stall, deal = drawn()
    with pytest.raises(Refused, match="not_yours"):
        stall.do(actor, ReportAudit(deal, True, DIGEST))


def test_nobody_audits_a_deal_of_their_own_principal() -> None:
    stall = Stall(Rules(auditor=BEA))
    stall.do(OPERATOR, CommitEpoch(of_secret(SECRET)))
    deal = sell(stall)
    show(stall)
    with pytest.raises(Refused, match="own principal"):
        stall.do(BEA, ReportAudit(deal, False, DIGEST))


def test_an_audit_is_reported_once_it_is_drawn_and_once() -> None:
    stall = opened()
    deal = sell(stall)
    for told, command in (
        ("Waiting", ReportAudit(deal, True, DIGEST)),
        ("not_found", ReportAudit("C99", True, DIGEST)),
        ("not_found", ReportAudit("x" * 500, True, DIGEST)),
    ):
        with pytest.raises(Refused, match=told):
            stall.do(EVE, command)
    show(stall)
    with pytest.raises(Refused, match="64 small"):
        stall.do(EVE, ReportAudit(deal, True, "fine"))
    stall.do(EVE, ReportAudit(deal, True, DIGEST))
    with pytest.raises(Refused, match="closed"):
        stall.do(EVE, ReportAudit(deal, False, DIGEST))


@pytest.mark.parametrize("rules", [Rules(), Rules(auditor=EVE)])
def test_without_an_auditor_or_an_open_epoch_nothing_waits(rules: Rules) -> None:
    stall = Stall(rules)
    if not rules.auditor:
        stall.do(OPERATOR, CommitEpoch(of_secret(SECRET)))
    sell(stall)
    assert not stall.engine.state.rows(AUDITS)


def test_what_costs_nothing_is_not_audited() -> None:
    stall = opened()
    deal = stall.deal(BEA, SOL, (stall.list(SOL),), 0)
    stall.do(SOL, SubmitDelivery(deal))
    stall.do(BEA, AcceptDelivery(deal))
    assert not stall.engine.state.rows(AUDITS)


def test_a_halt_keeps_audits_waiting_and_loses_none() -> None:
    from souq.core.halt import SetHalt

    stall, deal = drawn()
    stall.do(OPERATOR, SetHalt("settlements"))
    stall.now += 30 * DAY_US
    stall.engine.tick()
    assert deal in stall.engine.state.rows(AUDITS)
    stall.do(OPERATOR, SetHalt("open"))
    stall.do(EVE, ReportAudit(deal, True, DIGEST))


@pytest.mark.parametrize("bug", ["floor", "lot", "report"])
def test_planted_bugs_in_audits_are_caught(bug: str, monkeypatch: Any) -> None:
    if bug == "floor":
        monkeypatch.setattr(audit, "FLOOR_PPM", 0)
        with pytest.raises(AssertionError):
            test_the_rate_makes_cheating_not_pay(1, 10**9, 0, 0, 10_000)
    elif bug == "lot":
        monkeypatch.setattr(audit, "LOT_DIGITS", 1)
        with pytest.raises(AssertionError):
            test_lots_are_even_over_a_hundred_thousand_contracts(10_000)
    else:
        monkeypatch.setattr(audit, "is_auditor", lambda view, actor: True)
        with pytest.raises(pytest.fail.Exception):
            test_only_the_auditor_reports(DAN)
    assert market.COMMANDS
