"""Everything at once: payouts, notices, faults, dying banks and a market cut off in mid-step."""

import asyncio
import os
from pathlib import Path
from random import Random

import httpx2
import pytest

from souq.core.payout import (
    PAYOUTS,
    CancelPayout,
    PayoutCancelled,
    PayoutConfirmed,
    PayoutFailed,
    PayoutRequested,
)
from souq.core.refusal import Refused
from souq.engine import Engine
from souq.journal.replay import records
from souq.journal.verify import verify
from tests.rails.town import (
    BankProcess,
    ask,
    bank_at,
    check_reconciled,
    open_market,
    outbox_of,
    settle,
    to_bank,
)

SEEDS = range(40 if os.environ.get("SOUQ_FULL") else 2)
ROUNDS = 25
FAULTS = ("lost", "lost", "fail", "html", "wait", "reject", "dies", "slow")


class Storm:
    """What may happen, one thing a round."""

    def __init__(self, chance: Random, engine: Engine, bank: BankProcess) -> None:
        self.chance = chance
        self.engine = engine
        self.bank = bank
        self.told: list[list[object]] = []
        self.asked = 0

    def round(self) -> None:
        chance = self.chance
        self.calm()
        match chance.randint(0, 6):
            case 0 | 1:
                self.ask()
            case 2:
                self.bank.tell("faults", [chance.choice(FAULTS) for _ in range(2)])
            case 3:
                who = chance.choice(("P1", "P2", "reserve"))
                self.tell("moves", ["Deposit", f"d{len(self.told)}", who, chance.randint(1, 300)])
            case 4:
                self.take_back()
            case 5 if self.told:
                self.bank.tell("tell", [chance.choice(self.told)])
            case _:
                self.cancel()
        asyncio.run(self.step_and_fall())

    def calm(self) -> None:
        """Let the bank read what the last round left in its lines; it may be the bank's end."""
        self.bank.revive()
        try:
            self.bank.tell("faults", [])
        except httpx2.TransportError:
            self.bank.process.wait(30)
        self.bank.revive()

    def ask(self) -> None:
        try:
            ask(self.engine, self.chance.randint(1, 400), who=self.chance.choice(("P1", "P2")))
        except Refused:
            return  # no money, or in debt
        self.asked += 1

    def cancel(self) -> None:
        for id, payout in list(self.engine.state.rows(PAYOUTS).items()):
            owner = payout.order.principal
            self.engine.submit(owner, f"cancel-{self.engine.head[0]}", CancelPayout(id))

    def tell(self, what: str, notice: list[object]) -> None:
        self.told.append(notice)
        self.bank.tell(what, [notice])

    def take_back(self) -> None:
        back = {one[1] for one in self.told if one[0] == "Chargeback"}
        due = [one for one in self.told if one[0] == "Deposit" and one[1] not in back]
        if due:
            _, reference, _, units = self.chance.choice(due)
            assert isinstance(units, int)
            self.tell("moves", ["Chargeback", reference, "", self.chance.randint(1, units)])

    async def step_and_fall(self) -> None:
        """Let an outbox work for a moment and break it off wherever it is."""
        outbox = outbox_of(self.engine, to_bank(self.bank))
        try:
            async with asyncio.timeout(self.chance.choice((0.003, 0.01, 0.02, 0.05))):
                for _ in range(3):
                    await outbox.step()
        except TimeoutError:
            pass


@pytest.mark.parametrize("seed", SEEDS)
def test_after_any_storm_every_payout_ended_once_and_the_sums_agree(
    seed: int, tmp_path: Path
) -> None:
    chance = Random(seed)
    with bank_at(tmp_path) as bank:
        bank.tell("money", [2_000])
        engine = open_market(tmp_path)
        storm = Storm(chance, engine, bank)
        for _ in range(ROUNDS):
            storm.round()
            if chance.randint(0, 4) == 0:
                storm.engine.close()
                storm.engine = open_market(tmp_path)
        engine = storm.engine

        asyncio.run(settle(outbox_of(engine, to_bank(bank)), engine, each=bank.revive))
        check_reconciled(engine, bank)
        asked, paid, back = told_of(engine)
        market, _, _ = next(iter(bank.state["payments"]), "--").partition("-")
        assert {f"{market}-{id}": units for id, units in paid.items()} == {
            key: one["units"] for key, one in bank.state["payments"].items()
        }
        assert sorted([*paid, *back]) == sorted(asked)
        assert len(asked) == storm.asked
        verify(engine.store)
        engine.close()


def told_of(engine: Engine) -> tuple[dict[str, int], dict[str, int], list[str]]:
    """Give what the journal says was asked for, was paid, and came back."""
    asked: dict[str, int] = {}
    paid: dict[str, int] = {}
    back: list[str] = []
    for record in records(engine.store):
        for event in record.events:
            match event:
                case PayoutRequested():
                    asked[event.payout] = event.amount.units
                case PayoutConfirmed():
                    paid[event.payout] = asked[event.payout]
                case PayoutFailed() | PayoutCancelled():
                    back.append(event.payout)
                case _:
                    pass
    return asked, paid, back
