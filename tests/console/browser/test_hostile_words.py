"""Hundreds of hostile words in every field that takes words: all are read, and none does anything.

Pages are opened without their Content-Security-Policy here, which would hide that a word ran; that
the policy is there is looked at on every page that is read.
"""

import pytest

from souq.operations import BY_NAME, OPERATIONS
from tests.console.browser.hostile import hostile
from tests.console.browser.inert import COUNT_HITS, bare, read_all, wrong_in
from tests.console.browser.planting import Planted, asked, plant
from tests.console.browser.reach import operations_left, why_not
from tests.console.browser.slots import slots
from tests.console.browser.visitors import Visitors, shape_of
from tests.http.market import Town

WORDS = hostile()
NOT_FREE = {("add_webhook", "url")}  # the core takes nothing there but the signs of a plain address
AUTHORS = ("buyer_person", "buyer", "seller", "officer")
MENU = ("/", "/listings", "/people", "/negotiations", "/deals", "/ledger", "/watch", "/disputes")
STEP = 40  # lines at once; a floor shows some forty of them
OPENED_MAX = 12  # pages of one kind that are opened, beside all that are read


@pytest.fixture(scope="module")
def planted(town: Town) -> Planted:
    return plant(town, WORDS)


def test_there_are_more_than_five_hundred_hostile_words_and_all_differ() -> None:
    assert len(set(WORDS)) >= 500
    assert all(len(one) <= 4_000 for one in WORDS)


def test_every_field_that_takes_words_was_given_them(planted: Planted) -> None:
    took = {(one.operation, one.field) for one in planted.slots}
    words = {
        (slot.operation, slot.field)
        for name in asked()
        for slot in slots(BY_NAME[name])
        if slot.is_words
    }
    assert words - took == NOT_FREE
    for operation in {operation for operation, _ in words & took}:
        fitting = len(planted.words[operation])
        assert fitting >= 500, f"{operation} took {fitting} words"


def test_every_place_at_any_depth_took_words_or_cannot(planted: Planted) -> None:
    commands = {one.name for one in OPERATIONS if one.is_command}
    assert commands - set(asked()) == operations_left()
    for slot in planted.slots:
        print("took", slot.path)
    for slot, said in planted.refused.items():
        print("none", slot.path, "since", why_not(said))
    unknown = [slot.path for slot, said in planted.refused.items() if not why_not(said)]
    assert unknown == [], "take no words, for a reason that nobody has looked at"
    tagged = [slot.path for one in planted.shown for slot in one.tags.values()]
    assert sorted(tagged) == sorted(slot.path for slot in planted.slots)
    deep = [one for one in planted.slots if one.is_deep]
    assert len(deep) >= 90
    assert max(len(one.steps) for one in deep) >= 5


def test_on_the_live_floor_all_are_read_and_none_runs(visitors: Visitors, town: Town) -> None:
    page = visitors.page("operator", bypass_csp=True)
    page.add_init_script(COUNT_HITS)
    page.goto("/")
    read = ""
    for start in range(0, len(WORDS), STEP):
        for one in WORDS[start : start + STEP]:
            town.call("stranger", "post_message", {"text": one})
        last = town.ask("operator", "list_events", order="newest", limit=1)["records"][0]["seq"]
        page.wait_for_selector(f'[data-live=feed] [data-seq="{last}"]')
        read += bare(page.inner_text("[data-live=feed]"))
        assert wrong_in(page) == []
    unread = [one for one in WORDS if bare(one[:100]) not in read]
    assert unread == []


# The operator reads every page there is, the others some of each kind.
@pytest.mark.parametrize(
    ("role", "each"), [("operator", 700), ("buyer_person", 40), ("stranger", 40)]
)
def test_on_no_page_that_shows_them_is_there_anything_but_words(
    visitors: Visitors, town: Town, planted: Planted, role: str, each: int
) -> None:
    page = visitors.page(role)
    page.goto("/listings")
    visitors.forgive("Failed to load resource")  # what a page links to and its viewer may not see
    words = sorted(planted.words["post_listing"])
    found = read_all(page, ["/", "/listings"], follow=True, words=words, each=each)
    print(role, found["read"], found["statuses"], found["kinds"])
    assert found["wrong"] == [], "\n".join(found["wrong"])
    if role == "operator":
        assert found["read"] > len(WORDS)
        assert found["unread"] == []


