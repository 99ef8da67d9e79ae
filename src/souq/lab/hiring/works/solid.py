"""Makes slugs: every run of signs that are neither letters nor digits becomes one dash."""

import re
import unicodedata


def slugify(text: str) -> str:
    """Give words as they may stand in an address."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain.lower()))
