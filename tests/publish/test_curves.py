"""The figure of a forecast shows the specification's numbers at the right height, each curve named beside its end."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from harness.analysis.designs import designs
from harness.analysis.forecast import Assumption, Design
from harness.errors import UserError
from harness.publish.curves import seeds_figure

SVG = "{http://www.w3.org/2000/svg}"


def number(element: ET.Element, name: str) -> float:
    return float(element.get(name) or "nan")


def texts(root: ET.Element) -> dict[str, ET.Element]:
    return {text.text or "": text for text in root.findall(f"{SVG}text")}


def points(root: ET.Element, y: float) -> float:
    """Return what a height stands for, by the ticks of the axis: their labels hang 4 pixels below their lines."""
    zero, four = number(texts(root)["0"], "y") - 4, number(texts(root)["4"], "y") - 4
    return 4 * (zero - y) / (zero - four)


def test_dots_stand_at_the_points_of_the_specification() -> None:
    root = ET.fromstring(seeds_figure(designs([22], Assumption(3.0, 2.0)), [3, 5, 10, 20]))
    dots = root.findall(f"{SVG}circle")
    assert [points(root, number(dot, "cy")) for dot in dots] == pytest.approx([10.2, 6.1, 4.3, 3.2, 2.6], abs=0.08)
    assert [dot.findtext(f"{SVG}title") for dot in dots][1] == "6.1 points with 3 seeds"
    at = [number(dot, "cx") for dot in dots]
    assert (at[1] - at[0]) / (at[4] - at[0]) == pytest.approx((3 - 2) / (20 - 2), abs=0.01)


def test_the_curve_passes_through_every_number_of_seeds_and_falls() -> None:
    root = ET.fromstring(seeds_figure(designs([22], Assumption(3.0, 1.0)), [3]))
    (line,) = root.findall(f"{SVG}polyline")
    corners = [tuple(map(float, corner.split(","))) for corner in (line.get("points") or "").split()]
    assert len(corners) == len(range(2, 11))
    assert all(x < x2 and y < y2 for (x, y), (x2, y2) in pairwise(corners))


def test_what_differs_names_the_curves_and_what_is_shared_stands_below_the_title() -> None:
    said = texts(ET.fromstring(seeds_figure(designs([6, 22], Assumption(3.0, 1.0)), [3, 5])))
    assert {"6 families", "22 families", "sd 3 over families and 1 over seeds, assumed"} <= set(said)
    assert number(said["6 families"], "y") < number(said["22 families"], "y")


def test_names_of_close_curves_do_not_cover_each_other_and_keep_their_order() -> None:
    root = ET.fromstring(seeds_figure(designs([22], Assumption()), [3, 5, 10]))
    named = [text for name, text in texts(root).items() if name.startswith("sd ")]
    ends = [number(dot, "cy") for dot in root.findall(f"{SVG}circle")][3::4]
    by_end = [y for _, y in sorted(zip(ends, (number(text, "y") for text in named), strict=True))]
    assert len(by_end) == 6
    assert all(below - above >= 15 for above, below in pairwise(by_end))
    assert {number(text, "x") + 7 * len(text.text or "") <= number(root, "width") for text in named} == {True}


def test_it_can_be_read_on_dark_and_on_light_pages() -> None:
    text = seeds_figure(designs([22], Assumption(3.0, 1.0)), [3])
    assert "prefers-color-scheme: dark" in text
    assert "prefers-color-scheme: light" in text
    assert "#" not in text.split("</style>")[1]


def test_without_a_seed_sd_there_is_nothing_to_draw() -> None:
    unknown = Design(families=22, family_sd=3.0, seed_sds=(None, None))
    with pytest.raises(UserError, match="assume --seed-sd"):
        seeds_figure([unknown], [3])
