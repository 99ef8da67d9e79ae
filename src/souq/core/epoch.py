"""Lots are drawn from secrets that the operator commits to before, and shows after.

At any time one epoch is open. What must be drawn waits in it; when the operator has committed to
the next epoch and shows this one's secret, everything that waits in it is due at once, and drawn
by a digest over the secret and its own name. Nobody knows a lot before, nobody can change it
after, and anybody can work it out again.

A secret that is never shown stops nobody: each draw has a deadline of its own, after which it is
made without the secret, from what the parties brought along.
"""

import hashlib
from typing import Any

from msgspec import Struct

from souq.core import halt
from souq.core.digest import check_digest
from souq.core.index import Rank
from souq.core.mechanisms.commitment import check_opens
from souq.core.refusal import Reason, Refused
from souq.core.rules import DAY_US, need_operator, rules
from souq.core.seal import canonical
from souq.core.state import (
    DEADLINES,
    Draft,
    Table,
    View,
    change,
    drop_group,
    next_id,
    row_of,
    take_id,
)

SHOWN_WITHIN_US = DAY_US  # after an epoch has closed, what waits in it is drawn without its secret


class CommitEpoch(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Commit to the secret of the next epoch, which opens now and closes the one before.

    Operator only. `commitment` is the SHA-256 that `epoch.of_secret` gives.
    """

    commitment: str


class RevealEpoch(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Show the secret of an epoch that has closed; what waits in it is drawn. Operator only.

    `secret` has 32 to 64 small hexadecimal digits.
    """

    epoch: str
    secret: str


class EpochCommitted(Struct, frozen=True, tag=True):
    epoch: str
    commitment: str


class EpochRevealed(Struct, frozen=True, tag=True):
    epoch: str
    secret: str


class Epoch(Struct, frozen=True, omit_defaults=True):
    """`secret` is "" until it is shown."""

    id: str
    commitment: str
    secret: str = ""


class Waiting(Struct, frozen=True, gc=False, array_like=True):
    """What is to be drawn with an epoch's secret: `id` names it, as its deadline does."""

    epoch: str
    id: str


EPOCHS: Table[Epoch] = Table("epochs", Epoch)
OPEN: Table[str] = Table("open_epoch", str)
WAITING: Table[Waiting] = Table(
    "waiting_for_epochs", Waiting, rank=lambda one: Rank(one.epoch, 0, int(one.id[1:]))
)
TABLES: tuple[Table[Any], ...] = (EPOCHS, OPEN, WAITING)
_KEY = "market"


def of_secret(secret: str) -> str:
    """Give the digest that commits the operator to a secret: SHA-256 over canonical JSON."""
    return _digest(["souq.epoch.v1", secret])


def open_epoch(view: View) -> str:
    """Name the epoch that is open, or give "" where the operator has never committed to one."""
    return view.get(OPEN, _KEY) or ""


def secret_of(view: View, epoch: str) -> str:
    """Give an epoch's secret, or "" where it has not been shown."""
    found = view.get(EPOCHS, epoch)
    return "" if found is None else found.secret


def lot(secret: str, *names: str) -> str:
    """Give a lot of 64 hexadecimal digits, by a secret and whatever names what is drawn."""
    return _digest(["souq.draw.v1", secret, *names])


def wait(view: View, id: str, epoch: str, due: int) -> None:
    """Fold that something waits to be drawn with an epoch's secret, until `due` at the latest.

    `id` is typed, as C7. Its deadline comes at once when the secret is shown.
    """
    view.put(WAITING, id, Waiting(epoch, id))
    view.put(DEADLINES, id, due)


def drawn(view: View, id: str) -> None:
    """Fold that something waits no longer."""
    view.drop(WAITING, id)


def _commit(draft: Draft, actor: str, command: CommitEpoch) -> None:
    need_operator(actor)
    rules(draft)
    check_digest("commitment", command.commitment)
    draft.emit(EpochCommitted(next_id(draft, "E"), command.commitment))


def _reveal(draft: Draft, actor: str, command: RevealEpoch) -> None:
    need_operator(actor)
    halt.need(draft, "settlements")  # whose clocks stand still must not be drawn
    found = draft.get(EPOCHS, command.epoch)
    if found is None:
        raise Refused(Reason.NOT_FOUND, id=command.epoch[:64])
    if found.secret or found.id == open_epoch(draft):
        raise Refused(Reason.WRONG_STATE, state="Revealed" if found.secret else "Open")
    check_opens("secret", command.secret, of_secret(command.secret), found.commitment)
    draft.emit(EpochRevealed(found.id, command.secret))


def _committed(view: View, event: EpochCommitted) -> None:
    take_id(view, event.epoch)
    view.put(EPOCHS, event.epoch, Epoch(event.epoch, event.commitment))
    view.put(OPEN, _KEY, event.epoch)


def _revealed(view: View, event: EpochRevealed) -> None:
    row_of(view, EPOCHS, event.epoch)
    change(view, EPOCHS, event.epoch, secret=event.secret)
    for _, one in view.walk(WAITING, event.epoch):
        view.put(DEADLINES, one.id, view.at + 1)
    drop_group(view, WAITING, event.epoch)


def _digest(body: list[Any]) -> str:
    return hashlib.sha256(canonical.encode(body)).hexdigest()


DECIDE: dict[type, Any] = {CommitEpoch: _commit, RevealEpoch: _reveal}
EVOLVE: dict[type, Any] = {EpochCommitted: _committed, EpochRevealed: _revealed}
