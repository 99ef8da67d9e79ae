"""The tidy tables that one floor leaves: a row for each person, proposal and deal, and metrics."""

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from souq.core.mechanisms.swap import NAME as SWAP
from souq.core.rules import MINUTE_US
from souq.core.state import State
from souq.lab.simulation import OPENING_US
from souq.lab.swap.evidence import Played, read_played
from souq.lab.swap.outcome import Outcome, holdings, outcomes, shortfall
from souq.lab.swap.running import USE, FloorUse
from souq.lab.swap.summary import SwapSummary, summarise, worst_tenth
from souq.lab.swap.talk import disclosures
from souq.lab.tables import DealRow, MetricRow, OfferRow, ReaderRow
from souq.views.history import History

_COUNTS = ("people", "proposals", "deals", "rotations", "voided", "rejected", "lapsed", "wakes")
_MEANS = (
    *("agreement", "agreement_popularity", "words", "start_true", "score_true", "best_true"),
    *("ttc_true", "best_understood_true", "ttc_understood_true", "start_understood"),
    *("score_understood", "best_understood", "ttc_understood"),
)
_OTHERS = (
    *("worst_tenth_true", "worst_tenth_understood", "shortfall", "shortfall_understanding"),
    *("shortfall_trading", "share_understanding", "named_top", "named_false_top"),
    "three_positions",
)
METRICS = (
    *_COUNTS,
    *("wakes_per_agent", "messages", "refusals", "minutes_to_last_act", "ended_early"),
    *(*FloorUse.__struct_fields__, *_MEANS, *_OTHERS),
)


def tables_of(history: History, state: State, arm: str, repetition: int) -> dict[str, list[Struct]]:
    """Give a floor's rows by the name of their table. Raises LabExtraMissing.

    A floor that is not over has no readers, and its metrics of outcome are null.
    """
    played = read_played(history)
    readers = [] if played is None else _readers(history, played, arm, repetition)
    kind_of = _kinds(history, played)
    summary = summarise(history, state)
    return {
        "readers": [*readers],
        "offers": [*_offers(history, kind_of, arm, repetition)],
        "deals": [*_deals(history, arm, repetition)],
        "metrics": [
            MetricRow(arm, repetition, metric, value)
            for metric, value in _metrics(history, summary, readers).items()
        ],
    }


def _readers(history: History, played: Played, arm: str, repetition: int) -> list[ReaderRow]:
    found = outcomes(played, holdings(history, played))
    agents = list(history.principal_of)
    stories = [one for one in history.negotiations.values() if one.mechanism == SWAP]
    parties = [deal.agreement.parties for deal in history.deals.values()]
    said = disclosures(history, played)
    rows = []
    for n, (one, cast) in enumerate(zip(played.people, played.cast, strict=True)):
        agent, outcome = agents[n], found[one.name]
        row = ReaderRow(
            arm=arm,
            repetition=repetition,
            person=one.name,
            agent=agent,
            kind=cast.kind,
            style=cast.style,
            wordiness=cast.manner,
            words=cast.words,
            agreement=outcome.agreement,
            agreement_popularity=outcome.agreement_popularity,
            rank=outcome.rank,
            swaps=sum(agent in those for those in parties),
            rotations=sum(agent in those for those in parties if len(those) > 2),
            proposals=sum(story.parties[0] == agent for story in stories),
            messages=said[n].messages,
            positions=said[n].positions,
            named_top=said[n].named_top,
            named_false_top=said[n].named_false_top,
            **_scores(outcome),
        )
        rows.append(row)
    return rows


def _scores(outcome: Outcome) -> dict[str, float]:
    true, understood = outcome.true, outcome.understood
    return {
        "start_true": true.start,
        "score_true": true.achieved,
        "best_true": true.best,
        "ttc_true": true.ttc,
        "best_understood_true": true.best_told,
        "ttc_understood_true": true.ttc_told,
        "start_understood": understood.start,
        "score_understood": understood.achieved,
        "best_understood": understood.best,
        "ttc_understood": understood.ttc,
    }


