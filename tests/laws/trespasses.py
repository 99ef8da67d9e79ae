"""More bugs to plant: people do what is not theirs to do."""

import re

import pytest

from souq.core import contract, funds, limits, listing, mandate, market, party
from souq.core.dispute import pleading
from souq.core.money import Money
from souq.core.party import need_other_agent
from tests.laws.bugs import _nothing, bug


@bug
def counterparties_are_not_checked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limits, "_may_deal_with", lambda view, found, agent, legs: True)


@bug
def a_floor_forgets_the_fee(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limits, "fee_of", lambda view, price: Money(0, price.asset))


@bug
def a_ceiling_is_not_checked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limits, "_ceiling", lambda ceilings, listing: 10**9)


@bug
def categories_are_not_checked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limits, "covers", lambda categories, category: True)


@bug
def anybody_lists_anything(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(listing, "check_listing", _nothing)


@bug
def anybody_reports_money(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(funds, "need_operator", _nothing)


@bug
def anybody_changes_a_listing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(listing, "_own", lambda draft, actor, id: listing.need_listing(draft, id))


@bug
def anybody_lends_authority(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        mandate, "_need_authority", lambda draft, actor, agent: need_other_agent(draft, agent)
    )


@bug
def anybody_performs_a_contract(patch: pytest.MonkeyPatch) -> None:
    for module in (contract, pleading):
        patch.setattr(module, "speaks_for", lambda view, actor, agreement: agreement.parties[0])


@bug
def anybody_declares_what_an_agent_runs_on(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(party, "_may_declare", lambda actor, agent: True)


@bug
def a_model_is_called_by_a_sentence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(party, "_MODEL", re.compile(r".*"))


@bug
def the_name_of_a_model_has_no_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(party, "MODEL_MAX", 1_000)


@bug
def what_was_declared_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(market._EVOLVE, party.ModelDeclared, _nothing)
