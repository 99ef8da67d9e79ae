"""How fast experiments run: bargains, crowds, cells and their analysis, beside NegMAS and Mesa."""

WHOLE = 0.2  # from this scale on things have their full size, and only repetitions become fewer


def sized(full: int, scale: float, *, least: int) -> int:
    """Give how large a thing is to be: its name tells its size, so that only a trial shrinks it."""
    return min(full, max(least, int(full * scale / WHOLE)))