def _kinds(history: History, played: Played | None) -> dict[str, str]:
    """Give each agent's kind; an unfinished floor has not said."""
    kinds = [cast.kind for cast in played.cast] if played else [""] * len(history.principal_of)
    return dict(zip(history.principal_of, kinds, strict=True))


def _offers(
    history: History, kind_of: dict[str, str], arm: str, repetition: int
) -> Iterator[OfferRow]:
    for story in history.negotiations.values():
        for n, move in enumerate(story.moves, 1):
            person = history.names[history.principal_of[move.by]]
            at_us = move.at - OPENING_US
            kind = kind_of[move.by]
            yield OfferRow(
                arm, repetition, story.id, n, at_us, person, kind, "swapper", move.what, None
            )


def _deals(history: History, arm: str, repetition: int) -> Iterator[DealRow]:
    for deal in history.deals.values():
        at_us = deal.at - OPENING_US
        yield DealRow(
            arm=arm,
            repetition=repetition,
            contract=deal.contract,
            negotiation=deal.negotiation,
            at_us=at_us,
            ended_at_us=at_us,  # titles move as the deal is made
            stage=deal.stage,
            units=0,
            items=len(deal.agreement.legs),
            is_barter=True,
            moves=len(history.negotiations[deal.negotiation].moves),
        )


def _metrics(
    history: History, summary: SwapSummary, readers: Sequence[ReaderRow]
) -> dict[str, float | None]:
    """Give a floor's figures by name. Those of outcome are null where nobody knows the truth."""
    found: dict[str, float | None] = {name: float(getattr(summary, name)) for name in _COUNTS}
    found["wakes_per_agent"] = summary.wakes / summary.people if summary.people else None
    found["messages"] = float(len(history.said))
    found["refusals"] = float(history.refusals.total())
    found["minutes_to_last_act"] = (_last_act_at(history) - OPENING_US) / MINUTE_US
    found["ended_early"] = float(summary.stop == "no_deal_action")
    note = history.notes.get(USE)
    use = msgspec.json.decode(history.words(note), type=FloorUse) if note else None
    for name in FloorUse.__struct_fields__:
        found[name] = None if use is None else float(getattr(use, name))
    return found | _outcome_metrics(readers)


def _outcome_metrics(readers: Sequence[ReaderRow]) -> dict[str, float | None]:
    found: dict[str, float | None] = dict.fromkeys((*_MEANS, *_OTHERS))
    if not readers:
        return found
    mean = {name: sum(getattr(row, name) for row in readers) / len(readers) for name in _MEANS}
    gap = shortfall(
        best_true=mean["best_true"],
        best_understood_true=mean["best_understood_true"],
        achieved=mean["score_true"],
    )
    return mean | {
        "worst_tenth_true": worst_tenth([row.score_true for row in readers]),
        "worst_tenth_understood": worst_tenth([row.score_understood for row in readers]),
        "shortfall": gap.total,
        "shortfall_understanding": gap.understanding,
        "shortfall_trading": gap.trading,
        "share_understanding": gap.share_understanding,
        "named_top": _share([row.named_top for row in readers]),
        "named_false_top": _share([row.named_false_top for row in readers]),
        "three_positions": _share([row.positions >= 3 for row in readers]),
    }


def _share(answers: Sequence[bool | None]) -> float | None:
    """Give the share of yes among those who answered."""
    told = [answer for answer in answers if answer is not None]
    return sum(told) / len(told) if told else None


def _last_act_at(history: History) -> int:
    """Give when somebody last listed, or did something about a deal, that the market took."""
    moves = [story.moves[-1].at for story in history.negotiations.values() if story.moves]
    listed = [story.posted_at for story in history.listings.values()]
    return max([*moves, *listed], default=OPENING_US)
