"""The walker's moves about the house's duties; terms that bind all are soon adopted by all."""

from typing import Any

from souq.core.agent_facts import DescribeAgent
from souq.core.attestation import ATTESTATIONS, AttestPrincipal, RevokeAttestation
from souq.core.commitments import contracts_of
from souq.core.deny_list import DENY_LIST, LoadDenyList
from souq.core.erasure import LEGAL_HOLDS, ErasePrincipal, SetLegalHold
from souq.core.party import AGENTS, PRINCIPALS, RegisterPrincipal
from souq.core.review import REVIEWS, AnswerReview, AskReview
from souq.core.rules import DAY_US, OPERATOR
from souq.core.seal import PublicText
from souq.core.stage import CONTRACTS
from souq.core.summary import ConfirmSummary, digest_of, sentences
from souq.core.terms import AdoptTerms, PublishTerms, current, has_adopted

Move = tuple[str, Any] | None


def _someone(walk: Any) -> str:
    return str(walk.chance.choice(list(walk.state.rows(PRINCIPALS))))


def _speaker(walk: Any, usual: str) -> str:
    """Give whoever may, and now and then somebody who may not."""
    return usual if walk.chance.randint(0, 11) else _someone(walk)


def attest(walk: Any) -> Move:
    principal = _someone(walk)
    if walk.state.get(ATTESTATIONS, principal) is not None and walk.chance.randint(0, 1):
        return _speaker(walk, OPERATOR), RevokeAttestation(principal)
    level, until = walk.chance.randint(0, 3), walk.now + walk.chance.choice((1, DAY_US))
    return _speaker(walk, OPERATOR), AttestPrincipal(
        principal, level, until + walk.chance.randint(10**9, 10**11), "DE", evidence="sha"
    )


def describe(walk: Any) -> Move:
    agent = walk.chance.choice(list(walk.state.rows(AGENTS)))
    said = walk.chance.choice(("acme", "acme.example", "two words"))
    return _speaker(walk, agent), DescribeAgent(agent, said, contact=PublicText("write"))


def house_terms(walk: Any) -> Move:
    """Publish seldom; where somebody has not adopted what stands, let it."""
    late = [one for one in walk.state.rows(PRINCIPALS) if not has_adopted(walk.state, one)]
    if late:
        found = current(walk.state)
        return walk.chance.choice(late), AdoptTerms(found.hash if found else "none")
    if walk.chance.randint(0, 79):
        return None
    return _speaker(walk, OPERATOR), PublishTerms(PublicText(f"terms {walk.number}"))


def deny(walk: Any) -> Move:
    """List somebody seldom, and let go soon; under a list, register a listed name."""
    found = walk.state.get(DENY_LIST, "current")
    if found is not None and found.principals:
        if walk.chance.randint(0, 2) == 0:
            return OPERATOR, RegisterPrincipal(PublicText("Ann Smith"))
        return OPERATOR, LoadDenyList(f"v{walk.number}")
    if walk.chance.randint(0, 5):
        return None
    return _speaker(walk, OPERATOR), LoadDenyList(f"v{walk.number}", (), (_someone(walk),))


def confirm(walk: Any) -> Move:
    contracts = list(walk.state.rows(CONTRACTS).items())
    if not contracts:
        return None
    id, state = walk.chance.choice(contracts)
    said = digest_of(sentences(walk.state, id, state.agreement))
    who = walk.chance.choice(state.agreement.parties)
    return _speaker(walk, who), ConfirmSummary(id, said if walk.chance.randint(0, 5) else "other")


def review(walk: Any) -> Move:
    open_ = list(walk.state.rows(REVIEWS))
    if open_ and walk.chance.randint(0, 1):
        outcome = walk.chance.choice(("upheld", "changed"))
        return _speaker(walk, OPERATOR), AnswerReview(walk.chance.choice(open_), outcome)
    return _speaker(walk, walk.chance.choice(list(walk.state.rows(AGENTS)))), AskReview(
        "terms_not_adopted"
    )


def forget(walk: Any) -> Move:
    principals = list(walk.state.rows(PRINCIPALS))
    principal = walk.chance.choice(principals)
    is_held = walk.state.get(LEGAL_HOLDS, principal) is not None
    if walk.chance.randint(0, 1):
        return _speaker(walk, OPERATOR), SetLegalHold(principal, not is_held)
    # The last to come have no money here yet, and may go again.
    free = [one for one in principals if not contracts_of(walk.state, one)]
    return OPERATOR, ErasePrincipal(free[-1] if free and walk.chance.randint(0, 3) else principal)
