"""Makes the calls of the outbox, and says field by field what one of them discloses."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from hub.model.garments import Garment
from hub.model.links import derived_id
from hub.model.orders import Listing, Order
from hub.model.services import FIELDS, GARMENT_FIELDS, Call, Disclosure, Operation, ServiceKind

HOUR_MS = 3_600_000
CALL_LIFETIME_MS = 48 * HOUR_MS
"""A partner that does not answer for so long is given up."""
HARMLESS = frozenset({Operation.QUOTE, Operation.STATUS})
"""What leaves nothing behind at the partner, whether it got through or not."""


def next_call(
    about: Order | Listing,
    operation: Operation,
    fields: Mapping[str, object],
    *,
    now_ms: int,
    expires_ms: int | None = None,
) -> Call:
    """Return the call that follows on those the order or listing has made so far."""
    number = about.calls + 1
    return Call(
        id=derived_id("ca", about.id, number),
        service=about.service,
        household=about.household,
        person=about.person,
        key=about.id,
        operation=operation,
        fields=fields,
        queued_ms=now_ms,
        number=number,
        expires_ms=now_ms + CALL_LIFETIME_MS if expires_ms is None else expires_ms,
    )


def garment_fields(garment: Garment, *, kind: ServiceKind) -> dict[str, object]:
    """Return of the garment what this kind of partner needs, as plain values."""
    label = msgspec.to_builtins(garment.label) if garment.label else {}
    known: dict[str, object] = {
        "garment": garment.id,
        "name": garment.name,
        "fibres": dict(msgspec.to_builtins(garment.fibres.shares)) if garment.fibres else None,
        "label": {symbol: said for symbol, said in label.items() if said is not None} or None,
        "colour": garment.colour.value if garment.colour else None,
        "tags": list(garment.tags),
    }
    needed = GARMENT_FIELDS[kind]
    return {name: said for name, said in known.items() if name in needed and said is not None}


def disclosures(call: Call, *, kind: ServiceKind, now_ms: int) -> Iterator[Disclosure]:
    """Yield what leaves the hub with the call, each field by its path."""
    allowed = FIELDS[kind].get(call.operation, frozenset())
    for name in sorted(call.fields.keys() & allowed):
        for path, value in _leaves(name, call.fields[name], kind=kind):
            yield Disclosure(
                id=derived_id("di", call.id, path),
                household=call.household,
                person=call.person,
                service=call.service,
                subject=call.key,
                purpose=call.operation.value,
                field=path,
                value=value,
                at_ms=now_ms,
            )


def _leaves(path: str, value: object, *, kind: ServiceKind) -> Iterator[tuple[str, object]]:
    name = path.partition(".")[0]
    if name not in {"garment", "garments"}:
        yield path, value
    elif isinstance(value, Mapping):
        allowed = GARMENT_FIELDS[kind]
        yield from ((f"{path}.{one}", said) for one, said in value.items() if one in allowed)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, one in enumerate(value):
            yield from _leaves(f"{path}.{number}", one, kind=kind)
