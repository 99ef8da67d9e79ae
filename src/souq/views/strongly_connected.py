"""Groups of a directed graph in which everybody reaches everybody: where value can go round."""

from collections.abc import Iterable


def strongly_connected(pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Give the groups of two or more in which everybody reaches everybody (Tarjan 1972).

    Written without recursion, since a chain may be as long as the market; sorted.
    """
    ahead: dict[str, list[str]] = {}
    for giver, taker in pairs:
        ahead.setdefault(giver, []).append(taker)
        ahead.setdefault(taker, [])
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    waiting: list[str] = []
    is_waiting: set[str] = set()
    groups: list[list[str]] = []
    for root in sorted(ahead):
        if root in number:
            continue
        path = [(root, iter(ahead[root]))]
        number[root] = low[root] = len(number)
        waiting.append(root)
        is_waiting.add(root)
        while path:
            node, rest = path[-1]
            for other in rest:
                if other not in number:
                    number[other] = low[other] = len(number)
                    waiting.append(other)
                    is_waiting.add(other)
                    path.append((other, iter(ahead[other])))
                    break
                if other in is_waiting:
                    low[node] = min(low[node], number[other])
            else:
                path.pop()
                if path:
                    above = path[-1][0]
                    low[above] = min(low[above], low[node])
                if low[node] == number[node]:
                    group = _taken_down_to(node, waiting, is_waiting)
                    if len(group) > 1:
                        groups.append(sorted(group))
    return sorted(groups)


def _taken_down_to(node: str, waiting: list[str], is_waiting: set[str]) -> list[str]:
    group = []
    while True:
        last = waiting.pop()
        is_waiting.discard(last)
        group.append(last)
        if last == node:
            return group
