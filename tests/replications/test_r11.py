"""R11: positions, several units and snipers come out to the unit."""

import pytest

from souq.core.mechanisms import vcg
from souq.lab.kernel import Kernel
from souq.replications import r11_positions
from souq.replications.r11_positions import gsp, positions
from souq.replications.replication import Scale, digest


def test_every_table_is_exact_and_no_control_is() -> None:
    found = list(r11_positions.run(Scale(is_quick=True)))
    assert [one.claim for one in found if not one.is_as_it_should_be] == []
    assert sum(one.is_control for one in found) == 2


def test_kernel_and_market_sell_alike_and_as_ever() -> None:
    by_kernel, by_market = r11_positions.tapes(1)
    assert by_kernel == by_market
    assert digest(by_kernel) == r11_positions.TAPE
    assert [trade[4] for trade in by_kernel] == [
        *(2, 11, 10, 8),
        *(600, 200),
        *(10, 8, 6),
        *(6, 6, 6),
        *(4, 4, 4),
    ]


@pytest.mark.parametrize(
    ("values", "clicks"), [((10, 4, 2), (200, 100)), ((9, 7, 7, 1), (50, 20, 10)), ((5, 3), (4,))]
)
def test_vcg_takes_what_the_holder_keeps_from_the_others(
    values: tuple[int, ...], clicks: tuple[int, ...]
) -> None:
    """By definition: what the others would have without the holder, less what they have."""

    def worth(these: list[int]) -> int:
        return sum(value * each for value, each in zip(these, clicks, strict=False))

    paid = [trade[4] for trade in positions(Kernel(vcg), values, clicks)]
    assert len(paid) == min(len(values), len(clicks))
    for n, payment in enumerate(paid):
        others = [value for k, value in enumerate(values) if k != n]
        with_it = worth(list(values)) - values[n] * clicks[n]
        assert payment == worth(others) - with_it
    assert sum(paid) <= sum(gsp(values, clicks))
