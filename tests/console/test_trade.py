"""The pages of trade: what each role sees, what forms do, and what nobody is shown."""

import itertools
import json
import re
from html import escape

import pytest

from tests.console.reading import Reader
from tests.http.market import (
    BUDGET,
    CEILING,
    CLAIM,
    EVIDENCE,
    FEW,
    FLOOR,
    MESSAGE,
    OFFER,
    REF,
    ROLES,
    Town,
    offer,
)

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\u202eevil"
KEYED = [role for role in ROLES if role not in ("anybody", "revoked")]


def written(units: int) -> str:
    """Write an amount as pages do."""
    whole, part = divmod(units, FEW)
    return f"{whole}.{part:06}"


@pytest.fixture(scope="module")
def readers(town: Town) -> dict[str, Reader]:
    return {role: Reader(town, role) for role in KEYED}


def haggled(town: Town) -> str:
    """Have a talk of four offers, and give its id."""
    talk = town.talking(units=4 * FEW)
    for role, price in (("seller", 9), ("buyer", 5), ("seller", 7)):
        town.do(role, "counter", negotiation=talk, price=[price * FEW, "USD"])
    return talk


def money_of(html: str) -> list[str]:
    """Read off a deal's page what of its price is held, was paid, and went back."""
    return re.findall(r'<td class="n">([\d.]+)', html[html.index('id="escrow"') :])[:3]


def auctioned(town: Town) -> str:
    """Open an English auction that two have bid in, and give its id."""
    thing = town.listing("seller", price=None, mechanisms=["english_auction"])
    run = town.made(
        "seller",
        "open_english_auction",
        "negotiation",
        listing=thing,
        start=[FEW, "USD"],
        increments=[{"from_units": 0, "by_units": FEW}],
        bidding_us=3_600_000_000,
    )
    for role, most in (("buyer", 3), ("stranger", 7)):
        town.do(role, "place_proxy_bid", negotiation=run, maximum=[most * FEW, "USD"])
    return run


def test_no_page_of_trade_tells_a_role_what_is_not_for_it(
    town: Town, readers: dict[str, Reader]
) -> None:
    own = {written(FLOOR): "floor", written(BUDGET): "budget", written(CEILING): "ceiling"}
    paths = [
        *("/listings", "/negotiations", "/negotiations?state=ended", "/disputes"),
        *("/deals", "/deals?state=ended", f"/deals/{town.deal}", f"/disputes/{town.deal}"),
        *(f"/deals/{town.held}", f"/negotiations/{town.talk}", f"/deals/{town.deal}/receipt"),
        f"/listings/{town.listing_of_seller}",
    ]
    for role, reader in readers.items():
        said = "".join(reader.see(path).html for path in paths)
        assert town.leaks(role, said.encode()) == [], role
        for amount, name in own.items():
            if role not in town.secrets[name][1]:
                assert amount not in said, f"{role} reads the {name}"


def test_each_side_of_a_talk_reads_its_own_mandate_alone(
    town: Town, readers: dict[str, Reader]
) -> None:
    path = f"/negotiations/{town.talk}"
    for role in ("buyer", "buyer_person"):
        html = readers[role].see(path).html
        assert written(BUDGET) in html
        assert written(CEILING) in html
        assert written(FLOOR) not in html
        assert REF not in html
    for role in ("seller", "seller_person"):
        html = readers[role].see(path).html
        assert written(FLOOR) in html
        assert REF in html
        assert written(BUDGET) not in html
        assert written(CEILING) not in html
    assert "What your own side may do" not in readers["operator"].see(path).html


def test_another_principals_pages_are_refused_without_a_word_of_them(
    town: Town, readers: dict[str, Reader]
) -> None:
    words = (MESSAGE, CLAIM, EVIDENCE, written(OFFER), town.ids["buyer"], town.ids["seller"])
    for path in (
        f"/negotiations/{town.talk}",
        f"/deals/{town.deal}",
        f"/deals/{town.deal}/receipt",
        f"/disputes/{town.deal}",
    ):
        for role in ("stranger", "stranger_person", "officer"):
            page = readers[role].see(path)
            assert page.status == 403, (role, path)
            assert not [word for word in words if word in page.html.replace(path, "")]
    assert readers["arbiter"].see(f"/disputes/{town.deal}").status == 200
    assert readers["arbiter"].see(f"/negotiations/{town.talk}").status == 403


