"""The words of the little language for disputes.

before anything   market procedure [WORD=VALUE ..]  (jury=0 filing=10% appeal=2h evidence=1h ..)
conditions        [arbiter=W] [template=as_is] [undo=2h] [jury=1], as delivery_words has them
disputes          W claims 3/10 back|a redo [with d1,d2] [for damaged] | W answers [with d1]
                  W admits it | W brings d1,d2 | W proposes 3/10 back | W agrees to 3/10 back
                  W judges 3/10 back|a redo [citing CAUSE] [fining 5 USD] | W appeals
                  W undoes the deal
jurors            W stakes 5 USD | W becomes a juror | W is a juror no more
                  operator commits to secret 1 | operator shows secret 1
                  jurors commit to 0/1, 1/1, a redo, silence | jurors show their votes
claims            the dispute is PHASE | panel has 3 jurors | reserve keeps 5 USD
                  W claimed 2 and lost 1 | W faced 2 and lost 1
"""

import re
from typing import Any

from souq.core import dispute
from souq.core.bond import PostBond
from souq.core.case import REDO, Committing, Revealing
from souq.core.dispute.counting import of_vote
from souq.core.dispute.record import record_of
from souq.core.epoch import CommitEpoch, RevealEpoch, of_secret
from souq.core.jury import JoinJury, LeaveJury
from souq.core.ledger import ACCOUNTS
from souq.core.procedure import Procedure
from souq.core.seal import PartyText
from souq.core.stage import CONTRACTS, Disputed
from souq.core.undo import UndoContract
from tests.scenarios.words import (
    BPS,
    CASH,
    RULES,
    claim,
    interval,
    money,
    share_bps,
    shown,
    step,
)

_TIMES = ("negotiate", "evidence", "verdict", "panel", "appeal")
_SHARES = {"filing": "filing_bps", "loss": "loss_bps"}


def procedure(words: str) -> Procedure:
    """Read `jury=0 filing=10% evidence=2h`."""
    fields: dict[str, Any] = {}
    for word in words.split():
        name, _, value = word.partition("=")
        if name in _TIMES:
            fields[f"{name}_us"] = 0 if value == "0" else interval(value)
        elif name in _SHARES:
            fields[_SHARES[name]] = 100 * int(value.removesuffix("%"))
        elif name in ("jury", "rounds"):
            fields["jury" if name == "jury" else "rounds_max"] = int(value)
        else:
            fields[f"{'filing' if name == 'fee' else name}_units"] = money(f"{value} USD").units
    return Procedure(**fields)


def secret(number: str) -> str:
    return f"{int(number):064x}"


def conditions(play: Any, words: str) -> dict[str, Any]:
    """Read `arbiter=ann template=as_is jury=0`."""
    fields: dict[str, Any] = {}
    rest = []
    for word in words.split():
        name, _, value = word.partition("=")
        if name == "arbiter":
            fields["arbiter"] = play.principal(value)
        elif name == "template":
            fields["template"] = value
        elif name == "undo":
            fields["undo_us"] = interval(value)
        else:
            rest.append(word)
    if rest:
        fields["procedure"] = procedure(" ".join(rest))
    return fields


RULES.append(
    (
        re.compile(r"procedure(?: (.+))?"),
        lambda said: {"procedure": procedure(said[1] or "")},
    )
)


@step(r"claims (?:(\d+/\d+) back|a redo)(?: with ([\w,:]+))?(?: for (\w+))?")
def _claims(play: Any, who: str, said: Any) -> Any:
    return dispute.OpenDispute(
        play.deal(who),
        said[3] or "not_as_described",
        PartyText("not what it was"),
        tuple(said[2].split(",")) if said[2] else (),
        "refund" if said[1] else "redo",
        share_bps(said[1]) if said[1] else BPS,
    )


@step(r"answers(?: with ([\w,:]+))?")
def _answers(play: Any, who: str, said: Any) -> Any:
    evidence = tuple(said[1].split(",")) if said[1] else ()
    return dispute.AnswerDispute(play.deal(who), False, PartyText("it is fine"), evidence)


@step(r"admits it")
def _admits(play: Any, who: str, said: Any) -> Any:
    return dispute.AnswerDispute(play.deal(who), accepts=True)


