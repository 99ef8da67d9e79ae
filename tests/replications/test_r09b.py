"""R9B: whatever businesses write, typed searches, typed customers and the journal stay the same."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from souq.core.listing import PostListing
from souq.core.mechanisms import alternating_offers
from souq.core.seal import PublicText
from souq.replications import r09b_rewriting
from souq.replications.dining import CATEGORY, Dining, Words, best, cheapest, own_words
from souq.replications.r09b_rewriting import TYPED, Kind, swayed, watched
from souq.replications.replication import Scale, digest
from souq.replications.rewriting import FAMILIES
from souq.replications.towns import made_up
from souq.views.catalogue import Search

TOWN = made_up(9, "small", customers=3, businesses=4)
DISHES = [dish for one in TOWN.businesses for dish in one.menu]
WATCHED = watched(TOWN, TYPED)

# Titles need a sign that shows; a lone surrogate is no text, and no door lets one in.
ANY = st.text(st.characters(codec="utf-8"), max_size=80)
TITLE = ANY.filter(lambda text: bool(text.strip()))


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.lists(st.tuples(TITLE, TITLE, ANY), min_size=4, max_size=4))
def test_no_words_whatever_move_anything_typed(said: list[tuple[str, str, str]]) -> None:
    by_id = dict(zip((one.id for one in TOWN.businesses), said, strict=True))

    def words(one: object) -> Words:
        name, title, description = by_id[getattr(one, "id", "")]
        return Words(name, dict.fromkeys(DISHES, title), description)

    assert not WATCHED.is_moved(words)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_way_of_rewriting_changes_words_and_moves_nothing(family: str) -> None:
    rewrite = FAMILIES[family]
    said = [rewrite(one, TOWN) for one in TOWN.businesses]
    assert all(new != own_words(one) for new, one in zip(said, TOWN.businesses, strict=True))
    assert not WATCHED.is_moved_by(rewrite)


def test_the_journal_that_is_compared_holds_everything_but_words() -> None:
    with Dining(TOWN, best) as market:
        journal = market.trade().journal()
        words = [words for one in TOWN.businesses for words in (one.name, one.description)]
    assert b'"type":"TransfersMade"' in journal
    assert b'"type":"AgreementReached"' in journal
    assert not any(one.encode() in journal for one in words)
    assert b"s1:" not in journal


def test_the_comparison_sees_another_order_another_price_and_another_customer() -> None:
    changed = r09b_rewriting._a_cent_dearer(TOWN)
    before = r09b_rewriting._seen(TOWN, Kind(best), own_words)
    assert r09b_rewriting._seen(changed, Kind(best), own_words).journal != before.journal
    with Dining(TOWN, best) as market:
        search = Search(category=CATEGORY)
        first = [card.id for card in market.found(search)]
        command = PostListing(
            PublicText("x"), CATEGORY, mechanisms=(alternating_offers.NAME,), attributes={}
        )
        market.client.speaking_as(market.businesses[0]).submit(command)
        assert [card.id for card in market.found(search)] != first
    other = r09b_rewriting._seen(TOWN, Kind(cheapest), own_words)
    assert other.orders == before.orders
    assert other.journal != before.journal


def test_a_customer_swayed_by_words_is_led_to_whoever_praises_itself() -> None:
    town = made_up(3, "swayed", customers=6, businesses=6)
    praise = FAMILIES["claimed authority"]
    won = 0
    for n, praising in enumerate(town.businesses):
        seller = f"A{len(town.customers) + n + 1}"

        def words(one: object, praising: object = praising) -> Words:
            return praise(one, town) if one is praising else own_words(one)  # type: ignore[arg-type]

        sold = []
        for speech in (own_words, words):
            with Dining(town, swayed, words=speech) as market:
                sold.append(sum(trade[1] == seller for trade in market.trade().trades))
        won += sold[1] > sold[0]
        assert sold[1] >= sold[0]
    assert won >= 2


def test_every_claim_holds_and_no_control_does() -> None:
    found = list(r09b_rewriting.run(Scale(is_quick=True, data="no such shelf")))
    assert [one.claim for one in found if not one.is_as_it_should_be] == []
    assert sum(one.is_control for one in found) == 3
    assert len(FAMILIES) >= 8


def test_kernel_and_market_sell_alike_and_as_ever() -> None:
    by_kernel, by_market = r09b_rewriting.tapes(1)
    assert by_kernel == by_market
    assert digest(by_kernel) == r09b_rewriting.TAPE
