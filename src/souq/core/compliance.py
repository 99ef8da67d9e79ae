"""The guard that the house's duties are: its terms, its deny list, and a second look at much money.

Both sides are asked alike. What one of them lacks is told to itself alone; the other learns, as of
money, that it is unable.
"""

from collections.abc import Iterable

from souq.core import deny_list, summary, terms
from souq.core.agreement import cash_given
from souq.core.erased import is_erased
from souq.core.objection import Binding, Objection
from souq.core.refusal import Reason, Refused
from souq.core.rules import Rules
from souq.core.state import View


def object_to(view: View, binding: Binding, house: Rules) -> Iterable[Objection]:
    """Give what the house objects to in somebody being bound."""
    principal = binding.agent.principal
    found = []
    if is_erased(view, principal):
        found.append(Objection("erased", "platform", reason=Reason.CLOSED))
    if not terms.has_adopted(view, principal):
        facts = {"terms": terms.hash_now(view)}
        found.append(Objection("terms", "platform", reason=Reason.TERMS_NOT_ADOPTED, facts=facts))
    if house.deny_list:
        try:
            deny_list.need_clear(view, principal)
        except Refused as refused:
            found.append(Objection("deny_list", "platform", reason=refused.reason))
    if house.confirm_above_units is not None:
        pays = max(cash_given(binding.legs, binding.agent.id), binding.part_of)
        if summary.needs_confirming(view, pays):
            found.append(
                Objection(
                    "confirm",
                    "platform",
                    approver=principal,
                    threshold=house.confirm_above_units,
                    observed=pays,
                )
            )
    return found
