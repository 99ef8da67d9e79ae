"""However the bank misbehaves, a payout is paid once or comes back whole, and the sums agree."""

import asyncio
from typing import Any

import pytest

from souq.core.funds import ConfirmReport, ReportDeposit
from souq.core.halt import SetHalt
from souq.core.ledger import ACCOUNTS
from souq.core.officer import RegisterOfficer
from souq.core.payout import PAYOUTS, FailPayout, SendPayout
from souq.core.refusal import Reason
from souq.core.rules import OPERATOR
from souq.core.seal import PublicText
from souq.engine import Answer, Engine
from souq.journal.record import Refusal
from souq.rails import connect
from souq.rails.order import NoAnswer, Order, Outcome, Rejected
from souq.rails.outbox import Outbox
from souq.rails.sandbox import Sandbox
from tests.rails.town import (
    ANSWER_S,
    PATIENCE_S,
    BankProcess,
    ask,
    check_reconciled,
    outbox_of,
    settle,
    submitter,
    to_bank,
    usd,
)


def wallet(engine: Engine, who: str = "P1") -> int:
    account = engine.state.get(ACCOUNTS, f"wallet:{who}/USD")
    assert account is not None
    return account.available


def run(
    engine: Engine, bank: BankProcess, *, patience_s: float = PATIENCE_S, **more: Any
) -> Outbox:
    outbox = outbox_of(engine, to_bank(bank, patience_s), **more)
    asyncio.run(settle(outbox, engine))
    return outbox


@pytest.mark.parametrize(
    "faults",
    [
        [],
        ["fail", "fail", "fail"],
        ["slow"],
        ["lost"],
        ["html", "lost"],
        ["wait", "wait"],
        ["fail", "slow", "lost", "html", "wait"],
    ],
    ids=lambda faults: "-".join(faults) or "none",
)
def test_a_payout_is_paid_once_whatever_the_bank_does(
    engine: Engine, bank: BankProcess, faults: list[str]
) -> None:
    bank.tell("faults", faults)
    ask(engine, 300)
    run(engine, bank)
    (payment,) = bank.state["payments"].values()
    assert (payment["units"], payment["destination"]) == (300, "DE02 1203")
    assert wallet(engine) == 700
    check_reconciled(engine, bank)


def test_many_payouts_under_many_faults_are_each_paid_once(
    engine: Engine, bank: BankProcess
) -> None:
    kinds = ["lost", "fail", "reject", "html", "wait", "lost"]
    bank.tell("faults", kinds * 4)
    asked = [ask(engine, 20 + n, who=f"P{n % 2 + 1}") for n in range(24)]
    run(engine, bank, patience_s=ANSWER_S)  # each fault for another payout's first try
    state = bank.state
    keys = {key.partition("-")[2] for key in (*state["payments"], *state["rejected"])}
    assert keys == set(asked)
    assert not set(state["payments"]) & set(state["rejected"])
    assert len(state["rejected"]) == 4
    check_reconciled(engine, bank)


def test_what_the_bank_will_never_pay_comes_back(engine: Engine, bank: BankProcess) -> None:
    bank.tell("faults", ["fail", "reject"])
    ask(engine, 1_000)
    assert wallet(engine) == 0
    run(engine, bank)
    assert bank.state["payments"] == {}
    assert wallet(engine) == 1_000
    check_reconciled(engine, bank)


def test_a_bank_that_dies_after_paying_has_paid(engine: Engine, bank: BankProcess) -> None:
    bank.tell("faults", ["dies"])
    ask(engine, 300)

    outbox = outbox_of(engine, to_bank(bank))
    asyncio.run(settle(outbox, engine, each=bank.revive))
    assert len(bank.state["payments"]) == 1
    check_reconciled(engine, bank)


def test_no_silence_is_long_enough_to_give_money_back(engine: Engine, bank: BankProcess) -> None:
    ask(engine, 300)
    bank.stop()
    outbox = outbox_of(engine, to_bank(bank))

    async def try_often() -> None:
        for _ in range(10):
            await outbox.step()
            await asyncio.sleep(0.02)

    asyncio.run(try_often())
    assert type(engine.state.rows(PAYOUTS)["W1"]).__name__ == "Sent"
    assert wallet(engine) == 700
    bank.start()
    run(engine, bank)
    check_reconciled(engine, bank)


def test_waits_grow_and_end_with_the_first_answer(engine: Engine, bank: BankProcess) -> None:
    asked: list[float] = []
    now = 0.0

    class Deaf(Sandbox):
        async def pay(self, order: Order) -> Outcome:
            asked.append(now)
            raise NoAnswer("deaf")

    ask(engine, 5)
    deaf = Deaf(bank.url)
    waits = {"wait_min_s": 1.0, "wait_max_s": 8.0, "clock": lambda: now}
    outbox = outbox_of(engine, {"sandbox": deaf}, **waits)

    async def let_time_pass() -> None:
        nonlocal now
        for _ in range(40):
            await outbox.step()
            now += 1.0

    asyncio.run(let_time_pass())
    assert asked == [0, 1, 3, 7, 15, 23, 31, 39]


