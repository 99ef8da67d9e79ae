"""What operations on stakes, deliveries and audits can be called with; see `ready`."""

from collections.abc import Callable

from souq.core.criteria import of_code
from souq.core.epoch import of_secret
from tests.http.market import FEW, Fields, Town

CODE, DIGEST, DAY_US = "a7" * 10, "ab" * 32, 86_400_000_000


def _sold(town: Town, **conditions: object) -> str:
    """Give a contract under such conditions."""
    listing = town.listing("seller", conditions=conditions)
    return town.made("buyer", "take_price", "contract", listing=listing, price=[FEW, "USD"])


def _delivered(town: Town, **conditions: object) -> str:
    deal = _sold(town, **conditions)
    town.do("seller", "submit_delivery", contract=deal, evidence=DIGEST)
    return deal


def _checked(town: Town) -> str:
    suite = {"type": "suite", "suite": DIGEST}
    return _delivered(town, criteria=[suite], verifier=town.ids["stranger"])


def _accepted(town: Town) -> str:
    deal = _delivered(town, returns_us=DAY_US)
    town.do("buyer", "accept_delivery", contract=deal)
    return deal


def _sent_back(town: Town) -> str:
    deal = _accepted(town)
    town.do("buyer", "send_back", contract=deal)
    return deal


def _late(town: Town) -> str:
    # All of the time to deliver is late.
    return _sold(town, deliver_us=DAY_US, late_us=DAY_US, late_day_bps=100, late_max_bps=500)


def _secret(number: int) -> str:
    return f"{number:032x}"


def _next(town: Town) -> int:
    """Give the number of the next epoch."""
    epochs = town.ask("anybody", "list_epochs")["epochs"]
    return 1 + (int(epochs[0]["epoch"][1:]) if epochs else 0)


def _commit(town: Town) -> int:
    number = _next(town)
    town.do("operator", "commit_epoch", commitment=of_secret(_secret(number)))
    return number


def _closed(town: Town) -> Fields:
    number = _commit(town)
    _commit(town)
    return {"epoch": f"E{number}", "secret": _secret(number)}


def _audited(town: Town) -> str:
    """Give a contract that the lot has fallen on: without a bond, it always does."""
    number = _commit(town)
    deal = _delivered(town)
    town.do("buyer", "accept_delivery", contract=deal)
    _commit(town)
    town.do("operator", "reveal_epoch", epoch=f"E{number}", secret=_secret(number))
    return deal


def _bonded(town: Town) -> Fields:
    """Have somebody new lock a bond, whom the role `bonded` speaks for from now on."""
    who = town.made("operator", "register_principal", "principal", name=town.new())
    town.give_key("bonded", who)
    town.do("operator", "report_deposit", principal=who, amount=[2 * FEW, "USD"])
    town.do("bonded", "post_bond", amount=[FEW, "USD"])
    for role in ("stranger_person", "buyer_person", "seller_person", "arbiter"):
        town.call(role, "post_bond", {"amount": [5, "USD"]})  # refused while one leaves
    return {}


def _juror(town: Town) -> Fields:
    """Have somebody new, who has a bond, send an agent to the jury."""
    _bonded(town)
    who = town.ask("bonded", "who_am_i")["actor"]
    agent = town.made("bonded", "register_agent", "agent", principal=who, name=town.new())
    return {"agent": agent}


def _sitting(town: Town) -> Fields:
    """Let somebody new be a juror."""
    town.do("bonded", "join_jury", **_juror(town))
    return {}


READY: dict[str, tuple[str, Callable[[Town], Fields]]] = {
    "commit_epoch": ("operator", lambda town: {"commitment": of_secret(_secret(_next(town)))}),
    "reveal_epoch": ("operator", _closed),
    "post_bond": ("bonded", lambda town: _bonded(town) | {"amount": [5, "USD"]}),
    "withdraw_bond": ("bonded", _bonded),
    "join_jury": ("bonded", _juror),
    "leave_jury": ("bonded", _sitting),
    "commit_delivery": (
        "seller",
        lambda town: {"contract": _sold(town, criteria=[{"type": "content"}]), "content": DIGEST},
    ),
    "commit_code": (
        "buyer",
        lambda town: {
            "contract": (deal := _sold(town, hand_over="code")),
            "code": of_code(deal, CODE),
        },
    ),
    "grant_refund": ("seller", lambda town: {"contract": _sold(town), "bps": 5_000}),
    "claim_non_delivery": ("buyer", lambda town: {"contract": _late(town)}),
    "report_verification": (
        "stranger",
        lambda town: {"contract": _checked(town), "passed": False, "report": DIGEST},
    ),
    "send_back": ("buyer", lambda town: {"contract": _accepted(town)}),
    "confirm_return": ("seller", lambda town: {"contract": _sent_back(town)}),
    "contest": ("seller", lambda town: {"contract": _sent_back(town)}),
    "report_audit": (
        "operator",
        lambda town: {"contract": _audited(town), "passed": True, "report": DIGEST},
    ),
}
QUERIES: dict[str, tuple[str, Callable[[Town], Fields]]] = {
    "get_delivery": ("buyer", lambda town: {"contract": _checked(town)}),
    "list_audits": ("operator", lambda town: {}),
    "list_epochs": ("anybody", lambda town: {}),
}
