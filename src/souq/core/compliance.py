"""The guard that the house's duties are: its terms, its deny list, and a second look at much money.

Both sides are asked alike. What one of them lacks is told to itself alone; the other learns, as of
money, that it is unable.
"""

from collections.abc import Iterator

from souq.core import deny_list, summary, terms
from souq.core.agreement import cash_given
from souq.core.erased import is_erased
from souq.core.objection import Binding, Objection
from souq.core.refusal import Reason, Refused
from souq.core.state import View


def object_to(view: View, binding: Binding) -> Iterator[Objection]:
    """Yield what the house objects to in somebody being bound."""
    principal = binding.agent.principal
    if is_erased(view, principal):
        yield Objection("erased", "platform", reason=Reason.CLOSED)
    if not terms.has_adopted(view, principal):
        facts = {"terms": terms.hash_now(view)}
        yield Objection("terms", "platform", reason=Reason.TERMS_NOT_ADOPTED, facts=facts)
    try:
        deny_list.need_clear(view, principal)
    except Refused as refused:
        yield Objection("deny_list", "platform", reason=refused.reason)
    pays = max(cash_given(binding.legs, binding.agent.id), binding.part_of)
    if summary.needs_confirming(view, pays):
        yield Objection("confirm", "platform", approver=principal)
