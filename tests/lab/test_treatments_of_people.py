"""What people are told, how they are instructed, what they bring: each does what it says."""

from collections import Counter

from souq.core.agreement import CashLeg, goods
from souq.core.listing import PostListing
from souq.core.message import MessagePosted
from souq.core.money import Money
from souq.journal.replay import records
from souq.lab.casting import brief_of
from souq.lab.marks import read_mark, round_starts
from souq.lab.treatments.newcomers import NEWCOMERS
from tests.lab.trials import Treatments, mean, run, start

PLAIN: dict[str, dict[str, object]] = {}


def test_cards_say_what_agents_run_on_only_where_it_is_disclosed() -> None:
    assert run(PLAIN).told.history.models == {}
    disclosed = run({"information": {"kinds": True}}).told
    assert set(disclosed.history.models) == set(disclosed.people)


def test_who_knows_what_the_other_would_take_gains_by_it() -> None:
    usual = mean("buyers_share", PLAIN)
    assert mean("buyers_share", {"information": {"floors": True}}) > usual + 0.05
    assert mean("buyers_share", {"information": {"worths": True}}) < usual - 0.05


def test_who_knows_the_going_rate_pays_less_of_what_is_asked() -> None:
    known = mean("price_of_ask", {"information": {"going_rate": True}})
    assert known < mean("price_of_ask", PLAIN)


def test_models_are_told_in_their_brief() -> None:
    setup = start({"information": {"floors": True}, "instruction_style": {"aggressive": 1}})
    part = next(part for part in setup.parts if part.person.values)
    wishes = brief_of(part.person, setup.population, part.told).wishes
    assert any(wish.startswith("The least its owner takes for") for wish in wishes)
    assert any("Be aggressive" in wish for wish in wishes)


def test_so_many_are_instructed_and_tables_say_so() -> None:
    ran = run({"instruction_style": {"aggressive": 0.41, "gentle": 0.25}})
    styles = Counter(person.style for person in ran.told.population.people)
    assert (styles["aggressive"], styles["gentle"]) == (round(0.41 * 16), 4)
    assert set(styles) == {ran.told.style(agent) for agent in ran.told.people}


def test_aggressive_agents_make_fewer_deals_than_gentle_ones() -> None:
    aggressive = mean("deals", {"instruction_style": {"aggressive": 1}})
    gentle = mean("deals", {"instruction_style": {"aggressive": 0, "gentle": 1}})
    assert aggressive < mean("deals", PLAIN) < gentle


def test_sellers_who_talk_ask_more_and_silent_ones_as_before() -> None:
    talk = {"seller_messages": {"aligns": 0.5}}
    assert mean("ask_drift", talk) > 1.02
    off = run({"seller_messages": {"on": False}})
    assert off.told.history.said == []
    assert off.simulation.engine.head == run(PLAIN).simulation.engine.head
    # Talk that nobody follows changes no price.
    assert mean("ask_drift", {"seller_messages": {"aligns": 0}}) == 1


def test_nobody_follows_to_more_than_twice_its_price() -> None:
    ran = run({"seller_messages": {"aligns": 1}})
    first = {
        story.id: story.posted.price.units
        for story in ran.told.history.listings.values()
        if story.posted.price
    }
    last: dict[str, int] = {}
    for record in records(ran.store):
        for event in record.events:
            if isinstance(event, MessagePosted):
                assert ran.told.history.words(event.text).startswith("I ask ")
        command = record.command
        if type(command).__name__ == "EditListing" and record.refusal is None:
            before = last.get(command.listing, first[command.listing])
            assert before < command.price.units <= 2 * before
            last[command.listing] = command.price.units
    assert last


def test_newcomers_come_in_the_last_round_alone() -> None:
    ran = run({"newcomers": {}})
    new, began = read_mark(ran.told.history, NEWCOMERS), round_starts(ran.told.history)[-1]
    assert len(new) == 4
    stories = [one for one in ran.told.history.listings.values() if one.posted.side == "sell"]
    mine = [one for one in stories if ran.told.name(one.agent) in new]
    assert mine
    assert all(one.posted_at >= began for one in mine)
    # What they would have brought in the first round, they bring now.
    assert all(
        sum(one.agent == agent for one in mine) == 6 for agent in {one.agent for one in mine}
    )


