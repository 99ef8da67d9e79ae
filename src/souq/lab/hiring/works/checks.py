"""Checks that tell a library which makes slugs from one that does not."""

from collections.abc import Callable

EXPECTED = {
    "Rock & Roll": "rock-roll",
    "Über Café": "uber-cafe",
    "-- dashes --": "dashes",
    "tabs\tand\nlines": "tabs-and-lines",
    "MiXeD Case": "mixed-case",
    "Room 101": "room-101",
    "": "",
}


def check(slugify: Callable[[str], str]) -> None:
    """Raise AssertionError for a library that is not as it should be."""
    for text, slug in EXPECTED.items():
        assert slugify(text) == slug, text
