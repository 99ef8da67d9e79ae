"""What is owed is paid by whatever comes, in few events, and nobody waits for an empty account."""

from souq.core.debt import CLAIMS, DEBTS
from souq.core.funds import OpenAccount, ReportChargeback, ReportDeposit, TransferMany
from souq.core.ledger import ACCOUNTS
from souq.core.party import RegisterPrincipal
from souq.core.payout import OPEN_MAX, CancelPayout, RequestPayout
from souq.core.rules import OPERATOR, OpenMarket, Rules
from souq.core.seal import OperatorText, PublicText
from souq.core.state import COUNTERS
from souq.core.transfer import Batch
from tests.core.stall import DEPOSIT, Stall, check_books, usd

MANY = 1_100  # more debtors in one batch than a command may have events


def posted(stall: Stall, account: str) -> int:
    found = stall.engine.state.get(ACCOUNTS, account)
    assert found is not None
    return found.posted


def in_debt(stall: Stall, principal: str, units: int) -> None:
    """Bring money in, move it away, and let the outside take it back."""
    reference = f"of {principal}"
    stall.do(OPERATOR, ReportDeposit(principal, usd(units), "bank", reference))
    away = Batch((reference,), (f"wallet:{principal}/USD",), ("pool",), (units,))
    stall.do(OPERATOR, TransferMany(away))
    stall.do(OPERATOR, ReportChargeback(usd(units), "bank", reference))


def test_a_batch_that_frees_many_debtors_makes_a_handful_of_events() -> None:
    stall = Stall(Rules(rails=("credits", "bank")), deposit=DEPOSIT)
    stall.do(OPERATOR, OpenAccount("pool"))
    ids = []
    for n in range(MANY):
        registered = stall.do(OPERATOR, RegisterPrincipal(PublicText(f"one of {n}")))
        ids.append(registered.events[0].principal)
        in_debt(stall, ids[-1], 10)
    state = stall.engine.state
    assert len(state.rows(DEBTS)) == MANY
    # The bank has all it brought: each deposit went back at once, out of an empty reserve.
    assert state.rows(CLAIMS) == {"world:bank/USD": 10 * MANY}
    wallets = tuple(f"wallet:{id}/USD" for id in ids)
    names = tuple(f"back {n}" for n in range(MANY))
    batch = Batch(names, ("pool",) * MANY, wallets, (10,) * MANY)
    events = stall.do(OPERATOR, TransferMany(batch)).events
    kinds = [type(event).__name__ for event in events]
    assert kinds == ["TransfersMade", "DebtsRepaid", "TransfersMade", "ClaimsPaid", "TransfersMade"]
    assert state.rows(DEBTS) == state.rows(CLAIMS) == {}
    assert posted(stall, "world:bank/USD") == 0
    check_books(state)


def test_a_hold_that_a_caller_ends_without_naming_its_accounts_pays_a_debt() -> None:
    stall = Stall(Rules(rails=("credits", "bank")), deposit=50)
    stall.do(OPERATOR, OpenAccount("pool"))
    hold = Batch(("h",), ("wallet:P1/USD",), ("pool",), (50,), kind=(1,))
    stall.do(OPERATOR, TransferMany(hold))
    in_debt(stall, "P1", 80)
    assert stall.engine.state.rows(DEBTS) == {"wallet:P1/USD": 80}
    end = Batch(("e",), ("",), ("",), (0,), kind=(3,), hold=("h",))
    stall.do(OPERATOR, TransferMany(end))
    assert stall.engine.state.rows(DEBTS) == {"wallet:P1/USD": 30}
    check_books(stall.engine.state)


def test_one_principal_cannot_fill_the_queue_of_payouts() -> None:
    stall = Stall()
    for n in range(OPEN_MAX):
        stall.do("P1", RequestPayout(usd(1 + n % 2)))
    refusal = stall.try_("P1", RequestPayout(usd(1))).refusal
    assert refusal is not None
    assert refusal.reason == "invalid"
    stall.do("P2", RequestPayout(usd(1)))
    stall.do("P1", CancelPayout("W1"))
    stall.do("P1", RequestPayout(usd(1)))
    assert stall.engine.state.get(COUNTERS, "payouts of P1") == OPEN_MAX


def test_a_destination_has_a_length() -> None:
    refusal = (
        Stall().try_("P1", RequestPayout(usd(1), "credits", OperatorText("x" * 1_001))).refusal
    )
    assert refusal is not None
    assert refusal.facts["field"] == "destination"


def test_rails_have_names_that_accounts_can_carry() -> None:
    for rails in (("credits", "credits"), ("a/b",), ("",), ("Bank",), ("x" * 33,)):
        refusal = Stall(None).try_(OPERATOR, OpenMarket(Rules(rails=rails))).refusal
        assert refusal is not None, rails
        assert refusal.facts["field"] == "rails"
