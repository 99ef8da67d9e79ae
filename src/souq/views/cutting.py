"""What is left of an event for one viewer: of columns the rows that concern it, and no secret."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from souq.core import budget, channel, debt, ledger, listing, mandate, party, standstill
from souq.core.transfer import pick


def cut(event: Any, rows: list[int]) -> Any:
    """Keep some rows of an event with columns; all columns alike."""
    return _CUTS[type(event)](event, rows)


def without_secrets(event: Any, faces: Iterable[str] | None) -> Any:
    """Take out of an event what not everybody who sees it may read; None is the operator."""
    if type(event) not in _WITH_SECRETS:
        return event  # almost all, of every answer
    match event:
        case mandate.MandateGranted(limits=limits):
            sealed = mandate.SecretLimits(None, limits.digest)
            return msgspec.structs.replace(event, limits=sealed)
        case _ if faces is None:
            return event
        case party.PrincipalRegistered(principal=owner) | party.AgentRegistered(agent=owner) if (
            event.key and owner not in faces and event.principal not in faces
        ):
            return msgspec.structs.replace(event, key="")
        case listing.ListingPosted(listing=posted) if (
            posted.ref and posted.agent not in faces and posted.principal not in faces
        ):
            hidden = msgspec.structs.replace(posted, ref="")  # mandates set floors by this name
            return listing.ListingPosted(hidden)
        case _:
            return event


_WITH_SECRETS = frozenset(
    (
        mandate.MandateGranted,
        party.PrincipalRegistered,
        party.AgentRegistered,
        listing.ListingPosted,
    )
)


def _cut_transfers(event: ledger.TransfersMade, rows: list[int]) -> Any:
    # What failed moved nothing, and is its caller's to know.
    return ledger.TransfersMade(pick(event.batch, rows), event.from_caller)


def _cut_columns(event: Any, rows: list[int]) -> Any:
    columns = (getattr(event, name) for name in event.__struct_fields__)
    return type(event)(*(tuple(column[n] for n in rows) for column in columns))


_CUTS: dict[type, Callable[[Any, list[int]], Any]] = {
    ledger.TransfersMade: _cut_transfers,
    debt.DebtsRepaid: _cut_columns,
    debt.ClaimsPaid: _cut_columns,
    channel.ChannelsEnded: _cut_columns,
    budget.BudgetsSettled: _cut_columns,
    standstill.ClocksStopped: _cut_columns,
    standstill.ClocksStarted: _cut_columns,
}
