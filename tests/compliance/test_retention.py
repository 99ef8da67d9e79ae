"""The expiry job: what has had its time goes, what is in use or held stays, the chain verifies."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from souq.core.erasure import SetLegalHold
from souq.core.message import PostMessage
from souq.core.rules import DAY_US, OPERATOR
from souq.core.seal import OperatorText, PublicText
from souq.core.webhook import AddWebhook
from souq.journal.admission import FIELDS
from souq.journal.memory import MemoryStore
from souq.journal.retention import DAYS, MONEY, MONEY_DAYS, YEAR_DAYS, class_of, expired
from souq.journal.sqlite import SqliteStore
from souq.journal.verify import verify
from tests.cli.test_keeping import ok
from tests.compliance.house import ACCOUNT, CLAIM, CONTACT, NAME, SAID, TITLE, House
from tests.compliance.test_erasure import readable


@pytest.fixture
def house() -> Iterator[House]:
    made = House(MemoryStore())
    made.furnish()
    made.empty()
    yield made
    made.close()


def run(house: House, days: int) -> str:
    """Expire as so many days after the last record; give what can still be read."""
    found = list(expired(house.store, house.now + days * DAY_US))
    house.store.erase(*(one.digest for one in found))
    verify(house.store)
    return readable(house.store)


def test_nothing_expires_early(house: House) -> None:
    before = readable(house.store)
    assert run(house, YEAR_DAYS - 1) == before


def test_messages_go_after_a_year_and_names_and_money_stay(house: House) -> None:
    found = run(house, YEAR_DAYS)
    assert SAID not in found
    assert all(one in found for one in (NAME, TITLE, CLAIM, ACCOUNT, CONTACT))


def test_a_name_goes_five_years_after_its_person_was_last_seen(house: House) -> None:
    assert NAME in run(house, DAYS["identity"] - 1)
    house.pass_days(DAYS["identity"] - 1)
    house.do("A1", PostMessage(PublicText("still here")))
    assert NAME in run(house, 10)
    assert NAME not in run(house, DAYS["identity"])


def test_what_belongs_to_money_goes_after_seven_years_unless_it_is_in_use(house: House) -> None:
    assert CLAIM in run(house, MONEY_DAYS - 1)
    found = run(house, MONEY_DAYS)
    assert CLAIM not in found
    assert ACCOUNT not in found
    assert TITLE in found  # four lamps are still on offer
    assert CONTACT in found
    assert "777777" in found  # limits, which replay needs


def test_a_legal_hold_stops_the_clock_for_one_principal_alone(house: House) -> None:
    house.do(OPERATOR, SetLegalHold("P1", is_held=True))
    house.do("A2", PostMessage(PublicText("of no interest")))
    found = run(house, 10 * YEAR_DAYS)
    assert all(one in found for one in (NAME, SAID, CLAIM))
    assert "of no interest" not in found


def test_a_webhook_in_use_keeps_its_address(house: House) -> None:
    house.do("A1", AddWebhook(OperatorText("https://quill.example/in")))
    assert "quill.example/in" in run(house, 10 * YEAR_DAYS)


def test_every_sealed_field_has_a_class() -> None:
    classes = {kind.__name__: class_of(kind) for kind in FIELDS}
    assert set(classes.values()) <= {*DAYS, MONEY}
    assert classes["SendMessage"] == classes["PostMessage"] == "messages"
    assert classes["RequestPayout"] == classes["OpenDispute"] == MONEY


def test_the_command_line_counts_and_erases(tmp_path: Path) -> None:
    folder = tmp_path / "market"
    house = House(SqliteStore(folder), data=folder)
    house.now = time.time_ns() // 1_000  # a program goes by the machine's clock
    house.furnish()
    house.close()
    assert '"messages": 0' in ok("keep", "expire", folder, "--json")
    with closing(SqliteStore(folder)) as store:
        found = list(expired(store, house.now + 2 * YEAR_DAYS * DAY_US))
        store.erase(*(one.digest for one in found))
        assert SAID not in readable(store)
    assert "erased" in ok("verify", folder)
