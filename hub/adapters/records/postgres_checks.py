"""What an operator should know of a PostgreSQL database that works all the same."""

from collections.abc import Sequence
from typing import Final

from hub.adapters.broker.finding import Finding
from hub.adapters.records.database import Database

_UNSYNCED: Final = """
SELECT current_setting('fsync') = 'off' OR current_setting('full_page_writes') = 'off'
"""
_OPEN_WIRE: Final = """
SELECT NOT ssl AND NOT coalesce(
  inet_server_addr() << '127.0.0.0/8' OR inet_server_addr() = '::1', true
) FROM pg_stat_ssl WHERE pid = pg_backend_pid()
"""
"""The address is none on a socket of the machine's own."""
_SORTED_BY_LANGUAGE: Final = """
SELECT datcollate NOT IN ('C', 'POSIX') AND datcollate NOT ILIKE 'C.UTF%8'
FROM pg_database WHERE datname = current_database()
"""
_SUPERUSER: Final = "SELECT current_setting('is_superuser') = 'on'"

_QUESTIONS: Final = {
    _UNSYNCED: Finding(
        what="PostgreSQL runs without fsync or full_page_writes",
        why="a power cut can cost what was acknowledged, or the whole database",
        mend="set both to on in postgresql.conf and restart it",
    ),
    _OPEN_WIRE: Finding(
        what="PostgreSQL is reached over the network without TLS",
        why="people's records can be read on the way",
        mend="add ?sslmode=verify-full to HUB_RECORDS__URL",
    ),
    _SORTED_BY_LANGUAGE: Finding(
        what="the database sorts text by the operating system's rules for a language",
        why="an update of the system can change them, and its indexes then miss rows",
        mend="make one with LOCALE 'C.UTF-8' and move into it (docs/guides/records.md)",
    ),
    _SUPERUSER: Finding(
        what="the hub is PostgreSQL's superuser",
        why="whoever gets hold of its password owns every database of the server",
        mend="make a user that owns the hub's database and nothing else",
    ),
}


async def postgres_findings(database: Database) -> Sequence[Finding]:
    """Return what costs data or safety on this server; nothing for another kind of database."""
    if database.dialect != "postgresql":
        return []
    found = []
    async with database.reading() as connection:
        for question, finding in _QUESTIONS.items():
            if (await connection.exec_driver_sql(question)).scalar():
                found.append(finding)
    return found
