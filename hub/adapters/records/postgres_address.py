"""Where a PostgreSQL database is, and how the hub connects to it."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
from sqlalchemy import exc
from sqlalchemy.engine import make_url

from hub.errors import MisconfiguredError

DIALECTS: Final = ("postgresql", "postgres")

_SESSION: Final = {
    "application_name": "hub",
    # Short statements: compiling them costs more than it saves.
    "jit": "off",
    # A hub whose machine is gone holds its locks until the server notices.
    "tcp_keepalives_idle": "20",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "4",
}
_SYNCED: Final = (
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'"
)
"""What is acknowledged must be on the disk, whatever the server's own setting is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresAddress:
    dsn: str = field(repr=False)
    shown: str
    """Without password and parameters, for logs and people."""
    password: str | None = field(default=None, repr=False)
    patience_s: float = 10.0

    @classmethod
    def of(cls, url: str, *, password: str | None, patience_s: float) -> "PostgresAddress":
        """Return the address that the settings name; `sslmode` and the like stay parameters.

        Raises:
            MisconfiguredError: it is no PostgreSQL URL, or names no database.
        """
        try:
            named = make_url(url)
        except exc.ArgumentError:
            named = None
        if named is None or named.get_backend_name() not in DIALECTS or not named.database:
            message = "records.url: it does not look like postgresql://user@host:5432/database"
            raise MisconfiguredError(message)
        plain = named.set(drivername="postgresql")
        return cls(
            dsn=plain.render_as_string(hide_password=False),
            shown=plain.set(password=None, query={}).render_as_string(),
            password=password,
            patience_s=patience_s,
        )

    async def connect(self) -> Any:  # noqa: ANN401 - asyncpg publishes no types
        """Return a connection whose statements the server itself gives up after our patience."""
        patience_ms = int(self.patience_s * 1000)
        async with asyncio.timeout(self.patience_s):
            connection = await asyncpg.connect(
                self.dsn,
                password=self.password,
                timeout=self.patience_s,
                server_settings={
                    **_SESSION,
                    "statement_timeout": str(patience_ms),
                    # Sooner, so that the server says what it waited for.
                    "lock_timeout": str(patience_ms // 2),
                },
            )
            try:
                await connection.execute(_SYNCED)
            except BaseException:
                connection.terminate()
                raise
        return connection
