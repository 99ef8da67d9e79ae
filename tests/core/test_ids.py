"""An id may be anything a stranger writes: it is told from one that has ended, and no harm done."""

import contextlib
from typing import get_type_hints

import pytest

from souq.core import market
from souq.core.refusal import Refused
from souq.core.rules import OPERATOR, OpenMarket
from souq.core.state import was_issued
from souq.engine import Engine
from souq.journal.memory import MemoryStore
from souq.operations import OPERATIONS
from souq.sdk.client import Client
from souq.sdk.methods import build

STRANGE = ("", "9" * 5_000, "01", "0", "-1", "1e3", "\u0661", "1 ", "9" * 19, "9" * 20)


@pytest.mark.parametrize("number", STRANGE)
def test_only_a_plain_number_that_was_given_out_was_issued(number: str) -> None:
    engine = Engine(MemoryStore())
    engine.submit(OPERATOR, "open", OpenMarket()).need()
    assert not was_issued(engine.state, f"K{number}")


@pytest.mark.parametrize("number", STRANGE)
def test_no_id_in_any_path_stops_the_market(number: str) -> None:
    with Client.local() as client:
        client.join("sol")
        speakers = [client, client.speaking_as("P1"), client.speaking_as("A1")]
        for operation in OPERATIONS:
            if len(operation.fields) != 1:
                continue
            (field,) = operation.fields
            if get_type_hints(operation.asks)[field] is int:
                continue  # a record's number, which the door reads as one
            for letter in "ACHKLMNOPRW":
                given = {field: letter + number}
                for speaker in speakers:
                    try:
                        asked = build(operation.asks, given)
                    except TypeError:
                        break  # it needs more than an id
                    with contextlib.suppress(Refused):
                        speaker.submit(asked) if operation.is_command else speaker.ask(asked)
        assert not client.venue.engine.stopped
        assert market.state_hash(client.venue.engine.state)