def test_a_slow_rail_holds_up_no_other(engine: Engine, bank: BankProcess) -> None:
    class Stuck(Sandbox):
        async def pay(self, order: Order) -> Outcome:
            await asyncio.sleep(60)
            raise NoAnswer("stuck")

    async def play() -> None:
        rails = {**connect(["credits"]), "sandbox": Stuck(bank.url)}
        outbox = outbox_of(engine, rails, poll_s=0.05)
        serving = asyncio.create_task(outbox.run())
        for _ in range(100):
            await asyncio.sleep(0.02)
            if "W2" not in engine.state.rows(PAYOUTS):
                break
        outbox.wake()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    from_play_money(engine)
    assert [ask(engine, 5), ask(engine, 5, "credits")] == ["W1", "W2"]
    asyncio.run(play())
    assert list(engine.state.rows(PAYOUTS)) == ["W1"]


def from_play_money(engine: Engine) -> None:

    engine.submit(OPERATOR, "play", ReportDeposit("P1", usd(50))).need()


def test_a_payout_by_hand_is_left_to_people(engine: Engine) -> None:

    engine.submit(OPERATOR, "olga", RegisterOfficer(PublicText("olga"))).need()
    engine.submit(OPERATOR, "in", ReportDeposit("P1", usd(50), "manual")).need()
    engine.submit("O1", "yes", ConfirmReport("R1")).need()
    ask(engine, 50, "manual")
    outbox = outbox_of(engine, connect(["manual"]))
    asyncio.run(outbox.step())
    assert type(engine.state.rows(PAYOUTS)["W1"]).__name__ == "Requested"


def test_what_people_settled_otherwise_is_pointed_out(engine: Engine, bank: BankProcess) -> None:
    ask(engine, 300)

    class Meddled(Sandbox):
        async def pay(self, order: Order) -> Outcome:
            found = await super().pay(order)
            engine.submit(OPERATOR, "by hand", FailPayout("W1")).need()
            return found

    outbox = outbox_of(engine, {"sandbox": Meddled(bank.url)})
    asyncio.run(settle(outbox, engine))
    (trouble,) = outbox.troubles
    assert "Paid" in trouble
    assert "W1" in trouble


def test_a_refusal_that_passes_does_not_stick_to_a_payout(
    engine: Engine, bank: BankProcess
) -> None:
    honest = submitter(engine)
    refusals = 3

    async def unwilling(actor: str, id: str, command: Any) -> Answer:
        nonlocal refusals
        if type(command).__name__ == "ConfirmPayout" and refusals:
            refusals -= 1
            return Answer(0, 0, refusal=Refusal(Reason.OVERLOADED.value))
        return await honest(actor, id, command)

    ask(engine, 300)
    run(engine, bank, submit=unwilling)
    assert len(bank.state["payments"]) == 1
    assert wallet(engine) == 700


def test_a_halted_market_sends_nothing_and_goes_on_where_it_stood(
    engine: Engine, bank: BankProcess
) -> None:
    ask(engine, 300)
    engine.submit(OPERATOR, "halt", SetHalt("settlements")).need()

    async def try_often() -> None:
        for _ in range(2):  # the second is another process, which counts its tries from 0
            outbox = outbox_of(engine, to_bank(bank))
            for _ in range(3):
                await outbox.step()
                await asyncio.sleep(0.06)

    asyncio.run(try_often())
    assert type(engine.state.rows(PAYOUTS)["W1"]).__name__ == "Requested"
    engine.submit(OPERATOR, "go on", SetHalt("open")).need()
    run(engine, bank)
    assert len(bank.state["payments"]) == 1
    check_reconciled(engine, bank)


def test_a_payout_sent_before_a_halt_is_brought_to_its_end(
    engine: Engine, bank: BankProcess
) -> None:
    ask(engine, 300)
    engine.submit(OPERATOR, "by hand", SendPayout("W1")).need()
    engine.submit(OPERATOR, "halt", SetHalt("settlements")).need()
    run(engine, bank)
    assert len(bank.state["payments"]) == 1
    check_reconciled(engine, bank)


def test_the_sums_notice_a_key_that_changes(engine: Engine, bank: BankProcess) -> None:
    tries = 0

    class Careless(Sandbox):
        async def pay(self, order: Order) -> Outcome:
            nonlocal tries
            tries += 1
            again = Order(f"{order.id}-{tries}", order.units, order.asset, order.destination)
            return await super().pay(again)

    bank.tell("faults", ["lost"])
    ask(engine, 300)
    outbox = outbox_of(engine, {"sandbox": Careless(bank.url, timeout_s=PATIENCE_S)})
    asyncio.run(settle(outbox, engine))
    with pytest.raises(AssertionError):
        check_reconciled(engine, bank)


def test_the_sums_notice_silence_taken_for_a_failure(engine: Engine, bank: BankProcess) -> None:
    class Hasty(Sandbox):
        async def pay(self, order: Order) -> Outcome:
            try:
                return await super().pay(order)
            except NoAnswer:
                return Rejected()

    bank.tell("faults", ["lost"])
    ask(engine, 300)
    outbox = outbox_of(engine, {"sandbox": Hasty(bank.url, timeout_s=ANSWER_S)})
    asyncio.run(settle(outbox, engine))
    with pytest.raises(AssertionError):
        check_reconciled(engine, bank)
