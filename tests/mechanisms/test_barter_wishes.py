"""Which offers meet which wishes: the same, whether asked for one pair or for a whole batch."""

from random import Random

from souq.core.mechanisms.barter.wishes import COMPARED_MAX, Bundle, Offered, choices, first_met


def bundle(*names: int) -> Bundle:
    return frozenset((f"L{name}", 1) for name in names)


def draw(chance: Random, size: int) -> list[Offered]:
    kinds = ("", "books", "books/old", "books/old/torn", "tools")
    named = [bundle(n) if n % 3 else bundle(n, n + size) for n in range(size)]
    return [
        Offered(
            f"P{n % (size - 1)}",
            named[n],
            chance.choice(kinds) if n % 3 else "",
            tuple(
                chance.choice(kinds[1:]) if chance.random() < 0.4 else chance.choice(named)
                for _ in range(chance.randint(1, 4))
            ),
        )
        for n in range(size)
    ]


def test_a_batch_compares_as_every_pair_would() -> None:
    chance = Random(1)
    met = 0
    for _ in range(200):
        offers = draw(chance, chance.randint(2, 12))
        for here, mine in zip(offers, choices(offers), strict=True):
            by_pairs = {
                other: wish
                for other, theirs in enumerate(offers)
                if theirs.owner != here.owner and (wish := first_met(here.wishes, theirs)) >= 0
            }
            assert mine == by_pairs
            assert list(mine.values()) == sorted(mine.values()), "best first"
            met += len(mine)
    assert met > 1_000


def test_a_part_of_a_bundle_and_more_than_it_meet_nothing() -> None:
    here = Offered("P1", bundle(9), "", (bundle(1, 2),))
    for theirs, is_met in ((bundle(1, 2), True), (bundle(1), False), (bundle(1, 2, 3), False)):
        assert (first_met(here.wishes, Offered("P2", theirs, "", ())) == 0) == is_met


def test_an_offer_is_compared_with_so_many_others_the_next_ones_first() -> None:
    offers = [Offered(f"P{n}", bundle(n), "books", ("books",)) for n in range(100)]
    found = choices(offers)
    assert all(len(mine) == COMPARED_MAX for mine in found)
    assert list(found[90])[:12] == [91, 92, 93, 94, 95, 96, 97, 98, 99, 0, 1, 2]
