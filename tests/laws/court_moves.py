"""What is done in a house with a court: bonds, jurors, epochs, audits, and deals on terms.

The jurors are principals of their own, who trade with nobody: whoever has dealt with a party of
late may not judge it.
"""

from typing import Any

import msgspec

from souq.core import acceptance, audit, bond, contract, cooling_off, dispute, epoch, jury
from souq.core import performance as done
from souq.core.agreement import givers, takers
from souq.core.case import Decided, Drawing, Revealing
from souq.core.conditions import Conditions, undo_us
from souq.core.criteria import Content, Encrypted, of_code
from souq.core.dispute.sides import respondents
from souq.core.listing import PostListing
from souq.core.money import Money
from souq.core.party import AGENTS
from souq.core.procedure import Procedure
from souq.core.rules import DAY_US, HOUR_US, OPERATOR
from souq.core.seal import PartyText
from souq.core.stage import CONTRACTS, Delivered, Disputed, Failed, Formed, Returnable, Returning
from souq.core.undo import UndoContract
from tests.laws import cash_moves, ladder_moves, moves, policy_moves, reputation_moves
from tests.laws.dispute_moves import quarrel

Move = tuple[str, Any] | None
DIGEST, OTHER_DIGEST = "ab" * 32, "cd" * 32
KEY = "k" * 20
PROCEDURE = Procedure(
    negotiate_us=2 * HOUR_US,
    evidence_us=4 * HOUR_US,
    verdict_us=5 * HOUR_US,
    panel_us=16 * HOUR_US,
    appeal_us=8 * HOUR_US,
    jury=1,
    filing_bps=1_000,
    filing_units=1,
    seat_units=20,
    loss_bps=2_500,
)
LARGE = msgspec.structs.replace(PROCEDURE, jury=3, filing_units=0)
ALONE = msgspec.structs.replace(PROCEDURE, jury=0)
JURORS = tuple(f"P{n}" for n in range(6, 13))
VERIFIER = "A8"  # who has a juror behind it, and no part in any deal
TERMS = (
    Conditions(),
    Conditions(),
    Conditions(undo_us=DAY_US),
    Conditions(undo_us=DAY_US),
    Conditions(cooling_off_us=6 * HOUR_US),
    Conditions(late_us=19 * HOUR_US, late_day_bps=1_000, late_max_bps=3_000),
    Conditions(late_us=19 * HOUR_US, late_day_bps=1_000, late_max_bps=3_000),
    Conditions(late_us=19 * HOUR_US, late_day_bps=1_000, late_max_bps=3_000),
    Conditions(hand_over="code"),
    Conditions(hand_over="code"),
    Conditions(hand_over="both"),
    Conditions(returns_us=DAY_US),
    Conditions(criteria=(Content(),), verifier=VERIFIER),
    Conditions(criteria=(Content(),), verifier=VERIFIER),
    Conditions(criteria=(Encrypted(),), verifier=VERIFIER, returns_us=DAY_US),
    Conditions(template="consumer"),
    Conditions(template="as_is", procedure=LARGE),
    Conditions(procedure=ALONE),
    Conditions(arbiter="P5", procedure=ALONE),
)


def post(walk: Any) -> Move:
    """List something on terms of its own."""
    found = moves.post(walk)
    if found is None or walk.chance.randint(0, 3) == 0:
        return found
    actor, command = found
    assert isinstance(command, PostListing)
    conditions = walk.chance.choice(TERMS)
    return actor, msgspec.structs.replace(command, conditions=conditions)


def stake(walk: Any) -> Move:
    """Lock a bond, sit as a juror, and seldom take either back."""
    chance = walk.chance
    trader = f"P{chance.randint(1, 5)}"
    if chance.randint(0, 2) == 0:
        units = chance.choice((0, 1, 30, 60))
        return trader, bond.PostBond(Money(units, chance.choice(("USD", "USD", "USD", "EUR"))))
    if chance.randint(0, 3) == 0:
        return trader, bond.WithdrawBond(chance.choice(("USD", "EUR")))
    if chance.randint(0, 3) == 0 and walk.state.get(jury.JURORS, trader) is None:
        own = next(one.id for one in walk.rows(AGENTS) if one.principal == trader)
        return trader, jury.JoinJury(own)  # though a trader is seldom impartial
    juror = chance.choice(JURORS)
    backed = walk.state.get(bond.BONDS, f"{juror}/USD")
    if backed is None or backed.units < 100:
        return juror, bond.PostBond(Money(100, "USD"))
    if walk.state.get(jury.JURORS, juror) is None:
        return juror, jury.JoinJury(f"A{int(juror[1:]) + 2}")
    if chance.randint(0, 11):
        return None
    return juror, chance.choice((jury.LeaveJury(), bond.WithdrawBond()))


def draw_lots(walk: Any) -> Move:
    """Open an epoch, or show the secret of one that has closed; now and then another secret."""
    chance, open_ = walk.chance, epoch.open_epoch(walk.state)
    closed = [
        one.id
        for one in walk.state.rows(epoch.EPOCHS).values()
        if not one.secret and one.id != open_
    ]
    if closed and chance.randint(0, 2):
        id = chance.choice(closed)
        number = int(id[1:]) + (chance.randint(0, 9) == 0)
        return OPERATOR, epoch.RevealEpoch(id, f"{number:032x}")
    if open_ and chance.randint(0, 3):
        return None
    number = int(open_[1:]) + 1 if open_ else 1
    return OPERATOR, epoch.CommitEpoch(epoch.of_secret(f"{number:032x}"))


