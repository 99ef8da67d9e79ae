"""Published results that souq must reproduce. To add one, write its file and list it here."""

from souq.replications import (
    r01_zero_intelligence,
    r02_convergence,
    r03_learnt_prices,
    r04_learnt_bids,
    r05_revenue,
    r06_bilateral,
    r07_double_auctions,
    r08_bargaining,
    r09_welfare,
    r09b_rewriting,
    r10_races,
    r11_positions,
    r12_scoring,
    r13_audits,
    r14_panels,
    r15_sybils,
    r16_lemons,
    r17_repricing,
    r18_price_band,
)
from souq.replications.replication import Replication

REPLICATIONS: tuple[Replication, ...] = (
    r01_zero_intelligence,
    r02_convergence,
    r03_learnt_prices,
    r04_learnt_bids,
    r05_revenue,
    r06_bilateral,
    r07_double_auctions,
    r08_bargaining,
    r09_welfare,
    r09b_rewriting,
    r10_races,
    r11_positions,
    r12_scoring,
    r13_audits,
    r14_panels,
    r15_sybils,
    r16_lemons,
    r17_repricing,
    r18_price_band,
)

BY_ID = {one.ID: one for one in REPLICATIONS}
