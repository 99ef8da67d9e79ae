"""In a market that audits, its auditor learns of the contracts that are drawn, and of no others."""

from souq.core.audit import AUDITS, ReportAudit
from souq.core.bond import PostBond
from souq.core.epoch import CommitEpoch, RevealEpoch, of_secret
from souq.core.rules import OPERATOR, Rules
from tests.core.stall import EVE, Stall, usd
from tests.core.test_audit import DIGEST, NEXT, SECRET, sell
from tests.views.test_audience import check_everybody, feed_of, whole


def test_everybody_sees_of_audits_just_what_they_may() -> None:
    stall = Stall(Rules(auditor=EVE, audit_max_bps=5_000))
    stall.do("P2", PostBond(usd(50)))
    stall.do(OPERATOR, CommitEpoch(of_secret(SECRET)))
    deals = [sell(stall, 60) for _ in range(8)]
    stall.do(OPERATOR, CommitEpoch(of_secret(NEXT)))
    stall.do(OPERATOR, RevealEpoch("E1", SECRET))
    stall.now += 1_000_000
    stall.engine.tick()
    drawn = sorted(stall.engine.state.rows(AUDITS))
    assert 0 < len(drawn) < len(deals)
    for deal in drawn:
        stall.do(EVE, ReportAudit(deal, deal != drawn[0], DIGEST))
    check_everybody(stall.engine)
    told = whole(feed_of(stall.engine), EVE, "AuditDrawn", "AuditEnded")
    assert {event.contract for record in told for event in record.events} == set(drawn)
