"""Pages of docs that are partly made from the code: what is made stands between two marks."""


def row(*cells: str) -> str:
    """Give a row of a Markdown table."""
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def between(page: str, begin: str, end: str, made: str) -> str:
    """Give a page with what is made now between its marks. Raises ValueError where it has none."""
    before, first, rest = page.partition(begin)
    _, last, after = rest.partition(end)
    if not first or not last:
        raise ValueError(f"the page has no {begin} … {end}")
    return f"{before}{begin}\n{made}\n{end}{after}"
