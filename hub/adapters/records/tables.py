"""The tables of the record store, in types that SQLite and PostgreSQL both take.

A column exists for what is looked up, ordered or held unique; the rest of a thing is in its
`payload`, JSON as `payloads.py` writes it. Columns named `_ms` are milliseconds since 1970 UTC.
The tables that commits write have no foreign keys: one stray row must not refuse a whole group.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """A time with its zone, kept as microseconds since 1970 UTC: SQLite has no zones."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else _EPOCH + value * _MICROSECOND


# SQLite numbers rows by itself only in a column whose type is INTEGER to the letter.
Number: Final = BigInteger().with_variant(Integer, "sqlite")

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

# ---------------------------------------------------------------------------- people, households

people: Final = Table(
    "people",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("language", String, nullable=False),
    Column("time_zone", String, nullable=False),
    Column("birth_date", Date),
    Column("resting_heart_rate", Double),
    Column("heart_rate_limit", Double),
    Column("zone", String),
    Column("is_operator", Boolean, nullable=False),
)

accounts: Final = Table(
    "accounts",
    metadata,
    Column("person", String, ForeignKey("people.id"), primary_key=True),
    Column("email", String, nullable=False, unique=True),
    Column("password_hash", String, nullable=False),
)

households: Final = Table(
    "households",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("created_at", Instant, nullable=False),
)

memberships: Final = Table(
    "memberships",
    metadata,
    Column("household", String, ForeignKey("households.id"), primary_key=True),
    Column("person", String, ForeignKey("people.id"), primary_key=True, index=True),
    Column("role", String, nullable=False),
)

contacts: Final = Table(
    "contacts",
    metadata,
    Column("person", String, ForeignKey("people.id"), primary_key=True),
    Column("contact", String, ForeignKey("people.id"), primary_key=True, index=True),
    Column("asked_ms", BigInteger, nullable=False),
    Column("agreed_ms", BigInteger),
)

sessions: Final = Table(
    "sessions",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("person", String, ForeignKey("people.id"), nullable=False, index=True),
    Column("family", String, nullable=False, index=True),
    Column("expires_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger),
    Column("ended", Boolean, nullable=False),
)

accesses: Final = Table(
    "accesses",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("reader", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("what", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("allowed", Boolean, nullable=False),
    Index("ix_accesses_subject", "subject", "number"),
    sqlite_autoincrement=True,
)

answers: Final = Table(
    "answers",
    metadata,
    Column("person", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("request_hash", String, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

# --------------------------------------------------------------------------------------- devices

devices: Final = Table(
    "devices",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("household", String, ForeignKey("households.id"), nullable=False),
    Column("cell", String, nullable=False),
    Column("via", String),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Index("ix_devices_household", "household", "id"),
)

credentials: Final = Table(
    "credentials",
    metadata,
    Column("device", String, ForeignKey("devices.id"), primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("iterations", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

claims: Final = Table(
    "claims",
    metadata,
    Column("code_hash", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("household", String, nullable=False),
    Column("person", String),
    Column("name", String, nullable=False),
    Column("created_by", String, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("taken_ms", BigInteger),
)

bindings: Final = Table(
    "bindings",
    metadata,
    Column("device", String, ForeignKey("devices.id"), primary_key=True),
    Column("since_at", Instant, primary_key=True),
    Column("person", String, ForeignKey("people.id"), nullable=False, index=True),
    Column("until_at", Instant),
)
Index(
    "uq_bindings_running",
    bindings.c.device,
    unique=True,
    sqlite_where=text("until_at IS NULL"),
    postgresql_where=text("until_at IS NULL"),
)

# --------------------------------------------------------------------------- what commits write

device_states: Final = Table(
    "device_states",
    metadata,
    Column("device", String, primary_key=True),
    Column("payload", Text, nullable=False),
)

spool: Final = Table(
    "spool",
    metadata,
    Column("position", Number, primary_key=True, autoincrement=True),
    Column("samples", Integer, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("crc32", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    # The backlog is asked for all the time and must not read the payloads.
    Index("ix_spool_waiting", "position", "samples", "received_ms"),
    # A position is never given twice, also after all rows are gone.
    sqlite_autoincrement=True,
)

spool_torn: Final = Table(
    "spool_torn",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("samples", Integer, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("crc32", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

cursors: Final = Table(
    "cursors",
    metadata,
    Column("name", String, primary_key=True),
    Column("position", BigInteger, nullable=False),
)

events: Final = Table(
    "events",
    metadata,
    Column("device", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("payload", Text, nullable=False),
    Index("ix_events_at", "device", "at_ms", "id"),
)

commands: Final = Table(
    "commands",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("device", String, nullable=False),
    Column("final", Boolean, nullable=False),
    Column("payload", Text, nullable=False),
    Index("ix_commands_device", "device", "number"),
    sqlite_autoincrement=True,
)
Index(
    "ix_commands_open",
    commands.c.device,
    commands.c.number,
    sqlite_where=text("final = 0"),
    postgresql_where=text("NOT final"),
)

alarms: Final = Table(
    "alarms",
    metadata,
    Column("id", String, primary_key=True),
    Column("rule", String, nullable=False),
    Column("device", String, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("cleared_ms", BigInteger),
    Column("active", Boolean, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("payload", Text, nullable=False),
    Index("ix_alarms_opened", "opened_ms", "id"),
    Index("ix_alarms_device", "device", "opened_ms", "id"),
    Index("ix_alarms_rule", "rule", "device", "opened_ms"),
)
Index(
    "ix_alarms_active",
    alarms.c.device,
    sqlite_where=text("active = 1"),
    postgresql_where=text("active"),
)

rules: Final = Table(
    "rules",
    metadata,
    Column("id", String, primary_key=True),
    Column("household", String, nullable=False, index=True),
    Column("payload", Text, nullable=False),
)

dead_letters: Final = Table(
    "dead_letters",
    metadata,
    Column("id", String, primary_key=True),
    Column("device", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("payload", Text, nullable=False),
    Index("ix_dead_letters_at", "at_ms", "id"),
    Index("ix_dead_letters_device", "device", "at_ms", "id"),
)

timers: Final = Table(
    "timers",
    metadata,
    Column("id", String, primary_key=True),
    Column("due_ms", BigInteger, nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("device", String, nullable=False),
    Column("subject", String, nullable=False),
)

amendments: Final = Table(
    "amendments",
    metadata,
    Column("rule", String, primary_key=True),
    Column("device", String, primary_key=True),
    Column("from_ms", BigInteger, nullable=False),
    # Counts the late readings, so that one that came during the work is not ended with it.
    Column("revision", BigInteger, nullable=False),
)

checkpoints: Final = Table(
    "checkpoints",
    metadata,
    Column("rule", String, primary_key=True),
    Column("device", String, primary_key=True),
    Column("head_ms", BigInteger, primary_key=True),
    Column("payload", Text, nullable=False),
)
