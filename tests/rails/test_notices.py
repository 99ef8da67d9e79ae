"""However a bank tells of deposits and chargebacks, each has one effect and the sums agree."""

import asyncio
import itertools
import random
from typing import Any

import pytest

from souq.core.debt import CLAIMS, DEBTS
from souq.core.ledger import ACCOUNTS
from souq.engine import Engine
from souq.journal.record import Payload
from souq.rails.outbox import Outbox
from tests.rails.town import BankProcess, ask, check_reconciled, outbox_of, settle, to_bank

# bea gets 500 and loses 200 of it again; sol gets 70; and each is told once.
STORY = [
    ["Deposit", "d1", "P1", 500],
    ["Deposit", "d2", "P2", 70],
    ["Chargeback", "d1", "", 200],
]


def hear(engine: Engine, bank: BankProcess, **more: Any) -> Outbox:
    outbox = outbox_of(engine, to_bank(bank), **more)
    asyncio.run(settle(outbox, engine))
    return outbox


def free(engine: Engine, who: str) -> int:
    account = engine.state.get(ACCOUNTS, f"wallet:{who}/USD")
    assert account is not None
    return account.available


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_notices_have_one_effect_in_any_order(
    engine: Engine, bank: BankProcess, order: tuple[int, ...]
) -> None:
    bank.tell("moves", [STORY[n] for n in order])
    hear(engine, bank)
    assert (free(engine, "P1"), free(engine, "P2")) == (1_300, 1_070)
    check_reconciled(engine, bank)


def test_notices_told_again_have_no_effect_again(engine: Engine, bank: BankProcess) -> None:
    chance = random.Random(3)
    told = [chance.choice(STORY) for _ in range(20)]
    bank.tell("moves", STORY)
    bank.tell("tell", told)
    outbox = hear(engine, bank)
    assert (free(engine, "P1"), free(engine, "P2")) == (1_300, 1_070)
    assert outbox.troubles == []
    check_reconciled(engine, bank)


class Forgetful:
    """A store whose marks are lost with every crash, as they may be."""

    def __init__(self, engine: Engine) -> None:
        self.marks: dict[str, str] = {}
        self.engine = engine

    def mark(self, name: str) -> str | None:
        return self.marks.get(name)

    def set_mark(self, name: str, value: str) -> None:
        self.marks[name] = value

    def payload(self, digest: str) -> Payload | None:
        return self.engine.store.payload(digest)


def test_a_lost_cursor_tells_everything_again_to_no_effect(
    engine: Engine, bank: BankProcess
) -> None:
    bank.tell("moves", STORY)
    for _ in range(3):
        hear(engine, bank, shelf=Forgetful(engine))
    assert (free(engine, "P1"), free(engine, "P2")) == (1_300, 1_070)
    check_reconciled(engine, bank)


def test_a_cursor_that_is_kept_spares_the_journal(engine: Engine, bank: BankProcess) -> None:
    bank.tell("moves", STORY)
    hear(engine, bank)
    head = engine.head
    hear(engine, bank)
    assert engine.head == head
    assert engine.store.mark("rail:sandbox") == "3"


def test_another_amount_under_one_reference_is_pointed_out(
    engine: Engine, bank: BankProcess
) -> None:
    bank.tell("moves", STORY)
    bank.tell("tell", [["Deposit", "d1", "P1", 501], ["Deposit", "d9", "P77", 5]])
    bank.tell("tell", [["Deposit", "", "P1", -5], ["Chargeback", "x" * 99, "", 5]])
    outbox = hear(engine, bank)
    told = [trouble.rpartition(": ")[2] for trouble in outbox.troubles]
    assert told == ["id_reused", "not_found", "invalid", "invalid"]
    assert (free(engine, "P1"), free(engine, "P2")) == (1_300, 1_070)
    check_reconciled(engine, bank)


def test_what_bea_has_spent_is_paid_for_by_what_comes_later(
    engine: Engine, bank: BankProcess
) -> None:
    bank.tell("moves", [["Deposit", "d1", "P1", 500]])
    hear(engine, bank)
    ask(engine, 1_500)
    hear(engine, bank)
    bank.tell("moves", [["Chargeback", "d1", "", 500]])
    hear(engine, bank)
    # The reserve is empty, so the bank is short of 500 and bea owes them.
    assert engine.state.rows(DEBTS) == {"wallet:P1/USD": 500}
    assert engine.state.rows(CLAIMS) == {"world:sandbox/USD": 500}
    check_reconciled(engine, bank)
    bank.tell("moves", [["Deposit", "r1", "reserve", 300]])
    hear(engine, bank)
    assert engine.state.rows(CLAIMS) == {"world:sandbox/USD": 200}
    check_reconciled(engine, bank)
    bank.tell("moves", [["Deposit", "d2", "P1", 600]])
    hear(engine, bank)
    assert engine.state.rows(DEBTS) == engine.state.rows(CLAIMS) == {}
    assert free(engine, "P1") == 100
    reserve = engine.state.get(ACCOUNTS, "reserve/USD")
    assert reserve is not None
    assert reserve.posted == 300
    check_reconciled(engine, bank)
