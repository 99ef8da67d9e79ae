"""The evidence graph shows each way apart, wider where more went, and nothing outside its frame."""

import re

from souq.surfaces.console.graph import HEIGHT, WIDTH, Line, laid_out
from souq.views.surveillance.rows import Edge


def numbers(line: Line) -> list[float]:
    return [float(one) for one in re.findall(r"-?\d+\.\d", line.path + " " + line.arrow)]


def test_what_goes_there_and_what_comes_back_are_two_lines() -> None:
    there, back = laid_out((Edge("P1", "P2", 5, 1), Edge("P2", "P1", 5, 1))).lines
    assert there.path != back.path
    middle = [numbers(one)[2:4] for one in (there, back)]
    assert abs(middle[0][0] - middle[1][0]) + abs(middle[0][1] - middle[1][1]) > 20


def test_a_line_is_wider_where_more_went_or_oftener_where_nothing_did() -> None:
    for edges in (
        (Edge("P1", "P2", 100, 9), Edge("P2", "P3", 900, 2), Edge("P3", "P1", 400, 1)),
        (Edge("P1", "P2", 0, 1), Edge("P2", "P3", 0, 9), Edge("P3", "P1", 0, 4)),
    ):
        first, second, third = (one.width for one in laid_out(edges).lines)
        assert first < third < second


def test_everything_lies_within_the_frame_however_many_there_are() -> None:
    for count in (2, 3, 12, 64):
        names = [f"P{n}" for n in range(1, count + 1)]
        drawn = laid_out(
            [Edge(one, names[n - count // 2], 10**n, 1) for n, one in enumerate(names)]
        )
        assert len(drawn.nodes) == count
        for line in drawn.lines:
            across, down = numbers(line)[::2], numbers(line)[1::2]
            assert 0 <= min(across) <= max(across) <= WIDTH
            assert 0 <= min(down) <= max(down) <= HEIGHT


def test_no_edges_and_edges_to_oneself_draw_no_lines() -> None:
    assert laid_out(()).lines == []
    assert laid_out((Edge("P1", "P1", 5, 1),)).lines == []


def test_names_stand_in_the_order_of_their_numbers() -> None:
    drawn = laid_out((Edge("P10", "P9", 1, 1), Edge("P2", "N1", 1, 1)))
    assert [one.name for one in drawn.nodes] == ["N1", "P2", "P9", "P10"]
