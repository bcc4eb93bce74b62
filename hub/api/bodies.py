"""What bodies have in common: strict going in, plain going out, paged by cursor."""

from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

T = TypeVar("T")

ZERO_WIDTH_JOINER = "\u200d"


class Body(BaseModel):
    """A request: an unknown member is a mistake, not something to pass over."""

    model_config = ConfigDict(
        extra="forbid", allow_inf_nan=False, frozen=True, use_attribute_docstrings=True
    )


class Shown(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


def printable(text: str) -> str:
    """Refuse control characters and marks that turn the reading direction of what follows."""
    if not all(sign.isprintable() or sign == ZERO_WIDTH_JOINER for sign in text):
        message = "no control characters or line breaks"
        raise ValueError(message)
    return text


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=80),
    AfterValidator(printable),
]
"""A name that a person gave; shown as text, never as markup."""

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]

Limit = Annotated[int, Query(ge=1, le=500, description="How many at most.")]
Cursor = Annotated[
    str | None,
    Query(max_length=512, description="`next_cursor` of the page before; leave out at first."),
]


class PageOf(Shown, Generic[T]):
    # To look for docstrings, which a page of something has none of, takes 30 ms for each of them.
    model_config = ConfigDict(use_attribute_docstrings=False)

    items: list[T]
    next_cursor: str | None = Field(
        default=None,
        description="Give it as `cursor` for the next page; null on the last one."
        " A page may be short.",
    )
