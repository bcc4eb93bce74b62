"""Whether each part works, and since when."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PartHealth:
    ok: bool
    since: datetime
    detail: str = ""


class Health:
    """Parts report here; a change of state is timed, a repeated report is not."""

    def __init__(self) -> None:
        self._parts: dict[str, PartHealth] = {}

    def good(self, part: str) -> None:
        self._put(part, "", ok=True)

    def bad(self, part: str, detail: str) -> None:
        self._put(part, detail, ok=False)

    def is_good(self, part: str) -> bool:
        known = self._parts.get(part)
        return known is not None and known.ok

    def _put(self, part: str, detail: str, *, ok: bool) -> None:
        known = self._parts.get(part)
        if known is None or known.ok != ok:
            self._parts[part] = PartHealth(ok=ok, since=datetime.now(UTC), detail=detail)

    @property
    def parts(self) -> dict[str, PartHealth]:
        return dict(self._parts)
