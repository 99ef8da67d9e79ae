"""How orderly a market was: deals kept, deadlines missed, commands refused, disputes, rulings."""

from souq.core.agreement import goods
from souq.core.money import BPS
from souq.core.rules import OPERATOR, SYSTEM
from souq.lab.setup import TRUE_PERCENT
from souq.lab.tidying import Told
from souq.views.history import Deal
from souq.views.surveillance import wash_trading

# Refusals of what the market's protocol does not allow now, as against what money or a mandate
# does not: a program that kept up with its observations would never be told one of these.
PROTOCOL = frozenset(
    {
        *("already_exists", "closed", "id_reused", "invalid", "not_found", "not_your_turn"),
        *("not_yours", "round_limit", "terms_changed", "wrong_mechanism", "wrong_state"),
    }
)
# What others got to first, between seeing and acting: nobody's mistake, and nobody's limit.
OVERTAKEN = frozenset({"listing_unavailable", "not_enough_stock", "price_changed"})
KEPT = frozenset({"fulfilled"})


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _contracts(told: Told) -> list[Deal]:
    return list(told.history.deals.values())


def _completion(told: Told) -> float | None:
    deals = _contracts(told)
    return _share(sum(deal.stage in KEPT for deal in deals), len(deals))


def _missed(told: Told) -> float:
    lapsed = sum(deal.stage == "not_delivered" for deal in _contracts(told))
    return lapsed + sum(by == SYSTEM for by in told.ruled_by.values())


def _offers_lapsed(told: Told) -> float:
    return sum(story.why == "lapsed" for story in told.history.negotiations.values())


def _commands(told: Told) -> int:
    return sum(count for who, count in told.commands.items() if who in told.people)


def _refused(told: Told, reasons: frozenset[str] | None = None) -> int:
    return sum(
        count
        for (who, _, reason), count in told.refusals.items()
        if who in told.people and (reasons is None or reason in reasons)
    )


def _refusals(told: Told) -> float:
    return _refused(told)


def _refusal_share(told: Told) -> float | None:
    return _share(_refused(told), _commands(told))


def _protocol_errors(told: Told) -> float | None:
    return _share(_refused(told, PROTOCOL), _commands(told))


def _overtaken(told: Told) -> float | None:
    return _share(_refused(told, OVERTAKEN), _commands(told))


def _out_of_bounds(told: Told) -> float | None:
    return _share(_refused(told) - _refused(told, PROTOCOL | OVERTAKEN), _commands(told))


def _commands_per_deal(told: Told) -> float | None:
    return _commands(told) / len(told.deals) if told.deals else None


def _commands_of_adversaries(told: Told) -> float | None:
    theirs = sum(n for who, n in told.commands.items() if told.is_adversary(who))
    return _share(theirs, _commands(told))


def _disputes(told: Told) -> float:
    # Every dispute ends in this market, and every end of one is a ruling.
    return len(told.ruled_by)


def _wrongly_ruled(told: Told) -> float | None:
    judged = [id for id, by in told.ruled_by.items() if by == OPERATOR]
    return _share(sum(_is_wrong(told, told.history.deals[id]) for id in judged), len(judged))


def _is_wrong(told: Told, deal: Deal) -> bool:
    """Tell whether a ruling left the price with whoever sent what it is not, or took it else."""
    listings, truths = told.history.listings, told.population.truths
    refs = [listings[leg.listing].posted.ref for leg in goods(deal.agreement.legs)]
    was_wronged = any(truths.get(ref, TRUE_PERCENT) < TRUE_PERCENT for ref in refs)
    return deal.payer_bps != (BPS if was_wronged else 0)


def _wash_found(told: Told) -> float | None:
    """Give what rings the detector found dealt among themselves, of all that was paid."""
    rings = [frozenset(alarm.parties) for alarm in wash_trading.find(told.trades)]
    inside = sum(
        trade.units
        for trade in told.trades
        if any({trade.seller, trade.buyer} <= ring for ring in rings)
    )
    return _share(inside, sum(trade.units for trade in told.trades))


METRICS = {
    "completion": ("of all contracts, those that were kept", "share", _completion),
    "deadlines_missed": ("contracts that nobody delivered or ruled on in time", "", _missed),
    "offers_lapsed": ("talks that ended because nobody answered", "", _offers_lapsed),
    "refusals": ("how often the market told an agent no", "", _refusals),
    "refusal_share": ("of all agents' commands, those refused", "share", _refusal_share),
    "protocol_errors": (
        "of all agents' commands, those refused for being out of turn or form",
        "share",
        _protocol_errors,
    ),
    "overtaken": ("of all agents' commands, those that came too late", "share", _overtaken),
    "out_of_bounds": (
        "of all agents' commands, those that a mandate, a policy or money did not cover",
        "share",
        _out_of_bounds,
    ),
    "commands_per_deal": ("what agents said to the market for one deal", "", _commands_per_deal),
    "commands_of_adversaries": (
        "of all agents' commands, the adversaries'",
        "share",
        _commands_of_adversaries,
    ),
    "disputes": ("contracts that were disputed", "", _disputes),
    "rulings_wrong": (
        "of what an arbiter ruled, what the truth rules otherwise",
        "share",
        _wrongly_ruled,
    ),
    "wash_found": (
        "of all that was paid, what went round in rings that surveillance found",
        "share",
        _wash_found,
    ),
}