def test_a_guest_is_sent_to_sign_in(town: Town) -> None:
    guest = Reader(town, "anybody")
    for path in ("/deals", f"/deals/{town.deal}", "/listings", f"/negotiations/{town.talk}"):
        answer = guest.http.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")


def test_what_is_not_there_is_said_to_be_missing(readers: dict[str, Reader]) -> None:
    for path in ("/listings/L9999", "/negotiations/N9999", "/deals/C9999", "/deals/nonsense"):
        assert readers["operator"].see(path).status == 404, path


def test_the_house_lists_everybodys_and_a_principal_those_of_its_agents(
    town: Town, readers: dict[str, Reader]
) -> None:
    town.delivered()
    for role, reader in readers.items():
        if role not in ("buyer_person", "seller_person", "operator"):
            continue
        assert f"/negotiations/{town.talk}" in reader.see("/negotiations").html
        assert f"/deals/{town.deal}" in reader.see("/deals").html
    assert "/negotiations/N" not in readers["stranger_person"].see("/negotiations").html
    assert "/deals/C" not in readers["stranger_person"].see("/deals").html
    refused = readers["stranger_person"].see(f"/deals?agent={town.ids['buyer']}")
    assert refused.status == 403


def test_the_moves_of_both_sides_are_drawn_and_stand_in_a_table(
    town: Town, readers: dict[str, Reader]
) -> None:
    html = readers["buyer"].see(f"/negotiations/{haggled(town)}").html
    drawn = html[html.index('<svg class="drawn') : html.index("As a table")]
    assert 'role="img"' in drawn
    assert "<title" in drawn
    lines = dict(re.findall(r'<polyline class="(one|two)" points="([^"]+)"', drawn))
    ys = {name: [float(one.split(",")[1]) for one in of.split()] for name, of in lines.items()}
    assert len(ys["one"]) == 2
    assert len(ys["two"]) == 2
    assert ys["one"][0] > ys["one"][1] > ys["two"][1] > ys["two"][0]  # a high price stands high
    rows = html[html.index("As a table") :]
    assert [price in rows for price in ("4.00", "9.00", "5.00", "7.00")] == [True] * 4


def test_an_auction_is_drawn_as_steps_and_tells_where_it_stands(
    town: Town, readers: dict[str, Reader]
) -> None:
    run = auctioned(town)
    html = readers["officer"].see(f"/negotiations/{run}").html
    assert "english auction" in html
    points = re.findall(r'<polyline class="one" points="([^"]+)"', html)[0].split()
    assert len(points) >= 3
    for before, after in itertools.pairwise(points):  # each line is level or upright
        assert (
            before.split(",")[0] == after.split(",")[0]
            or before.split(",")[1] == (after.split(",")[1])
        )
    assert "needs value cap" in html
    # How long it took stands there, too, and may be 17.002 ms.
    assert "7.00" not in re.sub(r"\+[\d.]+ ms<", "", html), "a maximum is nobody's to know"
    assert f"/negotiations/{run}" in readers["officer"].see("/negotiations").html


def test_an_agent_counters_and_accepts_through_the_page(
    town: Town, readers: dict[str, Reader]
) -> None:
    talk = haggled(town)
    path = f"/negotiations/{talk}"
    seller, buyer = readers["seller"], readers["buyer"]
    assert not seller.see(path).all_forms("accept"), "it is not its turn"
    counter = buyer.see(path).form("counter")
    name = next(name for name in counter.fields if name.startswith("price"))
    assert "6.00" in buyer.send(counter, **{name: "6"}).html
    done = seller.send(seller.see(path).form("accept"))
    assert "Accepted." in done.html
    assert "agreed" in done.html
    assert not buyer.see(path).all_forms("accept")


