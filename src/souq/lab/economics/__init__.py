"""The economics of a market: what it was worth, who got it, and how its prices stand."""

from souq.lab.economics.distribution import gini as gini
from souq.lab.economics.distribution import median as median
from souq.lab.economics.distribution import revenue_hhi as revenue_hhi
from souq.lab.economics.distribution import worst_tenth as worst_tenth
from souq.lab.economics.prices import category_dispersion as category_dispersion
from souq.lab.economics.prices import item_dispersion as item_dispersion
from souq.lab.economics.prices import smiths_alpha as smiths_alpha
from souq.lab.economics.surplus import Regret as Regret
from souq.lab.economics.surplus import SurplusShares as SurplusShares
from souq.lab.economics.surplus import best_surplus as best_surplus
from souq.lab.economics.surplus import efficiency as efficiency
from souq.lab.economics.surplus import regret as regret
from souq.lab.economics.surplus import regrets as regrets
from souq.lab.economics.surplus import surplus_shares as surplus_shares
from souq.lab.extra import LabExtraMissing as LabExtraMissing
