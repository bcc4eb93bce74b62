"""Leaves of a call only what its purpose needs: the last door before the network."""

from collections.abc import Mapping, Sequence

import msgspec

from hub.errors import InvalidInputError
from hub.model import FIELDS, GARMENT_FIELDS, Call, ServiceKind


def needed(kind: ServiceKind, call: Call) -> dict[str, object]:
    """Return the fields of `FIELDS` and, within garments, of `GARMENT_FIELDS`, as plain values.

    Raises:
        InvalidInputError: this kind of service is never asked for this.
    """
    allowed = FIELDS[kind].get(call.operation)
    if allowed is None:
        message = f"a {kind} is never asked to {call.operation}"
        raise InvalidInputError(message)
    given = call.fields.items()
    kept = {name: value for name, value in given if name in allowed and value is not None}
    for name in kept.keys() & {"garment", "garments"}:
        kept[name] = _garments(kept[name], allowed=GARMENT_FIELDS[kind])
    return {name: msgspec.to_builtins(value) for name, value in kept.items()}


def _garments(value: object, *, allowed: frozenset[str]) -> object:
    if isinstance(value, Mapping):
        return {name: one for name, one in value.items() if name in allowed}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_garments(one, allowed=allowed) for one in value]
    message = "a garment in a call is an object with named fields"
    raise InvalidInputError(message)