def test_a_listing_shows_the_viewers_own_talks_and_how_it_ended(
    town: Town, readers: dict[str, Reader]
) -> None:
    thing = town.listing("seller", description=HOSTILE, attributes={"colour": "red", "new": True})
    talk = town.made("buyer", "make_offer", "negotiation", **offer(thing))
    path = f"/listings/{thing}"
    assert f"/negotiations/{talk}" in readers["buyer_person"].see(path).html
    assert talk not in readers["stranger_person"].see(path).html
    shown = readers["stranger"].see(path).html
    assert "colour" in shown
    assert "red" in shown
    assert HOSTILE not in shown
    town.do("seller", "withdraw_listing", listing=thing)
    ended = readers["stranger"].see(path)
    assert ended.status == 200
    assert "It has ended" in ended.html
    assert "listing withdrawn" in ended.html


def test_a_filter_that_says_nothing_is_answered_with_what_is_wrong(
    readers: dict[str, Reader],
) -> None:
    for query in ("price_min=cheap", "attributes=colour", "side=both", "delivery=drone"):
        page = readers["buyer"].see(f"/listings?{query}")
        assert page.status == 200
        assert 'role="alert"' in page.html, query


def test_a_page_of_listings_keeps_its_filters(town: Town, readers: dict[str, Reader]) -> None:
    for _ in range(31):
        town.listing("seller", category="odd")
    html = readers["buyer"].see("/listings?category=odd&order=newest").html
    more = re.search(r'href="(\?[^"]+cursor=[^"]+)"', html)
    assert more is not None
    assert "category=odd" in more[1]
    assert readers["buyer"].see("/listings" + more[1].replace("&amp;", "&")).status == 200


def test_a_deal_is_delivered_accepted_and_proven_through_its_page(
    town: Town, readers: dict[str, Reader]
) -> None:
    deal = town.taken()
    path = f"/deals/{deal}"
    seller, buyer = readers["seller_person"], readers["buyer_person"]
    assert not buyer.see(path).all_forms("accept_delivery")
    sent = seller.send(seller.see(path).form("submit_delivery"), evidence="photo-9")
    assert "photo-9" in sent.html
    assert not sent.all_forms("submit_delivery")
    held = buyer.see(path)
    assert "0.99" in held.html
    assert "to come" in held.html
    done = buyer.send(held.form("accept_delivery"))
    assert "Accepted" in done.html
    assert "fulfilled" in done.html
    assert "to come" not in done.html
    assert money_of(done.html) == ["0.00", "0.99", "0.00"], "held, paid, gone back"
    assert done.all_forms("give_feedback")


def test_a_deal_is_called_off_through_its_page_and_shows_that_money_went_back(
    town: Town, readers: dict[str, Reader]
) -> None:
    deal = town.taken()
    seller = readers["seller"]
    done = seller.send(seller.see(f"/deals/{deal}").form("cancel_contract"))
    assert 'class="bad" aria-current="step">cancelled' in done.html
    assert money_of(done.html) == ["0.00", "0.00", "0.99"], "held, paid, gone back"


def test_the_receipt_is_the_apis_to_the_byte(town: Town, readers: dict[str, Reader]) -> None:
    deal = town.delivered()
    for role in ("buyer", "seller_person", "operator"):
        answer = readers[role].http.get(f"/deals/{deal}/receipt")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.content == town.ask(role, "get_receipt", contract=deal)["file"].encode()
        assert json.loads(answer.content)


def test_a_ruling_through_the_form_ends_the_dispute(town: Town, readers: dict[str, Reader]) -> None:
    deal = town.disputed()
    path = f"/disputes/{deal}"
    arbiter = readers["arbiter"]
    assert f'href="{path}"' in arbiter.see("/disputes").html
    for role in ("buyer", "seller_person", "operator"):
        assert not readers[role].see(path).all_forms("rule"), role
    form = arbiter.see(path).form("rule")
    assert "payer_bps:percent" in form.fields
    done = arbiter.send(form, **{"payer_bps:percent": "62.5"})
    assert "You have ruled" in done.html
    assert "62.5 %" in done.html
    assert not done.all_forms("rule")
    told = town.ask("operator", "get_contract", contract=deal)
    assert (told["state"], told["payer_bps"]) == ("ruled", 6_250)
    assert "62.5 %" in readers["buyer"].see(path).html
    assert money_of(readers["buyer"].see(f"/deals/{deal}").html) == ["0.00", "0.37125", "0.61875"]
    assert f'href="{path}"' in readers["buyer"].see("/disputes").html, "among what was ruled on"


