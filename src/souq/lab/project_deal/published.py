"""What Project Deal published, figure by figure, with where it stands and how well we read it."""

from msgspec import Struct

PAGE = "https://www.anthropic.com/features/project-deal"
APPENDIX = (
    "https://cdn.sanity.io/files/4zrzovbb/website/4b2ea7c1347e27c4e1c7a7704bb633bd176e47f6.pdf"
)


class Published(Struct, frozen=True):
    """One published figure. `grade`: P read on the page, S+ two agreeing readers, S one reader."""

    told: str
    estimate: float | None
    p: float | None = None
    source: str = PAGE
    grade: str = "P"


class PublishedRun(Struct, frozen=True):
    """One row of the appendix's table of runs, in dollars."""

    offered: int
    sold: int
    share_sold: float
    mean_price: float
    value: float


DEALS = "deals per person-run, person effects"
DEALS_RUNS = "deals per person-run, person and run effects"
SALE = "chance that a listed item sells"
SAME_ITEM = "price of the same item, sold by strong and by weak"
SELLER = "price, strong seller"
BUYER = "price, strong buyer"
FAIRNESS_STRONG = "fairness, strong agents"
FAIRNESS_WEAK = "fairness, weak agents"
FAIRNESS = "fairness, strong less weak"
SATISFACTION = "satisfaction, strong less weak"
PREFERENCE = "switchers who preferred their strong run"
AGGRESSIVE_SALE = "aggressive instructions: chance of a sale"
AGGRESSIVE_SELLER = "aggressive sellers: price"
AGGRESSIVE_ASK = "aggressive sellers: asking price"
AGGRESSIVE_GIVEN_ASK = "aggressive sellers: price, given the asking price"
AGGRESSIVE_RANGE = "aggressive sellers: share of the range from floor to ask"
AGGRESSIVE_BUYER = "aggressive buyers: price"
AGGRESSIVE_BUYER_GIVEN_ASK = "aggressive buyers: price, given the asking price"
MEAN_PRICE = "price of an item, mean"
MEDIAN_PRICE = "price of an item, median"
WOULD_PAY = "would pay for such an agent"

PUBLISHED = {
    DEALS: Published("+2.07, p = 0.001", 2.07, 0.001),
    DEALS_RUNS: Published("+2.11, p < 0.001", 2.11),
    SALE: Published("+6.63 points, p = 0.057 (1,150 item-runs)", 6.63, 0.057),
    SAME_ITEM: Published("+$3.64, p = 0.011 (44 items)", 3.64, 0.011),
    SELLER: Published("+$2.68, p = 0.030", 2.68, 0.030),
    BUYER: Published("-$2.45, p = 0.015", -2.45, 0.015),
    FAIRNESS_STRONG: Published("4.05 (4 = fair to both)", 4.05),
    FAIRNESS_WEAK: Published("4.06 (4 = fair to both)", 4.06),
    SATISFACTION: Published("+0.217 on 1 to 7, p = 0.378", 0.217, 0.378),
    PREFERENCE: Published("17 of 28, sign test p = 0.345", 17 / 28, 0.345),
    AGGRESSIVE_SALE: Published("+5.2 points, p = 0.43", 5.2, 0.43),
    AGGRESSIVE_SELLER: Published("about +$6", 6.0),
    AGGRESSIVE_ASK: Published("about +$26", 26.0),
    AGGRESSIVE_GIVEN_ASK: Published("about +$0.95, p = 0.275", 0.95, 0.275),
    AGGRESSIVE_RANGE: Published("+0.118, p = 0.275", 0.118, 0.275, APPENDIX, "S"),
    AGGRESSIVE_BUYER: Published("+$0.56, p = 0.778", 0.56, 0.778),
    MEAN_PRICE: Published("$20.05", 20.05),
    MEDIAN_PRICE: Published("$12.00", 12.0),
    WOULD_PAY: Published("46%", 0.46),
}

# Seller's kind, then buyer's, in runs B and C. The page has the first two means itself.
PUBLISHED_PAIRINGS = {
    ("strong", "strong"): Published("$18.63 (n = 115)", 18.63, None, APPENDIX, "S+"),
    ("strong", "weak"): Published("$24.18 (n = 93)", 24.18, None, APPENDIX, "S+"),
    ("weak", "strong"): Published("$18.84 (n = 104)", 18.84, None, APPENDIX, "S+"),
    ("weak", "weak"): Published("$19.69 (n = 52)", 19.69, None, APPENDIX, "S+"),
}

# Graded S+, from the appendix.
PUBLISHED_RUNS = {
    "A": PublishedRun(575, 206, 0.358, 19.46, 4_010),
    "B": PublishedRun(575, 167, 0.290, 20.38, 3_404),
    "C": PublishedRun(575, 197, 0.343, 20.15, 3_970),
    "D": PublishedRun(575, 212, 0.369, 20.25, 4_292),
    "all": PublishedRun(2_300, 782, 0.340, 20.05, 15_676),
}
