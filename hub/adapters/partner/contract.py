"""One kind of partner as the adapters need it: how to ask, how to read, what absence means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from hub.adapters.partner.signature import verify
from hub.errors import InvalidInputError
from hub.model import Operation, OrderUpdate, Service, ServiceKind, Update

MAX_DOCUMENT = 256 * 1024
"""Bytes; what is larger is not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One HTTP request of a contract, without address, key and signature."""

    method: str
    path: str
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    kind: ServiceKind
    ask: Callable[[Operation, Mapping[str, object]], Question]
    understand: Callable[[bytes], Update]
    """Reads the document of an answer."""
    hear: Callable[[bytes], Update]
    """Reads the document within a webhook."""
    nothing_there: Callable[[Operation, str, int], Update | None]
    """(operation, subject, now ms) -> what it means that the partner does not know the subject."""

    def heard(
        self, service: Service, headers: Mapping[str, str], body: bytes, *, now_ms: int
    ) -> tuple[str, Update]:
        """As `Partner.heard`."""
        if len(body) > MAX_DOCUMENT:
            message = f"the webhook is larger than {MAX_DOCUMENT} bytes"
            raise InvalidInputError(message)
        hook = verify(service.secret, headers, body, now_ms=now_ms)
        return hook, self.hear(body)


def subject(update: Update) -> str:
    """Return the order or listing that an update is about."""
    return update.order if isinstance(update, OrderUpdate) else update.listing


def path(*parts: object) -> str:
    return "".join(f"/{quote(str(part), safe='')}" for part in parts)
