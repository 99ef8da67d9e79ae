"""A process that does nothing but serve the webhooks of a market on disk, until it is killed.

python -m tests.surfaces.sender FOLDER
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from souq.engine import Answer, Engine
from souq.journal.sqlite import SqliteStore
from souq.surfaces.outward import Outward
from souq.surfaces.signatures import MarketKey
from souq.surfaces.webhooks import Webhooks
from souq.views.feed import Feed
from souq.views.mentions import Mentions


async def serve(folder: Path) -> None:
    store = SqliteStore(folder)
    engine = Engine(store)
    state = lambda: engine.state  # noqa: E731
    mentions = Mentions(None, state)
    mentions.catch_up(store)

    async def submit(actor: str, id: str, command: Any) -> Answer:
        return engine.submit(actor, id, command)

    feed = Feed(store, mentions, state)
    key = MarketKey.load_or_make(folder / "market.pem")
    await Webhooks(submit, state, feed, store, key, Outward(allow_private=True)).run()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
