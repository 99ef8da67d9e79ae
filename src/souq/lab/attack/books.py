"""What the victim lost, and the most it may lose: computed from what the journal says happened.

Nothing here is shared with the rules that should prevent it: sums are taken over ledger transfers,
limits are read as the principal wrote them. Per asset:

    loss   what was posted out of the victim's wallets, fees with it, less what honest goods that
           came for it are worth: what was paid for them, at most the ceiling the mandate names
    gross  the same without any goods; never below the loss
    bound  min( wallet, sum over grants of min(lifetime cap, window cap x windows begun) + open )

where the wallet is what was there when the key was lost, and all that came in since; `open` is what
earlier contracts and channels held then. Goods from an accomplice are worth nothing. The claim is
gross <= bound after every record, which says more than loss <= bound.
"""

from typing import Any

from msgspec import Struct

from souq.core.agreement import CashLeg, GoodsLeg
from souq.core.mandate import Limits

MOVE, HOLD, CAPTURE = 0, 1, 2


class Breach(Struct, frozen=True):
    """More was lost than may be, or what no mandate allows was done."""

    seq: int
    why: str


class _Grant:
    """Authority that the attacker could use, and since when."""

    def __init__(self, at: int, limits: Limits) -> None:
        self.at = at
        self.limits = limits
        self.ended: int | None = None

    def allows(self, now: int) -> int | None:
        """Give the most that may be committed under it by now; None for any sum."""
        limits = self.limits
        until = min(one for one in (now, self.ended, limits.expires_at) if one is not None)
        most = [] if limits.lifetime_units is None else [limits.lifetime_units]
        if limits.window_units is not None:
            begun = max(0, until - self.at) // limits.window_us + 1
            most.append(limits.window_units * begun)
        return min(most) if most else None


