"""The tables of things with an identity: all of one make, one a class.

What is looked up or ordered by has a column; the rest of a thing is in its `payload`.
"""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, String, Table, Text, text

from hub.adapters.records.tables import Number, metadata

NAMES: Final = (
    "links",
    "scenes",
    "link_runs",
    "presences",
    "moments",
    "twin_changes",
    "described_kinds",
    "stock",
    "garments",
    "services",
    "orders",
    "listings",
    "calls",
    "disclosures",
)


def _table(name: str) -> Table:
    table = Table(
        name,
        metadata,
        Column("number", Number, primary_key=True, autoincrement=True),
        Column("id", String, nullable=False, unique=True),
        Column("household", String, nullable=False),
        Column("subject", String, nullable=False),
        Column("person", String),
        Column("open", Boolean, nullable=False),
        Column("at_ms", BigInteger, nullable=False),
        Column("payload", Text, nullable=False),
        Index(f"ix_{name}_household", "household", "number"),
        Index(f"ix_{name}_subject", "subject", "number"),
        sqlite_autoincrement=True,
    )
    Index(
        f"ix_{name}_open",
        table.c.number,
        sqlite_where=text("open = 1"),
        postgresql_where=text("open"),
    )
    return table


SHELF_TABLES: Final = {name: _table(name) for name in NAMES}

hooks: Final = Table(
    "hooks",
    metadata,
    Column("service", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
)
