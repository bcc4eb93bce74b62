"""The decisions against a table written by hand; `tests/data/care/ORIGIN.md` says from what."""

import pytest

from hub.model.care_dry import dry_course
from hub.model.care_styler import styler_course
from hub.model.care_wash import home_can_clean, wash_course
from tests.unit.care_table import Mix, garments, mixes

MIXES = mixes()
each_mix = pytest.mark.parametrize("mix", MIXES, ids=lambda mix: mix.id)


def test_the_table_has_sixty_mixes_and_a_reason_for_each() -> None:
    assert len(MIXES) >= 60
    assert len({mix.id for mix in MIXES}) == len(MIXES)
    assert all(mix.expected["why"] for mix in MIXES)


def test_every_garment_of_the_table_is_used() -> None:
    used = {key for mix in MIXES for key in mix.keys("garments")}
    assert used == set(garments())


@each_mix
def test_washes_a_mix_as_the_table_says(mix: Mix) -> None:
    treatment = wash_course(mix.garments, soil=mix.soil)
    found = {
        "wash": treatment.course or "",
        "temperature": str(treatment.temperature_c or ""),
        "left_out": sorted(out.garment for out in treatment.left_out),
    }
    assert found == {
        "wash": mix.expected["wash"],
        "temperature": mix.expected["temperature"],
        "left_out": sorted(mix.keys("left_out")),
    }


@each_mix
def test_dries_what_was_washed_as_the_table_says(mix: Mix) -> None:
    treatment = wash_course(mix.garments, soil=mix.soil)
    out = {one.garment for one in treatment.left_out}
    washed = [one for one in mix.garments if one.id not in out]
    if not washed:
        assert mix.expected["dry"] == ""
        return
    drying = dry_course(washed, after=treatment.course)
    assert (drying.course, sorted(one.garment for one in drying.hang)) == (
        mix.expected["dry"],
        sorted(mix.keys("hang")),
    )


@pytest.mark.parametrize(
    "mix", [mix for mix in MIXES if mix.expected["styler"]], ids=lambda mix: mix.id
)
def test_freshens_a_mix_in_the_styler_as_the_table_says(mix: Mix) -> None:
    assert styler_course(mix.garments).course == mix.expected["styler"]


@each_mix
def test_sends_to_the_cleaner_what_the_table_says(mix: Mix) -> None:
    care = {one.id: home_can_clean(one) for one in mix.garments}
    sent = [key for key, one in care.items() if one.professional and not one.possible]
    assert sorted(sent) == sorted(mix.keys("professional"))
