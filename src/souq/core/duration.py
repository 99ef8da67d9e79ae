"""How long something lasts, in words that a person reads and that lose nothing."""

from souq.core.rules import DAY_US, HOUR_US, MINUTE_US, SECOND_US

_UNITS = ((DAY_US, "day"), (HOUR_US, "hour"), (MINUTE_US, "minute"), (SECOND_US, "second"))


def spelled(us: int) -> str:
    """Write microseconds exactly: "7 days", "1 hour 30 minutes", "250,000 microseconds"."""
    parts = []
    for size, name in (*_UNITS, (1, "microsecond")):
        count, us = divmod(us, size)
        if count:
            parts.append(f"{count:,} {name}{'s' if count > 1 else ''}")
    return " ".join(parts) or "no time"
