"""What a body needs, from the summary of a workout or a night."""

import pytest

from hub.model import Need
from hub.model.needs import need_of


def test_a_workout_needs_its_energy_a_meals_protein_and_water() -> None:
    data = {"sport": "running", "duration_s": 3600, "energy_kcal": 612.4, "mean_heart_rate": 151}
    assert need_of("workout_stopped", data) == Need(
        energy_kcal=612,
        protein_g=20.0,
        fluid_ml=400.0,
        made_of={"energy_kcal": 612.4, "duration_s": 3600.0},
    )


def test_a_short_effort_asks_for_no_meal() -> None:
    need = need_of("workout_stopped", {"duration_s": 600, "energy_kcal": 80})
    assert need is not None
    assert (need.protein_g, need.fluid_ml) == (None, 70.0)


def test_an_effort_of_a_day_asks_for_three_litres_at_most() -> None:
    need = need_of("workout_stopped", {"duration_s": 80_000})
    assert need is not None
    assert (need.fluid_ml, need.energy_kcal) == (3000.0, None)


@pytest.mark.parametrize(
    ("asleep_min", "rest"),
    [(359, "short"), (360, "usual"), (480, "usual"), (540, "usual"), (541, "long")],
    ids=str,
)
def test_a_night_was_short_usual_or_long(asleep_min: float, rest: str) -> None:
    need = need_of("sleep_ended", {"asleep_min": asleep_min, "deep_min": 80})
    assert need == Need(rest=rest, made_of={"asleep_min": float(asleep_min)})


@pytest.mark.parametrize(
    "value", [None, "612", True, 0, -5, 1e9, float("nan"), float("inf"), [], {}], ids=repr
)
def test_a_figure_that_is_none_is_left_out(value: object) -> None:
    assert need_of("workout_stopped", {"energy_kcal": value, "duration_s": value}) is None
    assert need_of("sleep_ended", {"asleep_min": value}) is None


def test_other_events_lead_to_no_need() -> None:
    assert need_of("workout_started", {"energy_kcal": 500, "asleep_min": 400}) is None
