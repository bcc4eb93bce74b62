"""InfluxQL, which 1.x, 2.x and 3.x all answer at `/query`; every name in it is quoted here."""

from collections.abc import Sequence

from hub.model import ValueType
from hub.ports import SeriesQuery

# InfluxQL knows no `IS NOT NULL`; a comparison with a value that is not there is never true.
_PRESENT = {
    ValueType.NUMBER: "({0} <= 0 OR {0} > 0)",
    ValueType.INTEGER: "({0} <= 0 OR {0} > 0)",
    ValueType.BOOLEAN: "({0} = true OR {0} = false)",
    ValueType.STRING: "({0} = '' OR {0} != '')",
}
_NS_PER_MS = 1_000_000
_FIRST_NS = -9_223_372_036_854_775_806
_LAST_NS = 9_223_372_036_854_775_806
"""What the server takes as a time."""


def identifier(name: str) -> str:
    return '"' + _escaped(name, '"') + '"'


def string(text: str) -> str:
    return "'" + _escaped(text, "'") + "'"


def _escaped(text: str, quote: str) -> str:
    return text.replace("\\", "\\\\").replace(quote, "\\" + quote).replace("\n", "\\n")


def interval(start_ms: int, end_ms: int) -> str:
    """Return the condition for [start, end); a bare integer is nanoseconds since 1970."""
    first_ns = min(max(start_ms * _NS_PER_MS, _FIRST_NS), _LAST_NS)
    last_ns = min(max(end_ms * _NS_PER_MS - 1, _FIRST_NS), _LAST_NS)
    return f"time >= {first_ns} AND time <= {last_ns}"


def select(query: SeriesQuery, value_type: ValueType) -> str:
    field = identifier(query.property)
    where = (
        f"FROM {identifier(query.kind)} WHERE {identifier('device')} = {string(query.device)}"
        f" AND {interval(query.start_ms, query.end_ms)}"
    )
    if query.every_ms is None:
        present = _PRESENT[value_type].format(field)
        return f'SELECT {field}, "received" {where} AND {present} LIMIT {query.limit}'
    return (
        f"SELECT {query.aggregate}({field}) {where}"
        f" GROUP BY time({query.every_ms}ms) fill(none) LIMIT {query.limit}"
    )


def select_points(
    *, kind: str, devices: Sequence[str], fields: Sequence[str], first_ms: int, last_ms: int
) -> str:
    """Return the query for these fields of the devices' points, a series a device."""
    columns = ", ".join(identifier(name) for name in fields)
    either = " OR ".join(f"{identifier('device')} = {string(device)}" for device in devices)
    return (
        f"SELECT {columns} FROM {identifier(kind)}"  # noqa: S608 (all names are quoted)
        f" WHERE ({either}) AND {interval(first_ms, last_ms + 1)} GROUP BY {identifier('device')}"
    )


def delete(*, kind: str, device: str, start_ms: int, end_ms: int) -> str:
    """Return the statement of 1.x; it knows no retention policy and empties them all."""
    return (
        f"DELETE FROM {identifier(kind)}"  # noqa: S608 (all names are quoted)
        f" WHERE {identifier('device')} = {string(device)}"
        f" AND {interval(start_ms, end_ms)}"
    )
