"""What a wallet, a budget and a single thing do when asked one question after another.

Three models, written from what the market promises and sharing no code with it. Amounts are units,
ids are the market's own, and a "no" must carry the very facts that were true at that instant.
"""

from collections.abc import Hashable
from typing import Any, NamedTuple

Fact = str | int


class Done(NamedTuple):
    """It happened; `id` is that of the contract or negotiation it began."""

    id: str = ""


class No(NamedTuple):
    """It was refused."""

    reason: str
    facts: tuple[tuple[str, Fact], ...]


class Seen(NamedTuple):
    """What a read showed; nothing where the thing is over."""

    values: tuple[int, ...]


def no(reason: str, /, **facts: Fact) -> No:
    """Build a refusal with its facts in order of their names."""
    return No(reason, tuple(sorted(facts.items())))


class Deposit(NamedTuple):
    wallet: int
    units: int


class CashOut(NamedTuple):
    wallet: int
    units: int


class Hold(NamedTuple):
    """Agree to pay: the money is set aside, and named by a contract."""

    payer: int
    payee: int
    units: int


class Capture(NamedTuple):
    """Pay what a contract set aside."""

    contract: str
    hold: Hold


class Release(NamedTuple):
    """Give back what a contract set aside."""

    contract: str
    hold: Hold


class ReadBalance(NamedTuple):
    wallet: int


class Books(NamedTuple):
    """(available, held) of each wallet, and the contracts that money is set aside for."""

    wallets: tuple[tuple[int, int], ...]
    open: frozenset[str]

    def moved(self, wallet: int, available: int, held: int) -> "Books":
        """Give the books with one wallet changed by so much."""
        before = self.wallets[wallet]
        after = (before[0] + available, before[1] + held)
        return Books((*self.wallets[:wallet], after, *self.wallets[wallet + 1 :]), self.open)


class Balances:
    """Wallets that pay each other: money comes, goes, is set aside, and moves on or back."""

    def __init__(self, wallets: int) -> None:
        self._start = Books(((0, 0),) * wallets, frozenset())

    def part(self, action: Any) -> Hashable:
        return "wallets"  # they pay each other, so none can be judged alone

    def start(self, part: Hashable) -> Hashable:
        return self._start

    def step(self, state: Books, action: Any, answer: Any) -> Hashable | None:
        match action:
            case Deposit(wallet, units):
                return _if(answer, Done()) and state.moved(wallet, units, 0)
            case CashOut(wallet, units):
                available = state.wallets[wallet][0]
                if available < units:
                    return _if(answer, _short(available, units)) and state
                return _if(answer, Done()) and state.moved(wallet, -units, 0)
            case Hold(payer, _, units):
                available = state.wallets[payer][0]
                if available < units:
                    return _if(answer, _short(available, units)) and state
                return _begun(answer) and _opened(state.moved(payer, -units, units), answer)
            case Capture(contract, hold) | Release(contract, hold):
                if contract not in state.open:
                    return _if(answer, no("closed", id=contract)) and state
                if not _if(answer, Done()):
                    return None
                is_paid = isinstance(action, Capture)
                after = state.moved(hold.payer, 0 if is_paid else hold.units, -hold.units)
                after = after.moved(hold.payee, hold.units if is_paid else 0, 0)
                return after._replace(open=state.open - {contract})
            case ReadBalance(wallet):
                return _if(answer, Seen(state.wallets[wallet])) and state
            case _:
                raise TypeError(f"not of this model: {action}")


class Offer(NamedTuple):
    """Reserve budget by an offer that could bind."""

    agent: int
    units: int


class Buy(NamedTuple):
    """Commit budget at once."""

    agent: int
    units: int


class Withdraw(NamedTuple):
    """Take an offer back: what it reserved is free again."""

    agent: int
    offer: str
    units: int


class Agree(NamedTuple):
    """The other side accepts an offer: what it reserved is committed."""

    agent: int
    offer: str
    units: int


class CallOff(NamedTuple):
    """The other side cancels a deal: what it committed is free again."""

    agent: int
    contract: str
    units: int


class ReadBudget(NamedTuple):
    agent: int


