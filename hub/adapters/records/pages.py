"""Pages that begin behind the last row seen, so that rows added meanwhile shift nothing."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import Column, Row, Select, tuple_

from hub.errors import InvalidInputError
from hub.ports import Page

T = TypeVar("T")
Place = list[int | str]
"""A row's values in the columns that its list is ordered by."""

_decoder: Final = msgspec.json.Decoder(Place)
_LARGEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is ordered: by columns that are unique together, all the same way."""

    by: tuple[Column[Any], ...]
    descending: bool = True

    def select(self, rows: Select[Any], *, limit: int, cursor: str | None) -> Select[Any]:
        """Return the query for one page, and for one row more to know whether it is the last.

        Raises:
            InvalidInputError: the cursor is none of this list.
        """
        if cursor is not None:
            place = tuple_(*self._place(cursor))
            here = tuple_(*self.by)
            rows = rows.where(here < place if self.descending else here > place)
        places = [column.label(f"place_{index}") for index, column in enumerate(self.by)]
        ordered = [column.desc() if self.descending else column.asc() for column in self.by]
        return rows.add_columns(*places).order_by(*ordered).limit(limit + 1)

    def page(
        self, found: Sequence[Row[Any]], *, limit: int, make: Callable[[Row[Any]], T]
    ) -> Page[T]:
        items = tuple(make(row) for row in found[:limit])
        if len(found) <= limit:
            return Page(items)
        return Page(items, _cursor(list(found[limit - 1][-len(self.by) :])))

    def _place(self, cursor: str) -> Place:
        try:
            place = _decoder.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        except (ValueError, msgspec.MsgspecError):
            place = []
        fits = [type(part) for part in place] == [column.type.python_type for column in self.by]
        if not fits or any(isinstance(part, int) and abs(part) > _LARGEST for part in place):
            message = "this cursor is not one of this list; begin again without one"
            raise InvalidInputError(message)
        return place


def _cursor(place: Place) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")
