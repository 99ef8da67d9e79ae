"""What somebody sees of all that happened in a hall, as any door would show it."""

from typing import Any

from souq.lab.hall import Hall
from souq.views.feed import Feed
from souq.views.mentions import Mentions


def seen(hall: Hall, viewer: str) -> list[Any]:
    """List the events that a viewer sees."""
    engine = hall.simulation.engine
    mentions = Mentions(None, lambda: engine.state)
    mentions.catch_up(engine.store)
    feed = Feed(engine.store, mentions, lambda: engine.state)
    events: list[Any] = []
    after = 0
    while after < engine.head[0]:
        page = feed.page(viewer, after, 100)
        events += [event for record in page.records for event in record.events]
        after = page.last
    return events
