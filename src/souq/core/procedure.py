"""The procedure by which a dispute comes to its end: how long each step takes, who judges, what
it costs.

A market's rules, or the conditions of a listing, name one; its fields have the usual lengths. Where
nobody names one, a dispute is plain: the arbiter rules as soon as it likes, within the rules'
`ruling_us`, and nobody appeals.
"""

from msgspec import Struct

from souq.core.money import BPS, UNITS_MAX
from souq.core.refusal import invalid

_MINUTE_US = 60 * 1_000_000
_HOUR_US = 60 * _MINUTE_US
FAIR_US = 10 * _MINUTE_US  # the least that a listing may leave to evidence, a verdict, a panel
FAIR_FILING_BPS = 2_500
STEP_MAX_US = 30 * 24 * _HOUR_US
JURY_MAX = 31
ROUNDS_MAX = 100


class Procedure(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Durations are in microseconds. `jury` is the size of a panel, 0 for the arbiter alone.

    Of a price below `arbiter_below_units` the arbiter judges alone. A claimant pays `filing_units`
    and `filing_bps` of the price, and gets them back unless it loses. A juror needs a bond of
    `seat_units` for each case it sits on, and loses `loss_bps` of that when it is silent or far
    from what the others say. `appeal_us` 0: there is no appeal.
    """

    negotiate_us: int = 30 * _MINUTE_US
    rounds_max: int = 10
    evidence_us: int = 60 * _MINUTE_US
    verdict_us: int = 15 * _MINUTE_US
    panel_us: int = 2 * _HOUR_US
    appeal_us: int = 24 * _HOUR_US
    jury: int = 3
    arbiter_below_units: int = 0
    filing_units: int = 0
    filing_bps: int = 0
    seat_units: int = 1_000_000
    loss_bps: int = 2_000

    def filing_fee(self, price_units: int) -> int:
        """Give what a claim over so much costs to file."""
        return self.filing_units + price_units * self.filing_bps // BPS

    def appeal_fee(self, price_units: int, size: int) -> int:
        """Give what an appeal to a panel of a size costs: a filing fee for each who sits."""
        return self.filing_fee(price_units) * size


def check(procedure: Procedure, field: str) -> None:
    """Raise Refused(invalid) for a procedure that no dispute can follow."""
    for name, least, most in (
        ("negotiate_us", 1, STEP_MAX_US),
        ("rounds_max", 0, ROUNDS_MAX),
        ("evidence_us", 1, STEP_MAX_US),
        ("verdict_us", 1, STEP_MAX_US),
        ("panel_us", 2, STEP_MAX_US),  # one half to commit, one to reveal
        ("appeal_us", 0, STEP_MAX_US),
        ("jury", 0, JURY_MAX),
        ("arbiter_below_units", 0, UNITS_MAX),
        ("filing_units", 0, UNITS_MAX // (4 * JURY_MAX)),
        ("filing_bps", 0, BPS),
        ("seat_units", 1, UNITS_MAX // (4 * JURY_MAX)),
        ("loss_bps", 0, BPS),
    ):
        if not least <= getattr(procedure, name) <= most:
            raise invalid(f"{field}.{name}", f"stands between {least} and {most}")
    if procedure.jury and procedure.jury % 2 == 0:
        raise invalid(f"{field}.jury", "an odd number, so that there is a middle vote")


def check_fair(procedure: Procedure, house: Procedure | None) -> None:
    """Raise Refused(invalid) for a procedure in a listing that would keep claims from being heard.

    What the house itself asks for or allows is fair.
    """
    usual = house or Procedure()
    for name in ("evidence_us", "verdict_us", "panel_us"):
        if getattr(procedure, name) < min(FAIR_US, getattr(usual, name)):
            raise invalid(f"conditions.procedure.{name}", "at least 10 minutes, or as the house's")
    for name, most in (("filing_bps", FAIR_FILING_BPS), ("filing_units", 0)):
        most = max(most, getattr(usual, name))
        if getattr(procedure, name) > most:
            raise invalid(f"conditions.procedure.{name}", f"at most {most}, or as the house's")
