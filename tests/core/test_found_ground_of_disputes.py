"""What an event says again when it is folded must leave the bytes it left when it happened.

`omit_defaults` leaves a word out where it is the very object that is the default, and a word that
was read from a journal is another object. So a field that events fill has no such default.
"""

from souq.core.case import Case
from souq.core.seal import canonical


def test_a_ground_leaves_the_same_bytes_live_and_in_replay() -> None:
    usual, read = "other", "".join(("ot", "her"))
    assert read == usual
    assert read is not usual
    assert canonical.encode(Case(ground=usual)) == canonical.encode(Case(ground=read))
