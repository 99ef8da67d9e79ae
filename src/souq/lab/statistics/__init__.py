"""Effects with intervals, over statsmodels and scipy, which load at the first call.

Columns come in as sequences of one length, one entry a row of a tidy table; what comes out is an
`Effect`. What the data cannot answer raises `Unanswerable`, which says why. docs/statistics.md
says which estimator answers which question.
"""

from souq.lab.statistics.columns import Unanswerable as Unanswerable
from souq.lab.statistics.comparing import bootstrap as bootstrap
from souq.lab.statistics.comparing import difference as difference
from souq.lab.statistics.comparing import permutation as permutation
from souq.lab.statistics.comparing import ranks as ranks
from souq.lab.statistics.families import corrected as corrected
from souq.lab.statistics.levels import mean as mean
from souq.lab.statistics.levels import median as median
from souq.lab.statistics.pairs import paired as paired
from souq.lab.statistics.pairs import sign_test as sign_test
from souq.lab.statistics.pairs import signed_ranks as signed_ranks
from souq.lab.statistics.pairs import signs as signs
from souq.lab.statistics.panel import fixed_effects as fixed_effects
from souq.lab.statistics.power import Design as Design
from souq.lab.statistics.power import PowerOf as PowerOf
from souq.lab.statistics.power import Simulated as Simulated
from souq.lab.statistics.power import Spread as Spread
from souq.lab.statistics.power import power_of as power_of
from souq.lab.statistics.power import simulated_power as simulated_power
from souq.lab.statistics.power import spread_of as spread_of
