"""The catalogue: every open listing, found by words and typed filters; wants and offers matched.

It is folded from the journal into a file of its own and may be thrown away at any time.
"""

from souq.views.catalogue.card import ListingCard as ListingCard
from souq.views.catalogue.card import Match as Match
from souq.views.catalogue.card import Search as Search
from souq.views.catalogue.card import SearchPage as SearchPage
from souq.views.catalogue.index import Catalogue as Catalogue
from souq.views.derived import Spoilt as Spoilt
