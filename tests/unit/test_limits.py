"""The personal heart-rate limit: figures worked out by hand from the sources."""

from datetime import date

import pytest

from hub.model import Person, heart_rate_limit
from hub.model.limits import heart_rate_maximum, share_of_reserve

TODAY = date(2026, 7, 1)
AT_45 = date(1981, 7, 1)
"""Born so that the maximum on `TODAY` is 208 - 0.7 x 45 = 176.5, to a thousandth."""


def person(
    *,
    born: date | None = None,
    resting: float | None = None,
    zone: str | None = None,
    override: float | None = None,
) -> Person:
    return Person(
        id="p1",
        name="Mina",
        birth_date=born,
        resting_heart_rate=resting,
        zone=zone,
        heart_rate_limit=override,
    )


@pytest.mark.parametrize(
    ("age_years", "maximum"),
    [
        pytest.param(20, 194.0, id="20-years"),
        pytest.param(40, 180.0, id="40-years"),
        pytest.param(45, 176.5, id="45-years"),
        pytest.param(80, 152.0, id="80-years"),
    ],
)
def test_the_maximum_falls_seven_beats_in_ten_years(age_years: float, maximum: float) -> None:
    assert heart_rate_maximum(age_years) == pytest.approx(maximum)


@pytest.mark.parametrize(
    ("share", "limit"),
    [
        pytest.param(0.0, 60.0, id="at-rest"),
        pytest.param(0.5, 120.0, id="half-way"),
        pytest.param(0.85, 162.0, id="hard"),
        pytest.param(1.0, 180.0, id="at-the-maximum"),
    ],
)
def test_the_reserve_is_shared_between_rest_and_maximum(share: float, limit: float) -> None:
    assert share_of_reserve(share=share, resting=60, maximum=180) == pytest.approx(limit)


# 0.60, 0.70, 0.85 and 0.95 of 176.5; then 60 + the same shares of 116.5; to whole beats.
@pytest.mark.parametrize(
    ("zone", "resting", "limit"),
    [
        pytest.param("easy", None, 106, id="easy-105.9"),
        pytest.param("moderate", None, 124, id="moderate-123.55"),
        pytest.param("hard", None, 150, id="hard-150.025"),
        pytest.param("maximum", None, 168, id="maximum-167.675"),
        pytest.param("easy", 60, 130, id="easy-of-reserve-129.9"),
        pytest.param("moderate", 60, 142, id="moderate-of-reserve-141.55"),
        pytest.param("hard", 60, 159, id="hard-of-reserve-159.025"),
        pytest.param("maximum", 60, 171, id="maximum-of-reserve-170.675"),
    ],
)
def test_a_planned_zone_ends_at_its_share(zone: str, resting: float | None, limit: float) -> None:
    known = heart_rate_limit(person(born=AT_45, resting=resting, zone=zone), today=TODAY)

    assert (known.limit, known.reason) == (limit, "zone")


@pytest.mark.parametrize(
    ("known", "limit", "reason"),
    [
        pytest.param(
            person(born=AT_45, resting=60, zone="easy", override=133.5),
            133.5,
            "override",
            id="the-override-before-everything",
        ),
        pytest.param(person(override=120), 120, "override", id="the-override-alone"),
        pytest.param(
            person(born=AT_45, resting=60, zone="easy"), 130, "zone", id="the-zone-before-reserve"
        ),
        pytest.param(person(born=AT_45, resting=60), 159, "reserve", id="reserve-before-maximum"),
        pytest.param(person(born=AT_45), 150, "maximum", id="the-maximum-of-the-age"),
        pytest.param(person(born=date(2006, 7, 1)), 165, "maximum", id="of-20-years-164.9"),
        pytest.param(person(), 150, "default", id="nothing-known"),
        pytest.param(person(resting=50), 150, "default", id="rest-without-an-age"),
        pytest.param(person(zone="maximum"), 150, "default", id="a-zone-without-an-age"),
        pytest.param(None, 150, "default", id="nobody"),
    ],
)
def test_the_limit_comes_from_the_first_thing_known(
    known: Person | None, limit: float, reason: str
) -> None:
    personal = heart_rate_limit(known, today=TODAY)

    assert (personal.limit, personal.reason) == (limit, reason)


def test_the_limit_falls_as_the_person_grows_older() -> None:
    limits = [
        heart_rate_limit(person(born=AT_45), today=TODAY.replace(year=year)).limit
        for year in (2026, 2036, 2046)
    ]

    assert limits == [150, 144, 138]
