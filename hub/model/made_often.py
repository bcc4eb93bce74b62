"""Values of which several are made for each message: frozen for the type checker alone."""

from dataclasses import MISSING, Field, field, fields, make_dataclass
from typing import Any, TypeVar

T = TypeVar("T")


def made_often(cls: type[T]) -> type[T]:
    """Take the run-time lock off a frozen dataclass; that nothing is mutated, mypy still checks.

    A frozen dataclass sets each field through `object.__setattr__`, at three times the price, and
    that was a quarter of all the hub did for a message.
    """
    if hasattr(cls, "__post_init__"):
        message = f"{cls.__name__} has a __post_init__, which would no longer run"
        raise TypeError(message)
    own: tuple[Field[Any], ...] = fields(cls)  # type: ignore[arg-type]  # a dataclass by contract
    plain = make_dataclass(cls.__name__, [(one.name, Any, _again(one)) for one in own])
    cls.__init__ = plain.__init__  # type: ignore[misc, method-assign]
    del cls.__setattr__, cls.__delattr__
    return cls


def _again(one: Field[Any]) -> Any:  # noqa: ANN401 - as `field` returns
    if one.default_factory is not MISSING:
        return field(default_factory=one.default_factory, kw_only=one.kw_only)
    return field(default=one.default, kw_only=one.kw_only)
