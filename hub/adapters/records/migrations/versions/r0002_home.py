"""The home: links, scenes, garments, stock, presence, services, orders and what they said."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

SHELVES = (
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


def upgrade() -> None:
    for name in SHELVES:
        _shelf(name)
    op.create_table(
        "hooks",
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("service", "id", name="pk_hooks"),
    )


def _shelf(name: str) -> None:
    op.create_table(
        name,
        # SQLite numbers rows by itself only in a column whose type is INTEGER to the letter.
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True
        ),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("household", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("person", sa.String()),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=f"pk_{name}"),
        sa.UniqueConstraint("id", name=f"uq_{name}_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(f"ix_{name}_household", name, ["household", "number"])
    op.create_index(f"ix_{name}_subject", name, ["subject", "number"])
    op.create_index(
        f"ix_{name}_open",
        name,
        ["number"],
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open"),
    )
