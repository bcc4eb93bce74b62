"""Brings the database to the newest schema this hub knows."""

from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from hub.errors import MisconfiguredError

_MIGRATIONS: Final = "hub.adapters.records:migrations"


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, all of them or none.

    Raises:
        MisconfiguredError: a newer hub has written here.
    """
    config = Config()
    config.set_main_option("script_location", _MIGRATIONS)
    config.attributes["connection"] = connection
    script = ScriptDirectory.from_config(config)
    known = {revision.revision for revision in script.walk_revisions()}
    present = set(MigrationContext.configure(connection).get_current_heads())
    if present - known:
        message = (
            f"the records are of a newer hub (schema {', '.join(sorted(present - known))}; this "
            f"hub knows up to {script.get_current_head()}); run the newer hub, or restore the "
            "backup made before it"
        )
        raise MisconfiguredError(message)
    if present != set(script.get_heads()):
        command.upgrade(config, "head")