@step(r"brings ([\w,:]+)")
def _brings(play: Any, who: str, said: Any) -> Any:
    return dispute.AddEvidence(play.deal(who), tuple(said[1].split(",")))


@step(r"(proposes|agrees to) (\d+/\d+) back")
def _settles(play: Any, who: str, said: Any) -> Any:
    kind = dispute.ProposeSplit if said[1] == "proposes" else dispute.AcceptSplit
    return kind(play.deal(who), share_bps(said[2]))


@step(rf"judges (?:(\d+/\d+) back|a redo)(?: citing (\w+))?(?: fining ({CASH}))?", "principal")
def _judges(play: Any, who: str, said: Any) -> Any:
    deal = play.named or max(play.deals, key=lambda id: int(id[1:]), default="C0")
    share = share_bps(said[1]) if said[1] else 0
    fine = money(said[3]).units if said[3] else 0
    return dispute.Rule(deal, share, said[1] is None, said[2] or "", fine)


@step(r"appeals")
def _appeals(play: Any, who: str, said: Any) -> Any:
    return dispute.AppealVerdict(play.deal(who))


@step(r"undoes the deal", "principal")
def _undoes(play: Any, who: str, said: Any) -> Any:
    return UndoContract(play.deal(who))


@step(rf"stakes ({CASH})", "principal")
def _stakes(play: Any, who: str, said: Any) -> Any:
    return PostBond(money(said[1]))


@step(r"becomes a juror", "principal")
def _joins(play: Any, who: str, said: Any) -> Any:
    return JoinJury(play.agent(who))


@step(r"is a juror no more", "principal")
def _leaves(play: Any, who: str, said: Any) -> Any:
    return LeaveJury()


@step(r"commits to secret (\d+)", "principal")
def _commits(play: Any, who: str, said: Any) -> Any:
    return CommitEpoch(of_secret(secret(said[1])))


@step(r"shows secret (\d+)", "principal")
def _shows(play: Any, who: str, said: Any) -> Any:
    return RevealEpoch(f"E{said[1]}", secret(said[1]))


def phase_of(play: Any) -> tuple[str, Any, int]:
    """Give the deal that is disputed, the phase it is in, and its level."""
    for id, state in play.engine.state.rows(CONTRACTS).items():
        if isinstance(state, Disputed) and (not play.named or play.named == id):
            return id, state.case.phase, int(state.case.first is not None)
    raise AssertionError("nothing is disputed")


@step(r"commit to (.+)")
def _commit(play: Any, who: str, said: Any) -> Any:
    id, phase, level = phase_of(play)
    assert isinstance(phase, Committing)
    answer = None
    for juror, word in zip(phase.jurors, said[1].split(", "), strict=True):
        if word == "silence":
            continue
        vote = REDO if word == "a redo" else share_bps(word)
        play.votes = {**getattr(play, "votes", {}), (id, level, juror): vote}
        digest = of_vote(id, level, juror, vote, "ab" * 16)
        answer = play.submit(juror, dispute.CommitVote(id, digest))
    return answer


@step(r"show their votes")
def _show(play: Any, who: str, said: Any) -> Any:
    id, phase, level = phase_of(play)
    assert isinstance(phase, Revealing)
    answer = None
    for juror in phase.commitments:
        vote = play.votes[id, level, juror]
        answer = play.submit(juror, dispute.RevealVote(id, vote, "ab" * 16))
    return answer


@claim(r"the dispute is (\w+)")
def _is_in(play: Any, said: Any) -> Any:
    return type(phase_of(play)[1]).__name__.lower(), said[1]


@claim(r"panel has (\d+) jurors")
def _panel_has(play: Any, said: Any) -> Any:
    return len(phase_of(play)[1].jurors), int(said[1])


@claim(rf"reserve keeps ({CASH})")
def _reserve(play: Any, said: Any) -> Any:
    return shown(play.engine.state.get(ACCOUNTS, "reserve/USD").posted), shown(money(said[1]).units)


@claim(r"(\w+) (claimed|faced) (\d+) and lost (\d+)")
def _record(play: Any, said: Any) -> Any:
    found = record_of(play.engine.state, play.principal(said[1]))
    counts = getattr(found, said[2]), getattr(found, f"{said[2]}_lost")
    return counts, (int(said[3]), int(said[4]))
