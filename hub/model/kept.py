"""Things with an identity that the hub keeps besides devices: each class on a shelf of its own."""

from typing import Protocol, TypeVar


class Kept(Protocol):
    """What every kept thing has; a newer one of the same class and id replaces it."""

    @property
    def id(self) -> str: ...

    @property
    def household(self) -> str:
        """Whose home it belongs to; empty where it is the installation's."""

    @property
    def open(self) -> bool:
        """Whether stages may still have to look at it: then it is held in memory."""


K = TypeVar("K", bound=Kept)
