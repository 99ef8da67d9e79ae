"""Many channels end in one command, and all their money moves in one batch."""

from typing import Any

from msgspec import Struct

from souq.core import channel, halt
from souq.core.refusal import Reason, Refused, invalid
from souq.core.state import Draft, View
from souq.core.voucher import Payword, Proof

CLAIMS_MAX = 1_000  # about a tenth of a second's checking
HASHES_MAX = 262_144  # likewise


class Claim(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One channel to end, and the best voucher for it."""

    channel: str
    proof: Proof | None = None


class SettleChannels(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """End up to 1,000 channels at once. By their payee.

    Each succeeds or fails by itself, and all money moves in one batch. Where none succeeds it is
    refused, for the first one's reason.
    """

    claims: tuple[Claim, ...]


class ClaimsFailed(Struct, frozen=True, tag=True):
    """Rows of a settlement that failed, in columns, and the reason of each."""

    by: str
    channels: tuple[str, ...]
    reasons: tuple[str, ...]


def _settle(draft: Draft, actor: str, command: SettleChannels) -> None:
    claims = command.claims
    if not 0 < len(claims) <= CLAIMS_MAX:
        raise invalid("claims", f"1 to {CLAIMS_MAX} channels")
    if sum(max(0, it.proof.index) for it in claims if isinstance(it.proof, Payword)) > HASHES_MAX:
        raise invalid("claims", f"their chains take more than {HASHES_MAX} hashes")
    halt.need(draft, "settlements")
    ends: dict[str, channel.End] = {}
    failed: list[tuple[str, Refused]] = []
    for claim in claims:
        id = claim.channel
        try:
            if id in ends:
                raise Refused(Reason.CLOSED, id=id)
            ends[id] = channel.redeemed(draft, actor, id, claim.proof)
        except Refused as refused:
            failed.append((id[:64], refused))
    if not ends:
        raise failed[0][1]
    channel.end(draft, list(ends.values()))
    if failed:
        channels, refusals = zip(*failed, strict=True)
        draft.emit(ClaimsFailed(actor, channels, tuple(str(one.reason) for one in refusals)))


def _failed(view: View, event: ClaimsFailed) -> None:
    """Nothing changes by what failed."""


DECIDE: dict[type, Any] = {SettleChannels: _settle}
EVOLVE: dict[type, Any] = {ClaimsFailed: _failed}