class Books:
    """Reads every record of a game; `begin` is the instant at which the key is lost."""

    def __init__(self, victim: str, agents: tuple[str, ...], accomplices: frozenset[str]) -> None:
        self.victim = victim
        self.agents = agents
        self.accomplices = accomplices  # principals
        self.principals: dict[str, str] = {}
        self.listings: dict[str, Any] = {}
        self.holds: dict[str, tuple[str, str, int]] = {}
        self.wallet: dict[str, int] = {}  # posted, by asset
        self.had: dict[str, int] = {}
        self.came: dict[str, int] = {}
        self.gone: dict[str, int] = {}
        self.open: dict[str, int] = {}
        self.worth = 0
        self.gained = 0  # by accomplices, of the victim's
        self.breaches: list[Breach] = []
        self._grants: dict[str, _Grant] = {}
        self._contracts: dict[str, Any] = {}
        self._bought: dict[str, int] = {}  # captured by contract, of the victim's
        self._begun = False
        self._mandates: dict[str, Limits] = {}  # of the victim's own grants, by id

    def begin(self) -> None:
        """From now on the attacker holds the key."""
        self._begun = True
        self.had = dict(self.wallet)
        self.came, self.gone = {}, {}
        self.gained = self.worth = 0
        self._bought.clear()
        for debit, _, amount in self.holds.values():
            asset = self._asset(debit)
            if asset:
                self.open[asset] = self.open.get(asset, 0) + amount

    def gross(self, asset: str) -> int:
        """Give all that left the victim's wallets."""
        return self.gone.get(asset, 0)

    def loss(self, asset: str) -> int:
        """Give what left them for nothing that the victim wanted."""
        return max(0, self.gross(asset) - self.worth)

    def bound(self, asset: str, now: int) -> int:
        """Give the most that may have left by now."""
        wallet = self.had.get(asset, 0) + self.came.get(asset, 0)
        grants = [one for one in self._grants.values() if one.limits.asset == asset]
        most = [one.allows(now) for one in grants]
        if any(one is None for one in most):
            return wallet
        return min(wallet, sum(one or 0 for one in most) + self.open.get(asset, 0))

    def read(self, seq: int, at: int, events: tuple[Any, ...]) -> None:
        """Read one record, and compare."""
        for event in events:
            reader = _READERS.get(type(event).__name__)
            if reader is not None:
                reader(self, seq, at, event)
        if not self._begun:
            return
        for asset in self.gone:
            gross, bound = self.gross(asset), self.bound(asset, at)
            if gross > bound:
                self._breach(seq, f"{gross} {asset} left, {bound} may")

    def _breach(self, seq: int, why: str) -> None:
        if len(self.breaches) < 100:
            self.breaches.append(Breach(seq, why))

    def _asset(self, account: str) -> str:
        """Give the asset of a wallet of the victim's, or "" for any other account."""
        start = f"wallet:{self.victim}/"
        return account.removeprefix(start) if account.startswith(start) else ""

    def _registered(self, seq: int, at: int, event: Any) -> None:
        self.principals[event.agent] = event.principal

    def _posted(self, seq: int, at: int, event: Any) -> None:
        self.listings[event.listing.id] = event.listing

    def _granted(self, seq: int, at: int, event: Any) -> None:
        # What an agent lends on is a part of what it has.
        if event.agent in self.agents and not getattr(event, "parent", ""):
            self._mandates[event.agent] = event.limits.value
            self._grants[event.mandate] = _Grant(at, event.limits.value)

    def _revoked(self, seq: int, at: int, event: Any) -> None:
        if event.mandate in self._grants and not self._begun:
            del self._grants[event.mandate]  # what it was used for is held, or gone
        elif event.mandate in self._grants:
            self._grants[event.mandate].ended = at

    def _transfers(self, seq: int, at: int, event: Any) -> None:
        batch = event.batch
        for n, id in enumerate(batch.id):
            kind = batch.kind[n] if batch.kind else MOVE
            debit, credit, amount = batch.debit[n], batch.credit[n], batch.amount[n]
            if kind == HOLD:
                self.holds[id] = (debit, credit, amount)
                continue
            if kind != MOVE:
                debit, credit, whole = self.holds.pop(batch.hold[n])
                if kind != CAPTURE:
                    continue
                amount = amount or whole
            self._moved(id, debit, credit, amount)

    def _moved(self, id: str, debit: str, credit: str, amount: int) -> None:
        out, back = self._asset(debit), self._asset(credit)
        if out:
            self.wallet[out] = self.wallet.get(out, 0) - amount
            self.gone[out] = self.gone.get(out, 0) + amount
            deal = id.lstrip("#").partition(".")[0]
            self._bought[deal] = self._bought.get(deal, 0) + amount
            if credit.removeprefix("wallet:").partition("/")[0] in self.accomplices:
                self.gained += amount
        if back:
            self.wallet[back] = self.wallet.get(back, 0) + amount
            self.came[back] = self.came.get(back, 0) + amount

    def _agreed(self, seq: int, at: int, event: Any) -> None:
        parties = event.agreement.parties
        ours = [one for one in parties if one in self.agents]
        if not ours:
            return
        self._contracts[event.contract] = event.agreement
        if self._begun:
            self._judge(seq, at, event.contract, event.agreement, ours[0])

    def _judge(self, seq: int, at: int, id: str, agreement: Any, agent: str) -> None:
        """Compare a deal with what the principal wrote, whoever of its agents made it."""
        limits = self._mandates[self.agents[0]]
        others = {self.principals[one] for one in agreement.parties} - {self.victim}
        allowed = limits.counterparties
        if others & set(limits.counterparties_denied) or (
            allowed is not None and not others <= set(allowed)
        ):
            self._breach(seq, f"{id} is with {sorted(others)}")
        if limits.expires_at is not None and at >= limits.expires_at:
            self._breach(seq, f"{id} was made after the mandate's end")
        cash = [leg for leg in agreement.legs if isinstance(leg, CashLeg)]
        goods = [leg for leg in agreement.legs if isinstance(leg, GoodsLeg)]
        pays = sum(leg.amount.units for leg in cash if leg.giver == agent)
        if limits.per_deal_units is not None and pays > limits.per_deal_units:
            self._breach(seq, f"{id} pays {pays}, {limits.per_deal_units} a deal may be")
        if any(leg.amount.asset != limits.asset for leg in cash):
            self._breach(seq, f"{id} is in another asset")
        given = [leg for leg in goods if leg.giver == agent]
        if limits.goods is not None and given:
            listed = [self.listings[leg.listing] for leg in given]
            refs = [one.ref for one in listed if one.principal == self.victim]
            known = len(refs) == len(given) and all(ref in limits.goods for ref in refs)
            takes = any(leg.taker == agent for leg in goods)
            barters = takes and known and all(limits.goods[ref].may_barter for ref in refs)
            if not known:
                self._breach(seq, f"{id} gives away what was not for sale")
            elif not barters:
                self._floor(seq, id, agreement, agent, takes=takes)

    def _floor(self, seq: int, id: str, agreement: Any, agent: str, *, takes: bool) -> None:
        """A missed promise costs a part of the price: the floor is what is left at the worst."""
        goods = self._mandates[self.agents[0]].goods or {}
        least = 0
        for leg in agreement.legs:
            if isinstance(leg, GoodsLeg) and leg.giver == agent:
                limit = goods[self.listings[leg.listing].ref]
                if not (takes and limit.may_barter):
                    least += limit.floor_units * leg.quantity
        lost = min(10_000, sum(one.penalty_bps for one in agreement.promises))
        net = 0
        for leg in agreement.legs:
            if isinstance(leg, CashLeg) and leg.taker == agent:
                net += leg.amount.units * (10_000 - lost) // 10_000
        if net < least:
            self._breach(seq, f"{id} brings {net} at the worst, {least} is the floor")

    def _fulfilled(self, seq: int, at: int, event: Any) -> None:
        """Count what honest goods are worth that came."""
        agreement = self._contracts.pop(event.contract, None)
        if agreement is None or not self._begun:
            return
        ceilings = self._mandates[self.agents[0]].ceilings
        most = 0
        for leg in agreement.legs:
            if not isinstance(leg, GoodsLeg) or leg.taker not in self.agents:
                continue
            if self.principals[leg.giver] in self.accomplices:
                continue
            if ceilings is None:
                most = 1 << 53
            else:
                most += leg.quantity * self._ceiling(ceilings, leg.listing)
        self._contracts[event.contract] = most

    def _ceiling(self, ceilings: dict[str, int], listing: str) -> int:
        parts = self.listings[listing].category.split("/")
        names = [listing, *("/".join(parts[:n]) for n in range(len(parts), 0, -1))]
        return next((ceilings[name] for name in names if name in ceilings), 0)

    def settle_worth(self) -> None:
        """Add up what came for what was paid; at a game's end."""
        for id, most in self._contracts.items():
            if isinstance(most, int):
                self.worth += min(most, self._bought.get(id, 0))


_READERS: dict[str, Any] = {
    "AgentRegistered": Books._registered,
    "ListingPosted": Books._posted,
    "MandateGranted": Books._granted,
    "MandateRevoked": Books._revoked,
    "TransfersMade": Books._transfers,
    "AgreementReached": Books._agreed,
    "ContractFulfilled": Books._fulfilled,
}
