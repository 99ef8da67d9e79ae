"""Who brings which book to a barter floor, and how they would rank them all: drawn from a seed."""

from msgspec import Struct

from souq.lab.population import generator

POPULARITY_PERCENT = 35  # the share of a common taste in everybody's ranking; the rest is private
DISCLOSURE_PERCENT = 88

_FIRST = (
    *("Amber", "Autumn", "Borrowed", "Brass", "Broken", "Burning", "Chalk", "Clockwork", "Copper"),
    *("Crimson", "Distant", "Drowned", "Early", "Electric", "Empty", "Fallen", "Final", "Foreign"),
    *("Forgotten", "Frozen", "Gentle", "Glass", "Golden", "Hidden", "Hollow", "Honest", "Hungry"),
    *("Inland", "Invisible", "Iron", "Last", "Little", "Lonely", "Lost", "Midnight", "Narrow"),
    *("Northern", "Other", "Painted", "Paper", "Patient", "Perfect", "Quiet", "Restless", "Salt"),
    *("Second", "Secret", "Seventh", "Silent", "Silver", "Sleeping", "Southern", "Stolen", "Tidal"),
    *("Unfinished", "Unlikely", "Velvet", "Wandering", "Winter", "Wooden"),
)
_SECOND = (
    *("Almanac", "Apprentice", "Archive", "Atlas", "Bakery", "Beekeeper", "Border", "Bridge"),
    *("Cartographer", "Cathedral", "Circus", "City", "Coast", "Correspondent", "Daughter"),
    *("Detective", "Diary", "Embassy", "Engine", "Expedition", "Ferryman", "Forest", "Garden"),
    *("Gardener", "Harbour", "Harvest", "Horizon", "Hotel", "House", "Hypothesis", "Inheritance"),
    *("Island", "Kingdom", "Kitchen", "Language", "Lantern", "Letter", "Library", "Lighthouse"),
    *("Machine", "Map", "Mathematician", "Migration", "Mirror", "Museum", "Observatory", "Orchard"),
    *("Planet", "Prophet", "Railway", "Republic", "River", "Season", "Shepherd", "Station"),
    *("Storm", "Theatre", "Translator", "Violin", "Watchmaker"),
)
PEOPLE_MAX = len(_FIRST) * len(_SECOND)  # one title each


class BookOwner(Struct, frozen=True):
    """One person: what it brings, and every book on the floor as it would rank them."""

    name: str
    title: str
    ranking: tuple[str, ...]
    discloses: bool
    patience_percent: int


class BookOwners(Struct, frozen=True):
    """Everybody on one floor, and the seed they came from."""

    seed: int
    people: tuple[BookOwner, ...]


def draw(
    *,
    people: int,
    seed: int,
    popularity_percent: int = POPULARITY_PERCENT,
    disclosure_percent: int = DISCLOSURE_PERCENT,
) -> BookOwners:
    """Draw a population. Raises ValueError for fewer than two people, or more than titles.

    A book's place in a ranking comes from a share of its popularity, which all share, and for the
    rest from a private draw, both uniform.
    """
    if not 2 <= people <= PEOPLE_MAX:
        raise ValueError(f"people: 2 to {PEOPLE_MAX}, so that they can swap")
    titles = _titles(people, seed)
    popularity = _popularity(people, seed)
    drawn = (
        _owner(seed, n, titles, popularity, popularity_percent, disclosure_percent)
        for n in range(people)
    )
    return BookOwners(seed, tuple(drawn))


def popular(*, people: int, seed: int) -> list[str]:
    """List a floor's titles, the most popular first: a public fact, as sales ranks are.

    Nobody's own ranking is looked at.
    """
    titles, popularity = _titles(people, seed), _popularity(people, seed)
    common = dict(zip(titles, popularity, strict=True))
    return sorted(titles, key=lambda title: (-common[title], title))


def _titles(people: int, seed: int) -> list[str]:
    numbers = generator(seed, "titles").sample(range(PEOPLE_MAX), people)
    return [f"The {_FIRST[n // len(_SECOND)]} {_SECOND[n % len(_SECOND)]}" for n in numbers]


def _popularity(people: int, seed: int) -> list[float]:
    rng = generator(seed, "popularity")
    return [rng.random() for _ in range(people)]


def _owner(
    seed: int,
    n: int,
    titles: list[str],
    popularity: list[float],
    popularity_percent: int,
    disclosure_percent: int,
) -> BookOwner:
    taste, temper = generator(seed, f"taste {n}"), generator(seed, f"temper {n}")
    liking = {
        title: popularity_percent * common + (100 - popularity_percent) * taste.random()
        for title, common in zip(titles, popularity, strict=True)
    }
    return BookOwner(
        name=f"Reader {n + 1}",
        title=titles[n],
        ranking=tuple(sorted(titles, key=lambda title: (-liking[title], title))),
        discloses=temper.random() < disclosure_percent / 100,
        patience_percent=temper.randint(0, 100),
    )
