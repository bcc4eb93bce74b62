"""Something about a broker that an operator should know."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    what: str
    why: str
    """What it costs: data or safety."""
    mend: str