def test_both_sides_are_heard_and_settle_through_the_page(
    town: Town, readers: dict[str, Reader]
) -> None:
    deal = town.delivered()
    buyer, seller = readers["buyer_person"], readers["seller_person"]
    opened = buyer.send(
        buyer.see(f"/deals/{deal}").form("open_dispute"),
        **{"claim": HOSTILE, "evidence:list": "photo-1 photo-2"},
    )
    assert "photo-2" in opened.html
    assert escape("<script>") in opened.html
    path = f"/disputes/{deal}"
    answered = seller.send(seller.see(path).form("answer_dispute"), answer="It was whole.")
    assert "It was whole." in answered.html
    added = seller.send(answered.form("add_evidence"), **{"evidence:list": "scan-7"})
    assert "scan-7" in added.html
    proposed = seller.send(added.form("propose_split"), **{"payer_bps:percent": "30"})
    assert not proposed.all_forms("accept_split"), "nobody accepts what they proposed"
    settled = buyer.send(buyer.see(path).form("accept_split"))
    assert "The dispute is settled." in settled.html
    assert town.ask("buyer", "get_contract", contract=deal)["payer_bps"] == 3_000


def test_a_refused_command_is_told_on_the_page_it_came_from(
    town: Town, readers: dict[str, Reader]
) -> None:
    deal = town.disputed()
    arbiter = readers["arbiter"]
    form = arbiter.see(f"/disputes/{deal}").form("rule")
    for share in ("120", "much", "Infinity", "1e999999", "33.333", "NaN"):
        page = arbiter.send(
            form._replace(fields={**form.fields, "id": share + "-" + deal}),
            **{"payer_bps:percent": share},
        )
        assert 'class="told bad"' in page.html, share
    assert town.ask("operator", "get_contract", contract=deal)["state"] == "disputed"


def test_what_was_measured_is_read_as_figures_by_name(
    town: Town, readers: dict[str, Reader]
) -> None:
    deal = town.taken()
    seller = readers["seller"]
    form = seller.see(f"/deals/{deal}").form("submit_delivery")
    for measured in ({"measured.speed": "5"}, {"measured": "5", "measured.speed": "5"}):
        page = seller.send(form._replace(fields={**form.fields, "id": town.new()}), **measured)
        assert 'class="told bad"' in page.html
    assert "only what was promised" in seller.send(form, **{"measured.speed": "5"}).html


def test_hostile_words_stay_words_on_every_page_of_trade(
    town: Town, readers: dict[str, Reader]
) -> None:
    thing = town.listing("seller", title=HOSTILE, description=HOSTILE)
    talk = town.made("buyer", "make_offer", "negotiation", **offer(thing))
    town.do("buyer", "send_message", negotiation=talk, text=HOSTILE)
    terms = town.terms(talk)
    deal = town.made("seller", "accept", "contract", negotiation=talk, terms=terms)
    town.do("seller", "submit_delivery", contract=deal, evidence=HOSTILE)
    town.do("buyer", "open_dispute", contract=deal, ground="other", claim=HOSTILE)
    town.do("seller", "answer_dispute", contract=deal, answer=HOSTILE)
    for path in (
        *(f"/listings/{thing}", f"/negotiations/{talk}", f"/deals/{deal}", f"/disputes/{deal}"),
        *("/listings?order=newest", "/disputes"),
    ):
        html = readers["operator"].see(path).html
        assert not re.search("<img|<script>", html), path
        assert "\u202e" not in html, "a line is turned around"
        if path != "/disputes":
            assert escape("<img") in html, path