class Spent(NamedTuple):
    """What open offers reserve, what deals took, and the offers and deals that did."""

    reserved: int = 0
    committed: int = 0
    open: frozenset[str] = frozenset()


class Budgets:
    """Mandates with a cap for their lifetime: reserved + committed <= cap, at every instant."""

    def __init__(self, cap: int) -> None:
        self._cap = cap

    def part(self, action: Any) -> Hashable:
        return action.agent

    def start(self, part: Hashable) -> Hashable:
        return Spent()

    def step(self, state: Spent, action: Any, answer: Any) -> Hashable | None:
        reserved, committed, is_open = state
        match action:
            case Offer(_, units) | Buy(_, units):
                left = self._cap - reserved - committed
                if units > left:
                    expected = no("budget_exceeded", rule="lifetime", available=left, needed=units)
                    return _if(answer, expected) and state
                if not _begun(answer):
                    return None
                is_offer = isinstance(action, Offer)
                after = Spent(
                    reserved + units * is_offer, committed + units * (not is_offer), is_open
                )
                return _opened(after, answer)
            case Withdraw(_, id, units) | Agree(_, id, units) | CallOff(_, id, units):
                if id not in is_open:
                    return _if(answer, no("closed", id=id)) and state
                rest = is_open - {id}
                if isinstance(action, CallOff):
                    return _if(answer, Done()) and Spent(reserved, committed - units, rest)
                if isinstance(action, Withdraw):
                    return _if(answer, Done()) and Spent(reserved - units, committed, rest)
                after = Spent(reserved - units, committed + units, rest)
                return _begun(answer) and _opened(after, answer)
            case ReadBudget():
                return _if(answer, Seen((reserved, committed))) and state
            case _:
                raise TypeError(f"not of this model: {action}")


class Take(NamedTuple):
    """Buy the one piece there is."""

    listing: str


class GiveBack(NamedTuple):
    """Cancel the deal: the piece is for sale again."""

    listing: str
    contract: str


class Keep(NamedTuple):
    """Accept the piece: the listing is over."""

    listing: str
    contract: str


class ReadStock(NamedTuple):
    listing: str


class Piece(NamedTuple):
    """Where the one piece is: for sale, set aside for a contract ("" if nobody knows), or gone."""

    is_for_sale: bool
    contract: str | None


FOR_SALE, GONE = Piece(True, None), Piece(False, None)


class Pieces:
    """Listings of one piece each: of all who take it at once, exactly one has it."""

    def part(self, action: Any) -> Hashable:
        return action.listing

    def start(self, part: Hashable) -> Hashable:
        return FOR_SALE

    def step(self, state: Piece, action: Any, answer: Any) -> Hashable | None:
        match action:
            case Take(listing):
                if state == GONE:
                    return _if(answer, no("closed", id=listing)) and state
                if not state.is_for_sale:
                    sold = no("not_enough_stock", listing=listing, available=0, asked=1)
                    return _if(answer, sold) and state
                return _begun(answer) and Piece(False, answer.id if answer else "")
            case GiveBack(_, contract) | Keep(_, contract):
                if state.contract != contract:
                    return _if(answer, no("closed", id=contract)) and state
                return _if(answer, Done()) and (GONE if isinstance(action, Keep) else FOR_SALE)
            case ReadStock():
                values = () if state == GONE else (int(state.is_for_sale),)
                return _if(answer, Seen(values)) and state
            case _:
                raise TypeError(f"not of this model: {action}")


def _if(answer: Any, expected: Done | No | Seen) -> bool | None:
    """Give True where this is the answer, or none came; else None, which says "cannot be".

    The type counts: to Python, two named tuples with the same fields are the same.
    """
    fits = answer is None or (type(answer) is type(expected) and answer == expected)
    return fits or None


def _begun(answer: Any) -> bool | None:
    """Say as `_if` does whether something began; which id it has is the market's to choose."""
    return answer is None or (isinstance(answer, Done) and bool(answer.id)) or None


def _opened(state: Any, answer: Done | None) -> Any:
    # Without an answer nobody learned the id, so nobody will ever name it.
    return state._replace(open=state.open | {answer.id}) if answer else state


def _short(available: int, needed: int) -> No:
    return no("insufficient_funds", available=available, needed=needed)
