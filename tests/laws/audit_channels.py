"""The auditor's own reading of channels: who pays whom, what was proved, and what each end moved.

It checks signatures and hashes with the libraries themselves, on bytes that it writes itself.
"""

import hashlib
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.laws.audit_limits import Limits
from tests.laws.audit_money import Books, Json, need, split_payment

KINDS = frozenset(
    {"ChannelOpened", "ChannelToppedUp", "VoucherPresented", "CloseAsked", "CloseOffered"}
    | {"ChannelsEnded", "ClaimsFailed"}
)


class Channels:
    """Sees events one by one, and states at the end of each record what must be held and paid."""

    def __init__(
        self, books: Books, limits: Limits, principals: dict[str, str], due: dict[str, int]
    ) -> None:
        self.books = books
        self.limits = limits
        self.principals = principals
        self.due = due
        self.open: dict[str, Json] = {}
        self.paid: dict[str, tuple[int, int]] = {}  # by channel that just ended: net, fee
        self.number = 0

    def see(self, event: Json, actor: str, command: Json, at: int, rules: Json) -> None:
        """Read one event."""
        match event["type"]:
            case "ChannelOpened":
                self._opened(event, actor, at)
            case "ChannelToppedUp":
                one = self._need(event["channel"])
                need(one["payer"] == actor, "channels", f"{actor} tops up others' channels")
                need(one["state"] == "open", "channels", f"{event['channel']} is {one['state']}")
                added = event["deposit"][0] - one["deposit"][0]
                need(added == command["deposit"][0], "channels", f"{added} were added")
                one["deposit"] = event["deposit"]
                one["claims"].append(added)
                self._allow(event["channel"], one, added, at)
            case "VoucherPresented":
                one = self._need(event["channel"])
                units = self.worth(event["channel"], event["proof"], rules)
                need(units >= one["best"], "channels", "less is on record than before")
                need(units <= one["deposit"][0], "channels", "more is on record than deposited")
                need(self._speaks(actor, event["by"]), "channels", f"{actor} as {event['by']}")
                one["best"] = units
            case "CloseAsked":
                one = self._need(event["channel"])
                need(self._speaks(actor, one["payer"]), "channels", f"{actor} asks for the end")
                latest = min(at + one["window_us"], self.due[event["channel"]])
                need(event["settle_by"] == latest, "channels", f"{event} and not {latest}")
                one["state"] = "closing"
                self.due[event["channel"]] = latest
            case "CloseOffered":
                one = self._need(event["channel"])
                sides = {one["payer"], one["payee"]}
                fits = event["by"] in sides and self._speaks(actor, event["by"])
                need(fits, "channels", f"{actor} offers as {event['by']}")
                one["offer"] = (event["by"], event["units"])
            case "ChannelsEnded":
                rows = zip(event["channels"], event["paid_units"], event["why"], strict=True)
                for id, units, why in rows:
                    self._ended(id, units, why, actor, command, at, rules)
            case _:
                pass

    def check(self, rules: Json) -> None:
        """State what must be held for every channel, and what each end must have moved."""
        bps = rules.get("fee_bps", 0)
        due: dict[str, tuple[str, str, int]] = {}
        for id, one in self.open.items():
            units, asset = one["deposit"]
            payer = f"wallet:{self.principals[one['payer']]}/{asset}"
            payee = f"wallet:{self.principals[one['payee']]}/{asset}"
            net, fee = split_payment(units, bps)
            due |= {f"#{id}.price": (payer, payee, net)} if net else {}
            due |= {f"#{id}.fee": (payer, f"fees/{asset}", fee)} if fee else {}
        held = {id: row for id, row in self.books.holds.items() if id.startswith("#X")}
        need(held == due, "channels", f"{held} is held, {due} is deposited")
        for id, parts in self.paid.items():
            moved = tuple(self.books.paid[f"#{id}.{part}"] for part in ("price", "fee"))
            need(moved == parts, "channels", f"{id} paid {moved}, should {parts}")
        self.paid.clear()

    def worth(self, id: str, proof: Json, rules: Json) -> int:
        """Give what a proof is worth; it must be one."""
        one = self.open[id]
        means = one["means"]
        need(means["type"] == proof["type"], "proofs", f"{proof} on a channel of {means}")
        if proof["type"] == "chain":
            word = bytes.fromhex(proof["word"])
            for _ in range(proof["index"]):
                word = hashlib.sha256(word).digest()
            need(word.hex() == means["anchor"], "proofs", f"{proof} is not of {means}")
            return int(proof["index"] * means["unit"])
        scope: list[Any] = [rules.get("name", "souq"), id, one["opened_at"], proof["units"]]
        message = b"souq voucher 1\n" + json.dumps(scope, separators=(",", ":")).encode()
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(means["key"]))
        try:
            public.verify(bytes.fromhex(proof["signature"]), message)
        except InvalidSignature:
            need(False, "proofs", f"nobody signed {proof}")
        return int(proof["units"])

    def _need(self, id: str) -> Json:
        need(id in self.open, "channels", f"{id} goes on after its end")
        return self.open[id]

    def _speaks(self, actor: str, side: str) -> bool:
        return actor in (side, self.principals[side])

    def _opened(self, event: Json, actor: str, at: int) -> None:
        id, payer, payee = event["channel"], event["payer"], event["payee"]
        self.number += 1
        need(id == f"X{self.number}", "channels", f"{id} is number {self.number}")
        need(payer == actor, "channels", f"{actor} opens a channel of {payer}'s")
        apart = self.principals[payer] != self.principals[payee]
        need(apart, "same principal", f"{payer} pays {payee}")
        start = {"opened_at": at, "best": 0, "state": "open", "offer": ("", -1)}
        one = {**event, **start, "claims": [event["deposit"][0]]}
        self.open[id] = one
        self.due[id] = event["expires_at"]
        self._allow(id, one, event["deposit"][0], at)

    def _allow(self, id: str, one: Json, added: int, at: int) -> None:
        """Check the whole deposit against the payer's mandate, and count what was added."""
        legs = [
            {"type": "cash", "giver": one["payer"], "taker": one["payee"], "amount": one["deposit"]}
        ]
        for side in (one["payer"], one["payee"]):
            asks = self.limits.allow(
                side, legs, at, principals=self.principals, listings={}, fee_bps=0
            )
            need(not asks, "approval", f"{id} should have waited for {side}'s principal")
        self.limits.commit(one["payer"], _claim(id, len(one["claims"]) - 1), added, at)

    def _ended(
        self, id: str, units: int, why: str, actor: str, command: Json, at: int, rules: Json
    ) -> None:
        one = self._need(id)
        match why:
            case "redeemed":
                need(self._speaks(actor, one["payee"]), "channels", f"{actor} redeems {id}")
                asked = command.get("claims", [command])
                proofs = [row.get("proof") for row in asked if row["channel"] == id]
                worth = [one["best"] if it is None else self._worth(id, it, rules) for it in proofs]
                need(units in worth, "channels", f"{id} pays {units}, proved were {worth}")
                need(units >= one["best"], "channels", f"{id} pays less than is on record")
            case "agreed":
                by, offered = one["offer"]
                other = one["payee"] if by == one["payer"] else one["payer"]
                need(by and self._speaks(actor, other), "channels", f"{actor} agrees with {by}")
                need(units == offered == command["units"], "channels", f"{id} pays {units}")
            case _:
                named = {"open": "expired", "closing": "undisputed"}[one["state"]]
                need(why == named, "channels", f"{id} is {one['state']} and ends as {why}")
                need(actor == "system" and at >= self.due[id], "deadlines", f"{id} ends early")
                need(units == one["best"], "channels", f"{id} pays {units}, not {one['best']}")
        need(0 <= units <= one["deposit"][0], "channels", f"{id} pays more than was deposited")
        del self.open[id], self.due[id]
        net, fee = split_payment(units, rules.get("fee_bps", 0))
        self.paid[id] = (net, fee)
        self.books.fees_due[f"fees/{one['deposit'][1]}"] += fee
        back = one["deposit"][0] - units
        for n in reversed(range(len(one["claims"]))):
            part = min(back, one["claims"][n])
            back -= part
            self.limits.settle(one["payer"], _claim(id, n), part)

    def _worth(self, id: str, proof: Json, rules: Json) -> int:
        try:
            return self.worth(id, proof, rules)
        except Exception:
            return -1  # a row of a settlement that failed, as another of the same channel did not


def _claim(id: str, n: int) -> str:
    return f"{id}.{n}" if n else id
