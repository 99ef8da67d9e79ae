"""A venue is one open market: its engine, its views, and the answers to every question.

Commands and queries come in with the id of who asks; whoever stands at a door has proven that.
"""

from souq.venue.market import Pending as Pending
from souq.venue.market import Venue as Venue