@pytest.mark.parametrize("role", ["operator", "buyer_person"])
def test_no_page_that_is_opened_without_its_policy_runs_a_word(
    visitors: Visitors, town: Town, planted: Planted, role: str
) -> None:
    page = visitors.page(role, bypass_csp=True)
    page.add_init_script(COUNT_HITS)
    visitors.forgive("status of 40")
    counts: dict[str, int] = {}
    page.goto("/")
    waiting = ["/", *page.eval_on_selector_all("nav.menu a", "all => all.map(one => one.pathname)")]
    seen = set(waiting)
    while waiting:
        page.goto(waiting.pop(0))
        assert wrong_in(page) == []
        for link in page.eval_on_selector_all(
            "main a[href]", "all => all.map(one => one.pathname + one.search)"
        ):
            kind = shape_of(link) + ("?" if "?" in link else "")
            if link not in seen and counts.get(kind, 0) < OPENED_MAX and "/receipt" not in link:
                counts[kind] = counts.get(kind, 0) + 1
                seen.add(link)
                waiting.append(link)
    print(role, len(seen), counts)


def test_what_is_written_into_an_address_is_no_more_than_words_on_its_page(
    visitors: Visitors,
) -> None:
    page = visitors.page("operator")
    page.goto("/listings")
    visitors.forgive("Failed to load resource")
    fields = page.eval_on_selector_all(
        "main form [name]",
        "all => all.filter(one => one.form.method === 'get').map(one => one.name)",
    )
    assert "text" in fields
    paths = page.evaluate(
        """([words, fields]) => words.flatMap((one, n) => [
          "/listings?" + new URLSearchParams({[fields[n % fields.length]]: one}),
          [
            "/listings?" + new URLSearchParams(fields.map((name) => [name, one])),
            "/listings/" + encodeURIComponent(one.slice(0, 300)),
            "/?" + new URLSearchParams({asset: one}),
            "/sign-in?" + new URLSearchParams({to: "/" + one, back: one}),
          ][n % 4],
        ])""",
        [[one[:1_500] for one in WORDS], fields],
    )
    found = read_all(page, paths)
    assert found["wrong"] == [], "\n".join(found["wrong"])
    assert found["read"] > 1.9 * len(WORDS), found["statuses"]


# A command is looked at by the house, by whoever gave it, and by a stranger.
@pytest.mark.parametrize("role", ["operator", *AUTHORS, "stranger"])
def test_wherever_a_place_is_shown_its_words_are_words(
    visitors: Visitors, planted: Planted, role: str
) -> None:
    page = visitors.page(role)
    page.goto("/listings")
    visitors.forgive("Failed to load resource")
    stands = [one for one in planted.shown if role in ("operator", "stranger", one.role)]
    tags = {tag: slot for one in stands for tag, slot in one.tags.items()}
    crowd = sorted({word for one in stands for word in one.crowd}) if role == "operator" else []
    paths = list(dict.fromkeys([*MENU, *(path for one in stands for path in one.pages)]))
    found = read_all(page, paths, words=crowd, tags=[*tags])
    print(role, found["read"], found["statuses"], found["shown"])
    assert found["wrong"] == [], "\n".join(found["wrong"])
    assert found["unread"] == []
    if role != "stranger":
        assert [slot.path for tag, slot in tags.items() if tag not in found["shown"]] == []


@pytest.mark.parametrize("role", ["operator", "buyer_person"])
def test_nothing_runs_where_places_are_shown_without_the_policy(
    visitors: Visitors, planted: Planted, role: str
) -> None:
    page = visitors.page(role, bypass_csp=True)
    page.add_init_script(COUNT_HITS)
    visitors.forgive("status of 40")
    own = [one for one in planted.shown if role in ("operator", one.role)]
    for path in dict.fromkeys(path for one in own for path in one.pages):
        page.goto(path)
        assert wrong_in(page) == []
