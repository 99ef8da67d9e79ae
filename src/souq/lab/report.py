"""The page a deal run leaves behind: one file that needs no network, no script, and no souq.

Everything a participant wrote is escaped and isolated where it stands, so that a title can
neither become markup nor turn the line around it.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from souq.core.agreement import CashLeg, GoodsLeg
from souq.core.rules import HOUR_US
from souq.lab import charts, report_agents
from souq.lab.charts import usd
from souq.lab.markup import about, counted, figure_of, page_of, plain, table_of, words_of
from souq.lab.population import Population
from souq.lab.sales import Sale, sales
from souq.lab.summary import DealSummary, StyleGain
from souq.views.history import Deal, History, NegotiationStory

ROWS_MAX = 2_000  # keeps the page below two megabytes; the journal has every deal
NOTHING = "<p>Nothing sold, so there is nothing to show here.</p>"
LEGEND = '<span class="buyer">by buying</span> &ensp; <span class="seller">by selling</span><br>'


def write_report(
    path: Path, history: History, summary: DealSummary, population: Population | None
) -> None:
    """Write the report of a deal run. Raises LabExtraMissing where charts cannot be drawn.

    `population` None leaves out what only the people themselves know: what things are worth.
    """
    people = dict(zip(history.principal_of, population.people if population else (), strict=False))
    deals = [deal for deal in history.deals.values() if not deal.is_void]
    sold = sales(history, deals, people, population.truths if population else {})
    knows = population is not None
    mean, median = about(summary.mean_price), about(summary.median_price)
    unknown = "<p>The record does not say what things are worth, so this page cannot either.</p>"
    parts = {
        "title": f"souq: {counted(summary.deals, 'deal')} among {summary.people} people",
        "market": words_of(summary.market),
        "lead": _lead(summary, knows),
        "tiles": _tiles(summary, knows),
        "deals": f"{summary.deals:,}",
        "players": report_agents.players(history),
        "items": f"{summary.items_sold:,}",
        "value": usd(summary.value),
        "mean": mean if sold else "–",
        "median": median if sold else "–",
        "prices": _prices(summary, sold) if sold else NOTHING,
        "gains": (_gains(summary) if sold else NOTHING) if knows else unknown,
        "by_model": report_agents.models(summary.by_model, knows),
        "screening": report_agents.screening(summary.screening, history),
        "one_deal": _one_deal(history, deals, sold, knows),
        "all_deals": _deals(history, deals, sold),
        "facts": _facts(history, summary, population),
    }
    page = page_of("report.html", parts)
    path.write_bytes(page.encode("utf-8", errors="replace"))


def _lead(summary: DealSummary, knows: bool) -> str:
    things = counted(summary.listings, "listing")
    came = f"{summary.people} people sent software agents to market with {things}."
    if not summary.deals:
        return f"{came} Nothing sold."
    surplus = f", and realised {summary.efficiency:.0%} of the best possible surplus" * knows
    return (
        f"{came} The agents closed {counted(summary.deals, 'deal')} worth {usd(summary.value)},"
        f" sold {summary.share_sold:.0%} of what was listed{surplus}."
    )


def _tiles(summary: DealSummary, knows: bool) -> str:
    kinds = {"bundle": summary.bundles, "barter": summary.barters, "gift": summary.gifts}
    among = ", ".join(counted(count, kind) for kind, count in kinds.items() if count)
    best = f"{summary.efficiency:.1%} of {about(summary.surplus_possible)}, the best, budgets aside"
    tiles = [
        ("Listings", f"{summary.listings:,}", f"and {counted(summary.wanted, 'wanted advert')}"),
        ("Deals", f"{summary.deals:,}", f"among them {among}" if among else "no bundle or gift"),
        ("Items sold", f"{summary.items_sold:,}", "bundles count each"),
        ("Share sold", f"{summary.share_sold:.1%}", "of what was listed"),
        ("Value", usd(summary.value), "all payments together"),
        ("Median price", about(summary.median_price), "of one item"),
        ("Mean price", about(summary.mean_price), "of one item"),
        ("Surplus realised", about(summary.surplus_realised), best),
        ("Gini of surplus", f"{summary.gini_surplus:.2f}", "0: all gained alike; 1: one took all"),
        ("Budget breaches", f"{summary.budget_breaches:,}", "people who spent past their budget"),
        ("State", f"<code>{summary.state_hash[:10]}</code>", "hash of how it ended"),
    ]
    if not knows:
        del tiles[7:10]
    return "".join(
        f'<div><dt>{name}</dt><dd>{value}</dd><dd class="note">{note}</dd></div>'
        for name, value, note in tiles
    )


def _prices(summary: DealSummary, sold: Sequence[Sale]) -> str:
    paid = sorted(sale.units for sale in sold)
    pairs = [(sale.ask_units, sale.units) for sale in sold if sale.units > 0 and sale.ask_units > 0]
    low, high = paid[len(paid) // 4], paid[len(paid) * 3 // 4]
    words = f"The middle half of all items went for {about(low)} to {about(high)}."
    free = paid.count(0)
    pictures = figure_of(
        "Prices paid",
        "Items sold at each price. Bars span more dollars as prices grow"
        + (f"; {free} changed hands without money, as gift or barter." if free else "."),
        charts.prices(
            paid,
            summary.median_price,
            label=f"Bar chart of the prices of {counted(len(paid), 'item')}, from {usd(paid[0])}"
            f" to {usd(paid[-1])}, median {usd(summary.median_price)}.",
        ),
    )
    if pairs:
        items, unseen = counted(len(pairs), "item"), counted(len(sold) - len(pairs), "item")
        shares = sorted(paid / ask for ask, paid in pairs)
        below = sum(paid < ask for ask, paid in pairs)
        words += (
            " Haggling shows in the second picture as the drop below the dashed line:"
            f" {below:,} of {items} went for less than asked, and the typical one for"
            f" {shares[len(shares) // 2]:.0%} of its asking price."
        )
        note = "Asking price across, price paid upwards; logarithmic, to fit cheap and dear."
        if len(pairs) < len(sold):
            note += f" {unseen} asked or paid at $0 left out."
        if len(pairs) > charts.DOTS_MAX:
            note += f" {charts.DOTS_MAX:,} drawn."
        label = f"Scatter chart of asking price and price of {items}; {below} sold below asking."
        pictures += figure_of("Asked and paid", note, charts.asks(pairs, label=label))
    return f'<p>{words}</p><div class="pair">{pictures}</div>'


def _gains(summary: DealSummary) -> str:
    buyers, total = summary.surplus_buyers, summary.surplus_buyers + summary.surplus_sellers
    persons = sorted(summary.persons, key=lambda one: -charts.gain(one))
    cap = charts.gain_cap(persons)
    beyond = sum(charts.gain(one) > cap for one in persons)
    notes = f"{LEGEND} One bar for each person, from the largest gain to the smallest."
    if len(persons) > charts.BARS_MAX:
        notes = f"{LEGEND} {charts.BARS_MAX} people, picked evenly by gain."
    if beyond:
        notes += (
            f" Bars under ▲ ({beyond}) pass {about(cap)} and are cut; the table has them whole."
        )
    if any(min(one.surplus_buying, one.surplus_selling) < 0 for one in persons):
        notes += " Barter books what is given as a loss by selling, what comes back as a gain."
    label = f"Bar chart of the gains of {len(persons)} people by buying and by selling, sorted."
    table = table_of(
        ("Person", "Style", "#By buying", "#By selling", "#Altogether", "#Gift card at the end"),
        (
            (
                words_of(one.name),
                plain(one.style),
                about(one.surplus_buying),
                about(one.surplus_selling),
                about(charts.gain(one)),
                usd(one.gift_card),
            )
            for one in persons[:ROWS_MAX]
        ),
        caption="What each person gained",
    )
    return (
        f"{_split(buyers, total)}"
        f"{figure_of('By person', notes, charts.people(persons, label=label))}"
        f"{_styles(summary.styles)}<details><summary>All {len(persons)} people</summary>{table}"
        "</details>"
    )


def _split(buyers: int, total: int) -> str:
    if not 0 <= buyers <= total or not total:
        return ""
    theirs, others = f"{buyers / total:.0%}", f"{1 - buyers / total:.0%}"
    bar = charts.split(buyers, total, label=f"Buyers gained {theirs}, sellers {others}.")
    return (
        f'<div class="figure">{bar}<p class="quiet"><span class="buyer">buyers gained'
        f' {about(buyers)}, {theirs}</span> &ensp; <span class="seller">sellers'
        f" {about(total - buyers)}, {others}</span></p></div>"
    )


def _styles(styles: Sequence[StyleGain]) -> str:
    def mean(row: StyleGain) -> int:
        return (row.surplus_buying + row.surplus_selling) // row.people

    rows = sorted((row for row in styles if row.people), key=lambda row: (-mean(row), row.style))
    label = "Bar chart of the mean gain of one person by style of bargaining: " + ", ".join(
        f"{row.style} {about(mean(row))}" for row in rows
    )
    figure = figure_of(
        "By style of bargaining",
        f"{LEGEND} Mean of one person; of few people, mostly luck.",
        charts.styles(rows, label=f"{label}."),
    )
    table = table_of(
        ("Style", "#People", "#Bought", "#Sold", "#Mean gain"),
        (
            (plain(row.style), f"{row.people}", f"{row.bought}", f"{row.sold}", about(mean(row)))
            for row in rows
        ),
        caption="What each style bought and sold",
    )
    return f'<div class="pair">{figure}<div class="figure">{table}</div></div>'


def _one_deal(history: History, deals: Sequence[Deal], sold: Sequence[Sale], knows: bool) -> str:
    done = [deal for deal in deals if deal.stage == "fulfilled"]
    if not done:
        return NOTHING

    def rank(deal: Deal) -> tuple[int, int, str]:
        id = deal.negotiation
        return -len(history.negotiations[id].moves), len(id), id

    deal = min(done, key=rank)
    story = history.negotiations[deal.negotiation]
    seller, buyer = _sides(deal)
    hours = (story.moves[-1].at - story.moves[0].at) / HOUR_US
    who = {seller: "seller", buyer: "buyer"}
    table = table_of(
        ("Move", "When", "Who", "What", "#Amount"),
        (
            (
                f"{n}",
                f'<span class="t">{_when(move.at)}</span>',
                f'<span class="{who.get(move.by, "")}">{_person(history, move.by)}</span>',
                move.what,
                "–" if move.units is None else usd(move.units),
            )
            for n, move in enumerate(story.moves, start=1)
        ),
        caption=f"Negotiation {deal.negotiation}, which became contract {deal.contract}",
    )
    return (
        f"<p>The longest haggle that came to a hand-over: {_person(history, seller)} let"
        f" {_person(history, buyer)} have {_goods(history, deal)} after"
        f" {counted(len(story.moves), 'move')} in {hours:.1f} simulated hours.</p>"
        f"{_talk(deal, story, [sale for sale in sold if sale.contract == deal.contract], knows)}"
        f"{table}"
    )


def _talk(deal: Deal, story: NegotiationStory, sold: Sequence[Sale], knows: bool) -> str:
    seller, buyer = _sides(deal)
    offers = [
        (move.by, move.at, move.units)
        for move in story.moves
        if move.units is not None and move.what != "accepts"
    ]
    # What goods for goods are worth cannot be drawn on an axis of payments.
    if not offers or any(sale.seller != seller for sale in sold):
        return ""
    floor, worth = sum(sale.floor_units for sale in sold), sum(sale.worth_units for sale in sold)
    talk = charts.Talk(
        buyer=[(at, units) for by, at, units in offers if by == buyer],
        seller=[(at, units) for by, at, units in offers if by == seller],
        closed_at=story.moves[-1].at,
        agreed_units=deal.units,
        ask_units=sum(sale.ask_units for sale in sold),
        floor_units=floor if knows else None,
        worth_units=worth if knows else None,
    )
    label = f"Step chart of {counted(len(offers), 'offer')} converging on {usd(deal.units)}"
    note = LEGEND.replace("by buying", "buyer’s offers").replace("by selling", "seller’s offers")
    if knows:
        label += f", between the seller’s floor of {usd(floor)} and its worth of {usd(worth)}"
        note += (
            "Dotted: the least the seller would take, and what it is worth to the buyer; at prices"
            " between, shaded, both gain. Neither side saw the other’s line, nor did the market:"
            " they are shown because this is the laboratory."
        )
    return figure_of("Offers over simulated time", note, charts.talk(talk, label=f"{label}."))


def _deals(history: History, deals: Sequence[Deal], sold: Sequence[Sale]) -> str:
    if not deals:
        return NOTHING
    asked: Counter[tuple[str, str]] = Counter()
    for sale in sold:
        asked[sale.contract, sale.seller] += sale.ask_units
    rows = [
        (
            deal.contract,
            f'<span class="t">{_when(deal.at)}</span>',
            *(_person(history, agent) for agent in _sides(deal)),
            f'<div class="w">{_goods(history, deal)}</div>',
            usd(deal.units),
            usd(asked[deal.contract, _sides(deal)[0]]),
        )
        for deal in deals[:ROWS_MAX]
    ]
    stages = Counter(deal.stage for deal in history.deals.values())
    ended = ", ".join(f"{count:,} {plain(stage)}" for stage, count in stages.most_common())
    more = f" The first {ROWS_MAX:,} are listed." if len(deals) > ROWS_MAX else ""
    heads = ("Contract", "When", "Seller", "Buyer", "Goods", "#Price", "#Asked")
    table = table_of(heads, rows, caption="Times are simulated, in UTC")
    return (
        f"<p>How contracts ended: {ended}.{more}</p>"
        f"<details><summary>Table of {counted(len(deals), 'deal')}</summary>{table}</details>"
    )


def _facts(history: History, summary: DealSummary, population: Population | None) -> str:
    rules = history.rules
    refused = ", ".join(f"{count:,} {reason}" for reason, count in summary.refusals.items())
    facts = {
        "Seed": f"{population.seed}" if population else "not recorded",
        "People": f"{summary.people:,}, each with one agent: {report_agents.players(history)}",
        "Records": f"{summary.records:,} in the journal; refused: {refused or 'none'}",
        "Market rules": f"fee {rules.fee_bps / 100:g} % of each payment; an offer stands for"
        f" {_span(rules.offer_us)}, a haggle for {rules.rounds_max} rounds; delivery within"
        f" {_span(rules.delivery_us)}, inspection within {_span(rules.inspection_us)}",
        "State hash": f"<code>{summary.state_hash}</code>",
    }
    return "".join(f"<dt>{name}</dt><dd>{fact}</dd>" for name, fact in facts.items())


def _sides(deal: Deal) -> tuple[str, str]:
    """Name who sold and who bought; in barter, who handed over first counts as the seller."""
    legs = deal.agreement.legs
    cash = next((leg for leg in legs if isinstance(leg, CashLeg)), None)
    return (cash.taker, cash.giver) if cash else (legs[0].giver, legs[0].taker)


def _goods(history: History, deal: Deal) -> str:
    """Write what changes hands; ⇄ stands between what the sides of a barter give."""
    sides: dict[str, list[str]] = {}
    for leg in deal.agreement.legs:
        if isinstance(leg, GoodsLeg):
            many = f"{leg.quantity} × " * (leg.quantity > 1)
            title = many + words_of(history.listings[leg.listing].title)
            sides.setdefault(leg.giver, []).append(title)
    return " ⇄ ".join(" + ".join(titles) for titles in sides.values())


def _person(history: History, agent: str) -> str:
    return words_of(history.names.get(history.principal_of.get(agent, ""), agent))


def _when(us: int) -> str:
    # Not strftime: its names of days follow the machine's language.
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[at.weekday()]
    return f"{day} {at.isoformat(sep=' ', timespec='minutes')[:16]}"


def _span(us: int) -> str:
    hours = us / HOUR_US
    return f"{hours / 24:g} days" if hours > 24 else f"{hours:g} hours"
