"""The queue of deals that wait for somebody to approve them."""

from starlette.responses import Response

from souq.core.agreement import Leg
from souq.core.refusal import Reason
from souq.operations.approval_queries import ApprovalAsked, Approvals, ListApprovals
from souq.operations.compliance_queries import GetSummary, Summary
from souq.operations.queries import GetListing
from souq.surfaces.console.policy_words import meaning
from souq.surfaces.console.visit import Routes, Visit

NAME = "Approvals"
PATH = "/approvals"
KEY = "a"
KINDS = frozenset({"agent", "principal", "operator"})
LIMIT = 20  # a page: each deal is told in full


async def show(visit: Visit) -> Response:
    """Show what waits, the oldest first, each with what it comes to and why it waits."""
    whose = visit.given("principal")
    asked = ListApprovals(principal=whose, limit=LIMIT, cursor=visit.given("cursor"))
    found: Approvals = await visit.ask(asked)
    summaries: dict[str, Summary | None] = {}
    titles: dict[str, str] = {}
    for one in found.approvals:
        # Who approves for an organisation is no party, and is told the legs alone.
        summaries[one.contract] = await visit.ask_if_told(GetSummary(one.contract))
        for listing in _listings(one.legs):
            if listing not in titles:
                card = await visit.ask_if_told(GetListing(listing), Reason.CLOSED)
                titles[listing] = "" if card is None else card.title
    url = visit.request.url
    return await visit.show(
        "approvals.html",
        found=found,
        whose=whose,
        is_asked=visit.me.kind in ("principal", "operator") and whose in ("", visit.me.actor),
        summaries=summaries,
        titles=titles,
        must_confirm={
            one.contract
            for one in found.approvals
            if _must_confirm(visit, one, summaries[one.contract])
        },
        meaning=meaning,
        server=f"{url.scheme}://{url.netloc}",
    )


def _listings(legs: tuple[Leg, ...]) -> list[str]:
    return [leg.listing for leg in legs if not hasattr(leg, "amount")]


def _must_confirm(visit: Visit, one: ApprovalAsked, summary: Summary | None) -> bool:
    """Tell whether the house still asks the viewer to say that they read the summary."""
    is_asked = any(rule.rule == "confirm" for rules in one.saw.values() for rule in rules)
    return is_asked and summary is not None and visit.me.actor not in summary.confirmed_by


ROUTES: Routes = {"/approvals": show}
