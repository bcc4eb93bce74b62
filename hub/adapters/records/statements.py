"""Every statement that a commit runs, once, for SQLite and PostgreSQL alike.

They are SQLAlchemy constructs: a writer compiles them to its driver's own text at start-up and
runs them without SQLAlchemy in between.
"""

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Delete,
    Dialect,
    Insert,
    Select,
    Table,
    Update,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from hub.adapters.records import tables
from hub.adapters.records.shelf_tables import SHELF_TABLES, hooks

Statement = Insert | Update | Delete | Select[Any]
Merge = Callable[[ColumnElement[Any], ColumnElement[Any]], ColumnElement[Any]]
"""(old value, new value) -> what the column becomes."""

_INSERT: Final[Mapping[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_NO_MERGES: Final[Mapping[str, Merge]] = MappingProxyType({})


def add_if_absent(dialect: str, table: Table) -> Insert:
    """Return an insert that leaves alone a row already there."""
    insert = _INSERT[dialect](table)
    statement: Insert = insert.on_conflict_do_nothing(index_elements=_key(table))
    return statement


def put(
    dialect: str,
    table: Table,
    *,
    key: Collection[str] = (),
    merges: Mapping[str, Merge] = _NO_MERGES,
) -> Insert:
    """Return an insert that replaces a row already there, column by column."""
    insert = _INSERT[dialect](table)
    old, new = table.c, insert.excluded
    replaced = {name: new[name] for name in columns(table) if name not in _key(table, key)}
    replaced |= {name: merge(old[name], new[name]) for name, merge in merges.items()}
    statement: Insert = insert.on_conflict_do_update(index_elements=_key(table, key), set_=replaced)
    return statement


def columns(table: Table) -> list[str]:
    """Return the columns that a row brings along; the database numbers the others."""
    return [column.name for column in table.c if column is not table.autoincrement_column]


def texts(dialect: Dialect) -> Mapping[str, str]:
    """Return every statement by name as text for the dialect's driver, with named parameters."""
    return {
        name: str(statement.compile(dialect=dialect, column_keys=_brought(statement)))
        for name, statement in statements(dialect.name).items()
    }


def positional(dialect: Dialect) -> Mapping[str, tuple[str, tuple[str, ...]]]:
    """Return (text, names of its parameters in order) of every statement by name."""
    compiled = {
        name: statement.compile(dialect=dialect, column_keys=_brought(statement))
        for name, statement in statements(dialect.name).items()
    }
    return {
        name: (str(one), tuple(getattr(one, "positiontup", None) or ()))
        for name, one in compiled.items()
    }


def put_states(dialect: Dialect, *, rows: int) -> str:
    """Return a statement that puts so many device states at once, as text for the driver."""
    row = dict.fromkeys(columns(tables.device_states))
    statement = put(dialect.name, tables.device_states).values([row] * rows)
    return str(statement.compile(dialect=dialect))


def statements(dialect: str) -> Mapping[str, Statement]:
    """Return by name what commits run."""
    return _group_statements(dialect) | _shelf_statements(dialect) | _spool_statements(dialect)


def _brought(statement: Statement) -> list[str] | None:
    if isinstance(statement, Insert) and isinstance(statement.table, Table):
        return columns(statement.table)
    return None


def _group_statements(dialect: str) -> dict[str, Statement]:
    amendment, checkpoint = tables.amendments.c, tables.checkpoints.c
    return {
        "end_rule": delete(tables.rules).where(tables.rules.c.id == bindparam("id")),
        "put_rule": put(dialect, tables.rules),
        "end_timer": delete(tables.timers).where(tables.timers.c.id == bindparam("id")),
        "put_timer": put(dialect, tables.timers),
        "end_amendment": delete(tables.amendments).where(
            amendment.rule == bindparam("rule"),
            amendment.device == bindparam("device"),
            amendment.from_ms >= bindparam("from_ms"),
            amendment.revision <= bindparam("revision"),
        ),
        "put_amendment": put(
            dialect,
            tables.amendments,
            merges={"from_ms": _smaller, "revision": lambda old, new: old + new},
        ),
        "void_checkpoints": delete(tables.checkpoints).where(
            checkpoint.rule == bindparam("rule"),
            checkpoint.device == bindparam("device"),
            or_(
                checkpoint.head_ms > bindparam("head_ms"),
                checkpoint.head_ms < bindparam("kept_from_ms"),
            ),
        ),
        "put_checkpoint": put(dialect, tables.checkpoints),
        "put_alarm": put(dialect, tables.alarms),
        # The number a command got when it was issued stays: it is its place in the order.
        "put_command": put(dialect, tables.commands, key=("id",)),
        "add_event": add_if_absent(dialect, tables.events),
        "add_dead_letter": add_if_absent(dialect, tables.dead_letters),
    }


def _shelf_statements(dialect: str) -> dict[str, Statement]:
    device = tables.devices
    made: dict[str, Statement] = {
        "add_hook": add_if_absent(dialect, hooks),
        "set_kind": update(device)
        .where(device.c.id == bindparam("device"))
        .values(kind=bindparam("of_kind")),
    }
    for name, table in SHELF_TABLES.items():
        made[f"drop_{name}"] = delete(table).where(table.c.id == bindparam("id"))
        # The number a thing got at first stays: it is its place in the order.
        made[f"keep_{name}"] = put(dialect, table, key=("id",))
    return made


def _spool_statements(dialect: str) -> dict[str, Statement]:
    position = tables.spool.c.position
    return {
        "add_spool": _INSERT[dialect](tables.spool).returning(position),
        "forget_spool": delete(tables.spool).where(position <= bindparam("position")),
        "put_cursor": put(dialect, tables.cursors, merges={"position": _greater}),
        "first_position": select(func.min(position)),
        "last_position": select(func.max(position)),
        "cursor": select(tables.cursors.c.position).where(
            tables.cursors.c.name == bindparam("name")
        ),
    }


def _smaller(old: ColumnElement[Any], new: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((new < old, new), else_=old)


def _greater(old: ColumnElement[Any], new: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((new > old, new), else_=old)


def _key(table: Table, key: Collection[str] = ()) -> list[str]:
    return list(key) or [column.name for column in table.primary_key]
