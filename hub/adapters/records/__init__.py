"""The record store on SQLAlchemy: one database behind all four parts of the port."""

from hub.adapters.records.sql import SqlRecords

__all__ = ["SqlRecords"]
