"""A small order book of the tests' own, and who trades in it: makers, takers, a spoofer."""

from random import Random

from souq.views.surveillance.rows import Fill, Order, OrderGone

SECOND_US = 1_000_000
Session = tuple[list[Order], list[OrderGone], list[Fill]]


class Book:
    """Price-time priority, one book; it writes rows."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.at = 0
        self.seq = 0
        self.live: dict[int, list[int]] = {}  # by order: [is bid, units, left]
        self.placed: list[Order] = []
        self.gone: list[OrderGone] = []
        self.fills: list[Fill] = []

    def best(self, is_bid: bool) -> int:
        side = [row[1] for row in self.live.values() if row[0] == is_bid]
        return (max(side) if is_bid else min(side)) if side else 0

    def place(self, owner: str, is_bid: bool, units: int, quantity: int) -> int:
        number = len(self.placed) + 1
        self.seq += 1
        best = self.best(is_bid)
        self.placed.append(
            Order(self.seq, self.at, self.name, number, owner, is_bid, units, quantity, best)
        )
        self.live[number] = [is_bid, units, quantity]
        self._match(number)
        return number

    def _match(self, number: int) -> None:
        own = self.live[number]
        while number in self.live:
            others = [
                (row[1] if own[0] else -row[1], n)
                for n, row in self.live.items()
                if row[0] != own[0] and (row[1] <= own[1] if own[0] else row[1] >= own[1])
            ]
            if not others:
                return
            n = min(others)[1]
            quantity = min(own[2], self.live[n][2])
            self.seq += 1
            bid, ask = (number, n) if own[0] else (n, number)
            self.fills.append(
                Fill(self.seq, self.at, self.name, bid, ask, self.live[n][1], quantity)
            )
            for one in (number, n):
                self.live[one][2] -= quantity
                if not self.live[one][2]:
                    del self.live[one]

    def take_back(self, number: int) -> None:
        row = self.live.pop(number, None)
        if row is not None:
            self.seq += 1
            self.gone.append(OrderGone(self.seq, self.at, self.name, number, row[2], True))


def session(rng: Random, *, seconds: int = 1_200, spoofers: int = 0, name: str = "N1") -> Session:
    """Let 3 makers quote on both sides, 20 takers trade and take back, and spoofers spoof."""
    book = Book(name)
    value = 10_000.0
    quotes: dict[str, list[int]] = {}
    resting: list[tuple[int, int]] = []
    for second in range(seconds):
        book.at = second * SECOND_US
        value *= rng.gauss(1, 0.0005)
        for maker in ("M1", "M2", "M3"):
            if rng.random() < 0.3:
                _requote(book, rng, quotes, maker, value)
        for _ in range(rng.randrange(3)):
            who = f"T{rng.randrange(20)}"
            is_bid = rng.random() < 0.5
            units = round(value * (1 + (1 if is_bid else -1) * rng.gauss(0, 0.004)))
            number = book.place(who, is_bid, units, rng.randint(1, 6))
            resting.append((second + rng.randint(2, 60), number))
        for until, number in [one for one in resting if one[0] <= second]:
            resting.remove((until, number))
            book.take_back(number)
        for n in range(spoofers):
            if second % 50 == 20 + n and second > 60:
                _spoof(book, rng, f"X{n}", value)
    return book.placed, book.gone, book.fills


def _requote(
    book: Book, rng: Random, quotes: dict[str, list[int]], maker: str, value: float
) -> None:
    for number in quotes.pop(maker, []):
        book.take_back(number)
    skew = rng.uniform(0.5, 2)  # one side may be larger
    layers = rng.randint(1, 3)
    for layer in range(layers):
        away = 0.003 * (layer + 1)
        for is_bid in (True, False):
            units = round(value * (1 - away if is_bid else 1 + away))
            quantity = max(1, round(8 * (skew if is_bid else 1 / skew)))
            quotes.setdefault(maker, []).append(book.place(maker, is_bid, units, quantity))


def _spoof(book: Book, rng: Random, who: str, value: float) -> None:
    buys = rng.random() < 0.5  # what it really wants
    genuine = book.place(who, buys, round(value * (0.9995 if buys else 1.0005)), 2)
    layers = []
    for layer in range(rng.randint(1, 3)):
        units = round(value * (1.002 + 0.001 * layer if buys else 0.998 - 0.001 * layer))
        book.at += SECOND_US // 10
        layers.append(book.place(who, not buys, units, rng.randint(10, 25)))
    book.at += SECOND_US // 10
    hit = value * (0.9995 if buys else 1.0005)
    book.place(f"T{rng.randrange(20)}", not buys, round(hit), 2)  # somebody believes it
    book.at += SECOND_US // 10
    for number in layers:
        book.take_back(number)
    book.take_back(genuine)
