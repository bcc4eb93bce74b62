"""What the bench makes of its figures: numbers, tables, plots, and stacks."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.bench.figures import (
    Curve,
    Figure,
    Findings,
    Plot,
    Row,
    Table,
    percentile,
    readable,
)
from simulators.bench.hotpath import functions, shares
from simulators.bench.plot import svg
from simulators.bench.report import markdown, write
from simulators.bench.wire import Cutter, publish_qos_1

RATE = Figure(name="backlog", unit="msg/s", runs=(900.0, 31_060.0, 1000.0))
CPU = Figure(name="own CPU", unit="µs/msg", runs=(10.0,), note="3 messages are not in the store")
TABLE = Table(
    name="throughput",
    title="Messages",
    rows=(Row(name="hub", figures=(RATE, CPU)), Row(name="script", figures=(CPU,))),
    notes=("all on one machine",),
)
PLOT = Plot(
    name="devices",
    title="Cost <a message>",
    x="devices",
    y="µs",
    curves=(Curve(name="hub", points=((10.0, 20.0), (1000.0, 25.0))),),
    logarithmic=True,
)


def test_a_figure_is_its_median_with_the_smallest_and_the_largest_run() -> None:
    assert RATE.spread == "1,000 (900-31,060)"


def test_a_single_run_has_no_spread() -> None:
    assert CPU.spread == "10.0"


@pytest.mark.parametrize(
    ("number", "shown"),
    [(31_060.4, "31,060"), (99.96, "100.0"), (12.34, "12.3"), (1.0, "1.00"), (0.0123, "0.012")],
)
def test_shows_about_three_digits(number: float, shown: str) -> None:
    assert readable(number) == shown


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_a_value_that_so_many_do_not_exceed(
    values: list[float], share: float
) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6
    assert sum(value < found for value in values) < share * len(values) + 1e-6


def test_a_table_has_a_column_a_figure_and_says_what_was_lost() -> None:
    lines = markdown(Findings(tables=[TABLE])).splitlines()
    assert "|  | backlog, msg/s | own CPU, µs/msg |" in lines
    assert "| hub | 1,000 (900-31,060) | 10.0 |" in lines
    assert "| script |  | 10.0 |" in lines
    assert "- hub: 3 messages are not in the store" in lines


def test_writes_json_with_every_run_and_a_plot_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "bench" / "now.json"
    written = write(Findings(tables=[TABLE], plots=[PLOT]), {"cores": "2"}, path)
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["tables"][0]["rows"][0]["figures"][0]["runs"] == [900, 31_060, 1000]
    assert content["cores"] == "2"
    assert [file.name for file in written] == ["now.json", "now.md", "now-devices.svg"]


def test_a_plot_is_a_picture_whose_vertical_axis_begins_at_nothing() -> None:
    picture = ET.fromstring(svg(PLOT))  # noqa: S314 - our own text
    circles = picture.findall("{http://www.w3.org/2000/svg}circle")
    texts = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert len(circles) == 2
    assert float(circles[0].attrib["cy"]) > float(circles[1].attrib["cy"])
    assert "0.00" in texts
    assert "Cost <a message>" in texts


STACKS = [
    ([("/x/worker.py", "Worker._work", 1), ("/x/draft.py", "Draft.run", 2)], 6),
    ([("/x/worker.py", "Worker._work", 1), ("/x/intake.py", "decode", 3)], 3),
    ([("/x/base_events.py", "BaseEventLoop._run_once", 4)], 1),
]


def test_a_look_belongs_to_the_innermost_part_of_the_way() -> None:
    assert shares(STACKS) == {
        "flow: admission, rules, alerts": 6,
        "decode and check": 3,
        "waiting and asyncio": 1,
    }


def test_a_function_has_its_own_looks_and_those_of_what_it_calls() -> None:
    found = {place: (own, whole) for place, own, whole in functions(STACKS)}
    assert found["draft.py", "Draft.run"] == (6, 6)
    assert ("worker.py", "Worker._work") not in found


@given(st.lists(st.integers(1, 70), min_size=1, max_size=20))
def test_the_generators_own_packets_are_cut_however_they_come(sizes: list[int]) -> None:
    stream = b"".join(
        publish_qos_1(b"cx/1/main/w-1/up/telemetry", b"x" * (size * 5), number)
        for number, size in enumerate(sizes, start=1)
    )
    cutter, found = Cutter(), []
    for start in range(0, len(stream), 7):
        found += [one.number for one in cutter.cut(stream[start : start + 7])]
    assert found == list(range(1, len(sizes) + 1))
