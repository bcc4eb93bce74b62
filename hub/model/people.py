"""Who the hub serves: people, their households, and for what purpose their data is read."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    ADULT = "adult"
    CHILD = "child"
    GUEST = "guest"


class Purpose(StrEnum):
    """Why personal data is read; every read names one and passes the gate."""

    SELF_VIEW = "self_view"
    """The person looks at their own data."""
    HOUSEHOLD_VIEW = "household_view"
    """Another member looks at a device of the home."""
    ALERTING = "alerting"
    """The hub compares a reading with the person's own limit and touches their wrist."""
    LINKING = "linking"
    """A link that the person made themselves acts on it, as they asked."""
    ORDERING = "ordering"
    """A partner is asked for what the person ordered, with the fields that needs."""
    OPERATION = "operation"
    """Keeping the installation running; never the content of a reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    id: str
    name: str
    language: str = "en"
    """`en` or `ko`."""
    time_zone: str = "UTC"
    birth_date: date | None = None
    resting_heart_rate: float | None = None
    """Beats a minute."""
    heart_rate_limit: float | None = None
    """The person's own override, beats a minute."""
    zone: str | None = None
    """Hardest zone the person plans to stay in: `easy`, `moderate`, `hard` or `maximum`."""
    is_operator: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody whom a person asked to be told when they do not answer an alarm."""

    person: str
    contact: str
    """Who will be told."""
    asked_ms: int
    agreed_ms: int | None = None
    """None until the contact agreed; nobody is told before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    household: str
    person: str
    role: Role
