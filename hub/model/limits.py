"""The personal heart-rate limit: each formula with its source, and a safe default."""

from dataclasses import dataclass
from datetime import date

from hub.model.people import Person

SAFE_DEFAULT = 150.0
"""Beats a minute where nothing is known: 85 % of the maximum of a person of 45."""
DEFAULT_SHARE = 0.85
ZONE_SHARES = {"easy": 0.60, "moderate": 0.70, "hard": 0.85, "maximum": 0.95}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalLimit:
    limit: float
    reason: str
    """Which of the rules decided: `override`, `zone`, `reserve`, `maximum` or `default`."""


def heart_rate_maximum(age_years: float) -> float:
    """Return the expected maximum heart rate, beats a minute.

    Source: Tanaka, Monahan & Seals (2001), J Am Coll Cardiol 37:153-156.
    """
    return 208 - 0.7 * age_years


def share_of_reserve(*, share: float, resting: float, maximum: float) -> float:
    """Return the heart rate at `share` (0..1) of the reserve, beats a minute.

    Source: Karvonen, Kentala & Mustala (1957), Ann Med Exp Biol Fenn 35:307-315.
    """
    return resting + share * (maximum - resting)


def heart_rate_limit(person: Person | None, *, today: date) -> PersonalLimit:
    """Return the person's own limit, beats a minute; `docs/alarms.md` gives the order."""
    if person is None:
        return PersonalLimit(limit=SAFE_DEFAULT, reason="default")
    if person.heart_rate_limit is not None:
        return PersonalLimit(limit=person.heart_rate_limit, reason="override")
    if person.birth_date is None:
        return PersonalLimit(limit=SAFE_DEFAULT, reason="default")
    maximum = heart_rate_maximum((today - person.birth_date).days / 365.25)
    share = ZONE_SHARES.get(person.zone or "", DEFAULT_SHARE)
    resting = person.resting_heart_rate
    if resting is None:
        reason = "zone" if person.zone else "maximum"
        return PersonalLimit(limit=round(share * maximum), reason=reason)
    limit = share_of_reserve(share=share, resting=resting, maximum=maximum)
    return PersonalLimit(limit=round(limit), reason="zone" if person.zone else "reserve")
