"""The server commits to the next epoch's secret and shows the last one's, on a schedule.

Secrets are derived from the market's own key and the epoch's id. So nothing more must be kept
private, a server that starts again can show what it committed to, and so can one that takes over
with the same key.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from souq.core.epoch import EPOCHS, CommitEpoch, RevealEpoch, of_secret, open_epoch
from souq.core.refusal import Refused
from souq.core.rules import OPERATOR
from souq.core.state import State, next_id
from souq.engine import Answer
from souq.surfaces.signatures import MarketKey

LOOK_BACK = 20  # epochs; what closed before, and was never shown, has been drawn without a secret
log = logging.getLogger(__name__)
Submit = Callable[[str, str, Any], Awaitable[Answer]]


class Epochs:
    """Run it behind a server; `turn` closes the open epoch and begins the next."""

    def __init__(
        self, submit: Submit, state: Callable[[], State], key: MarketKey, every_s: float
    ) -> None:
        self._submit = submit
        self._state = state
        self._key = key
        self._every_s = every_s

    async def run(self) -> None:
        """Turn for ever. What an earlier server left closed is shown first."""
        await self.show()
        if not open_epoch(self._state()):
            await self.turn()
        while True:
            await asyncio.sleep(self._every_s)
            await self.turn()

    async def turn(self) -> None:
        """Commit to the next epoch, then show every secret of those that have closed."""
        following = next_id(self._state(), "E")
        await self._say(CommitEpoch(of_secret(self.secret(following))))
        await self.show()

    async def show(self) -> None:
        """Show the secrets of closed epochs that are not shown yet, and are ours to show."""
        state = self._state()
        now = open_epoch(state)
        last = int(now[1:]) if now else 0
        for number in range(max(1, last - LOOK_BACK), last):
            found = state.get(EPOCHS, f"E{number}")
            if found is None or found.secret:
                continue
            secret = self.secret(found.id)
            if of_secret(secret) == found.commitment:
                await self._say(RevealEpoch(found.id, secret))

    def secret(self, epoch: str) -> str:
        """Give an epoch's secret, in hexadecimal digits."""
        return self._key.secret_for(f"souq epoch {epoch}".encode()).hex()

    async def _say(self, command: Any) -> None:
        try:
            (await self._submit(OPERATOR, secrets.token_hex(16), command)).need()
        except Refused as refused:  # a halted market shows nothing; the next turn tries again
            log.warning("%s was refused: %s", type(command).__name__, refused)
