"""How a study's figures are written: by unit, with signs that can be read, never as markup."""

from souq.lab.effects import Effect

DASH = "–"


def number(value: float | None, unit: str) -> str:
    """Write a figure in its unit; a dash for none."""
    if value is None or value != value:
        return DASH
    sign, size = "−" if value < 0 and _digits(abs(value), unit).strip("0.$%") else "", abs(value)
    return f"{sign}{_digits(size, unit)}"


def signed(value: float | None, unit: str) -> str:
    """Write a difference: always with its sign, shares in points of a hundred."""
    if value is None or value != value:
        return DASH
    text = f"{100 * abs(value):.1f} pts" if unit == "share" else number(abs(value), unit)
    zero = not text.strip("$%0.,pts ")
    return text if zero else f"{'−' if value < 0 else '+'}{text}"


def interval(effect: Effect | None, unit: str) -> str:
    """Write an effect's 95 % interval."""
    if effect is None:
        return DASH
    return f"{signed(effect.low, unit)} to {signed(effect.high, unit)}"


def chance(p: float | None) -> str:
    """Write a p value."""
    if p is None:
        return DASH
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.9995 else "1"


def phrase(name: str) -> str:
    """Write one of our own names as words."""
    return name.replace("_", " ")


def _digits(size: float, unit: str) -> str:
    match unit:
        case "$":
            return f"${size:,.2f}" if size < 10_000 else f"${size:,.0f}"
        case "share":
            return f"{100 * size:.1f}%"
        case _:
            if float(size).is_integer() or size >= 1_000:
                return f"{size:,.0f}"
            if size >= 1:
                return f"{size:.1f}" if size >= 100 else f"{size:.2f}"
            return f"{size:.3f}" if size >= 0.01 else f"{size:.2g}"