def test_bounds_on_what_is_owed_keep_newcomers_out_and_a_bond_lets_them_in() -> None:
    free = {"newcomers": {"detect_bps": 0}}
    bound: Treatments = {"newcomers": {}}
    bonded = {"newcomers": {"bond": "60"}}
    assert mean("standing_refusals", free) == 0 < mean("standing_refusals", bound)
    sold = [mean("newcomers_sold", one) for one in (free, bound, bonded)]
    assert sold[1] < sold[0]
    assert sold[1] < sold[2]


def test_what_is_met_for_stays_in_its_district_and_shipping_is_nobodys_gain() -> None:
    ran = run({"shipping": {"shipped": 0.5, "cost": "4", "districts": 3}})
    history = ran.told.history
    near = {
        agent: set(part.told[-1].rstrip(".").rpartition(": ")[2].split(", "))
        for agent, part in zip(ran.told.people, ran.setup.parts, strict=True)
    }
    seen = Counter[str]()
    for deal in ran.told.deals:
        legs = goods(deal.agreement.legs)
        for leg in legs:
            posted = history.listings[leg.listing].posted
            seen[posted.delivery] += 1
            if (
                posted.delivery == "meet"
                and len(legs) == 1
                and deal.agreement.parties[0] == leg.taker
            ):
                assert leg.giver in near[leg.taker]
    assert seen["meet"] > 0 < seen["ship"]
    for sale in ran.told.sold:
        deal = history.deals[sale.contract]
        legs = goods(deal.agreement.legs)
        if len(legs) == 1 and history.listings[sale.listing].posted.delivery == "ship":
            assert sale.shipping_units == 4_000_000
            paid = sum(one.amount.units for one in deal.agreement.legs if isinstance(one, CashLeg))
            assert sale.units + sale.shipping_units == paid
            assert sale.buyer_gain + sale.seller_gain == (
                sale.worth_units - sale.floor_units - sale.shipping_units
            )


def test_distance_costs_deals() -> None:
    anybody = mean("deals", {"shipping": {"shipped": 0, "districts": 1}})
    assert mean("deals", {"shipping": {"shipped": 0, "districts": 3}}) < 0.8 * anybody


def test_a_market_of_one_district_where_nothing_is_sent_is_the_usual_one() -> None:
    for name in ("deals", "surplus"):
        same = mean(name, {"shipping": {"shipped": 0, "districts": 1}})
        assert same == mean(name, PLAIN)


def test_categories_are_merged_things_copied_and_prices_drawn_together() -> None:
    merged = start({"range_of_goods": {"categories": 2}})
    assert len({thing.category for part in merged.parts for thing in part.person.things}) == 2
    copied = start({"range_of_goods": {"copies": 3}})
    for part in copied.parts:
        first, second = part.person.things[:3], part.person.things[3:]
        for same in (first, second):
            assert len({(one.ask_units, one.floor_units, one.category) for one in same}) == 1
            assert len({one.title for one in same}) == 3
        for other in copied.parts:
            assert len({other.person.values.get(one.ref) for one in first}) == 1
    alike = start({"range_of_goods": {"likeness": 1}})
    asks: dict[str, set[int]] = {}
    for part in alike.parts:
        for thing in part.person.things:
            if thing.ask_units:
                asks.setdefault(thing.category, set()).add(thing.ask_units)
            assert (
                (part.limits.goods or {})[thing.ref].floor_units
                == thing.floor_units
                <= thing.ask_units
            )
    assert all(len(units) == 1 for units in asks.values())


def test_short_time_ends_talks_and_costs_deals() -> None:
    setup = start({"deadline": {"days": 2, "offer_hours": 3, "turns": 7}})
    assert (setup.span_us, setup.turns_per_person) == (2 * 86_400_000_000, 7)
    assert setup.rules.offer_us == 3 * 3_600_000_000
    usual = mean("deals", PLAIN)
    assert mean("deals", {"deadline": {"offer_hours": 2}}) < usual
    assert mean("deals", {"deadline": {"turns": 12}}) < usual


def test_a_trader_opens_at_what_it_asks_now() -> None:
    ran = run({"instruction_style": {"aggressive": 1}})
    floors = {thing.ref: thing for p in ran.told.population.people for thing in p.things}
    for record in records(ran.store):
        match record.command:
            case PostListing(side="sell", ref=ref, price=Money(units=units)):
                thing = floors[ref]
                asked = thing.ask_units * 115 // 100 // 250_000 * 250_000
                assert units == max(thing.floor_units, asked)
            case _:
                pass