def report(walk: Any) -> Move:
    """Report on what the lot has fallen on."""
    open_ = [id for id, one in walk.state.rows(audit.AUDITS).items() if not one.epoch]
    if not open_:
        return None
    passed = bool(walk.chance.randint(0, 2))
    return "O1", audit.ReportAudit(walk.chance.choice(open_), passed, DIGEST)


def perform(walk: Any) -> Move:
    """Do, in a running contract, what its terms ask for or allow."""
    running = list(walk.state.rows(CONTRACTS).items())
    if not running:
        return None
    chance = walk.chance
    id, state = chance.choice(running)
    legs, asked = state.agreement.legs, state.agreement.conditions
    gives, takes = chance.choice(givers(legs)), chance.choice(takers(legs))
    if chance.randint(0, 15) == 0:
        return gives, done.GrantRefund(id, chance.choice((1, 1_000, 5_000, 10_000)))
    owner = walk.state.get(AGENTS, chance.choice((gives, takes))).principal
    match state:
        case Formed() if undo_us(asked) and chance.randint(0, 2) == 0:
            return owner, UndoContract(id)
        case Formed() | Delivered() if chance.randint(0, 5) == 0:
            return owner, chance.choice((UndoContract, cooling_off.RevokeContract))(id)
        case Formed():
            return _give(walk, id, gives, takes, asked)
        case Delivered() if asked.verifier:
            return VERIFIER, acceptance.ReportVerification(id, bool(chance.randint(0, 2)), DIGEST)
        case Delivered():
            ground = chance.choice(("damaged", "not_received"))
            bps = chance.choice((10_000, 5_000))
            remedy = chance.choice(("refund", "refund", "redo"))
            evidence = (DIGEST,) * chance.randint(0, 1)
            claim = PartyText("it is broken")
            return takes, dispute.OpenDispute(id, ground, claim, evidence, remedy, bps)
        case Returnable():
            return takes, acceptance.SendBack(id)
        case Returning():
            return gives, chance.choice((acceptance.ConfirmReturn, acceptance.Contest))(id)
        case Failed():
            return gives, acceptance.Contest(id)
        case _:
            return None


def _give(walk: Any, id: str, gives: str, takes: str, asked: Conditions) -> Move:
    chance = walk.chance
    known = done.performance_of(walk.state, id)
    if asked.hand_over == "code" and not known.code:
        return takes, done.CommitCode(id, of_code(id, KEY))
    if asked.criteria and gives not in known.artefacts:
        key = of_code(id, KEY) if isinstance(asked.criteria[0], Encrypted) else ""
        return gives, done.CommitDelivery(id, DIGEST, key)
    if asked.late_us and chance.randint(0, 2) == 0:
        return takes, done.ClaimNonDelivery(id)
    shown: dict[str, Any] = {}
    if known.code:
        shown["code"] = KEY if chance.randint(0, 2) else "w" * 20
    if asked.criteria and isinstance(asked.criteria[0], Encrypted):
        shown["key"] = KEY
    evidence = OTHER_DIGEST if chance.randint(0, 9) == 0 else DIGEST
    return gives, contract.SubmitDelivery(id, evidence, **shown)


def judge(walk: Any) -> Move:
    """Take one of the disputes a step on."""
    open_ = [
        (id, one) for id, one in walk.state.rows(CONTRACTS).items() if isinstance(one, Disputed)
    ]
    if not open_:
        return None
    id, state = walk.chance.choice(open_)
    match state.case.phase:
        case Drawing():
            return draw_lots(walk)
        case Decided() if state.case.first is None:
            sides = (state.claimant, *respondents(state.agreement, state.claimant))
            return walk.chance.choice(sides), dispute.AppealVerdict(id)
        case Revealing(commitments=sealed, votes=shown) if len(shown) < len(sealed):
            return quarrel(walk, id, state)
        case _ if state.case.procedure is not None and walk.chance.randint(0, 4) == 0:
            share = walk.chance.choice((0, 5_000, 10_000))
            cause = walk.chance.choice(("misdescription", "platform_fault"))
            units = walk.chance.choice((0, 0, 1, 20))
            judge = state.agreement.conditions.arbiter or "P4"
            return judge, dispute.Rule(id, share, False, cause, units)
        case _:
            return quarrel(walk, id, state)


# Deals and what comes of them; all else that a house does, the walk without a court does.
WEIGHTS = {
    post: 10,
    moves.shut: 1,
    moves.take: 26,
    moves.offer: 10,
    moves.counter: 6,
    moves.accept: 20,
    moves.perform: 6,
    moves.lend: 3,
    moves.lend_on: 1,
    moves.switch: 1,
    moves.switch_one: 1,
    moves.keep_books: 1,
    cash_moves.fund: 5,
    cash_moves.ask_for_money: 1,
    policy_moves.post_shipped: 1,
    policy_moves.take_back: 1,
    reputation_moves.speak: 2,
    reputation_moves.set_trust: 1,
    ladder_moves.restrict: 2,
    ladder_moves.appeal: 4,
    stake: 6,
    draw_lots: 6,
    report: 3,
    perform: 34,
    judge: 26,
}
MOVES = tuple(move for move, weight in WEIGHTS.items() for _ in range(weight))
