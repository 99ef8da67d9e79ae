"""Who gets whose goods: the cycles of a batch, found in two ways, and what cash goes with them.

Offers are numbers from 0. In a cycle (a, b, c), a gets b's goods, b gets c's, and c gets a's.
"""

from collections.abc import Mapping, Sequence

Cycle = tuple[int, ...]
Payment = tuple[int, int, int]  # who pays, whom, how much

CASH_SCALE = 1 << 20  # one unit of cash outweighs all ranks of a whole batch together
COARSER = 5  # each step of prices is so many times the next


def top_trading_cycles(choices: Sequence[Sequence[int]]) -> list[Cycle]:
    """Let all point at the best that is left, and carry out the cycles, until nobody points.

    Shapley and Scarf (1974). `choices` are what each would rather have than its own, best first;
    nobody gets anything else. Cycles come by their first offer, which is their smallest.
    """
    is_left = [True] * len(choices)
    looked = [0] * len(choices)  # how far down its choices each has come
    found = []
    for start in range(len(choices)):
        path: list[int] = []
        at_of: dict[int, int] = {}
        here = start
        while is_left[start]:
            if here in at_of:
                cycle = path[at_of[here] :]
                del path[at_of[here] :]
            else:
                mine, n = choices[here], looked[here]
                while n < len(mine) and not is_left[mine[n]]:
                    n += 1
                looked[here] = n
                if n < len(mine):
                    at_of[here] = len(path)
                    path.append(here)
                    here = mine[n]
                    continue
                cycle = [here]  # nothing is left that it wants: it keeps its own
            for one in cycle:
                is_left[one] = False
                at_of.pop(one, None)
            if len(cycle) > 1:
                found.append(_turned(cycle))
            # Whoever pointed at what has gone looks again; below it nothing has changed.
            here = path.pop() if path else start
            at_of.pop(here, None)
    return sorted(found)


def cycle_cover(values: Sequence[Mapping[int, int]]) -> list[Cycle]:
    """Choose cycles that no offer is in twice, so that their values add up to the most.

    `values[a][b]` is what it is worth that a gets b's goods; keeping one's own is worth 0. It is an
    assignment problem: each gets one offer's goods, its own perhaps. It is solved by auction with
    scaling (Bertsekas 1988): whoever has nothing bids for the goods that are worth most to it after
    their price, and raises that price until they are worth a step less than its second best. With
    a step that is small to the differences of value the sum is the greatest; larger steps come
    first, so that prices are near when the last begins. All in whole numbers, so it is exact;
    which of several such covers it is follows from the order of the offers alone.
    """
    wanting = _on_some_path(values)
    number = {one: n for n, one in enumerate(wanting)}
    finer = len(wanting) + 1  # one step lost by each is less than one unit of value
    edges = [
        [(n, 0), *((number[b], value * finer) for b, value in values[a].items() if b in number)]
        for n, a in enumerate(wanting)
    ]
    price = [0] * len(wanting)
    step = max((abs(value) for mine in edges for _, value in mine), default=0)
    taker: list[int] = []
    while True:
        step = max(1, step // COARSER)
        taker = _bid(edges, price, step)
        if step == 1:
            break
    giver = list(range(len(values)))
    for n, a in enumerate(taker):
        giver[wanting[a]] = wanting[n]
    return _cycles(giver)


def _on_some_path(values: Sequence[Mapping[int, int]]) -> list[int]:
    """Leave out whoever wants nothing that is left, again and again: it keeps its own."""
    wanted_by: list[list[int]] = [[] for _ in values]
    count = [len(mine) for mine in values]
    for a, mine in enumerate(values):
        for b in mine:
            wanted_by[b].append(a)
    gone = [a for a, n in enumerate(count) if not n]
    for one in gone:  # grows
        for a in wanted_by[one]:
            count[a] -= 1
            if not count[a]:
                gone.append(a)
    return [a for a, n in enumerate(count) if n]


def _bid(edges: Sequence[Sequence[tuple[int, int]]], price: list[int], step: int) -> list[int]:
    """Raise prices until everybody has the goods that are worth most to it, but for a step.

    Gives who gets each offer's goods.
    """
    taker = [-1] * len(edges)
    bidders = list(range(len(edges)))
    while bidders:
        a = bidders.pop()
        mine = edges[a]
        (best, value), (other, second) = mine[0], mine[1]
        most, next_most = value - price[best], second - price[other]
        if next_most > most:
            best, most, next_most = other, next_most, most
        for b, value in mine[2:]:
            worth = value - price[b]
            if worth > next_most:
                if worth > most:
                    best, most, next_most = b, worth, most
                else:
                    next_most = worth
        price[best] += most - next_most + step
        if taker[best] >= 0:
            bidders.append(taker[best])
        taker[best] = a
    return taker


def _cycles(giver: Sequence[int]) -> list[Cycle]:
    is_seen = [False] * len(giver)
    found = []
    for start in range(len(giver)):
        cycle, here = [], start
        while not is_seen[here]:
            is_seen[here] = True
            cycle.append(here)
            here = giver[here]
        if len(cycle) > 1:
            found.append(tuple(cycle))
    return found


def _turned(cycle: list[int]) -> Cycle:
    first = cycle.index(min(cycle))
    return tuple(cycle[first:] + cycle[:first])


def shares(most: Sequence[int]) -> list[int]:
    """Give what each of a cycle adds, or gets where it is below 0; it sums to 0.

    `most` is the most each would add (below 0: the least it asks). What they would add beyond what
    is asked is shared alike; units that do not divide go one each to those who come first.
    """
    spare = sum(most)
    assert spare >= 0, f"a cycle asks for more than it brings: {most}"
    each, left = divmod(spare, len(most))
    return [one - each - (n < left) for n, one in enumerate(most)]


def payments(nets: Sequence[int]) -> list[Payment]:
    """Let those who add pay those who get, each in order, in as few payments as that takes."""
    found = []
    getters = iter([(n, -net) for n, net in enumerate(nets) if net < 0])
    getter, due = next(getters, (0, 0))
    for payer, net in enumerate(nets):
        while net > 0:
            assert due, f"more is paid than is got: {nets}"
            paid = min(net, due)
            found.append((payer, getter, paid))
            net, due = net - paid, due - paid
            if not due:
                getter, due = next(getters, (0, 0))
    return found
