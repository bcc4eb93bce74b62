"""Brings the database to the newest schema this hub knows."""

from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from hub.errors import MisconfiguredError

_MIGRATIONS: Final = "hub.adapters.records:migrations"


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the migrations that are missing up to a revision, all of them or none.

    Raises:
        MisconfiguredError: a newer hub has written here.
    """
    config = _config()
    script = ScriptDirectory.from_config(config)
    found = present(connection)
    if found is not None and found not in _known(script):
        message = (
            f"the records are of a newer hub (schema {found}; this hub knows up to "
            f"{script.get_current_head()}); run the newer hub, or restore the backup made before it"
        )
        raise MisconfiguredError(message)
    if found != script.get_current_head():
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def present(connection: Connection) -> str | None:
    """Return the revision of the schema that is there; None where there is none."""
    return MigrationContext.configure(connection).get_current_revision()


def knows(revision: str) -> bool:
    return revision in _known(ScriptDirectory.from_config(_config()))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", _MIGRATIONS)
    return config


def _known(script: ScriptDirectory) -> set[str]:
    return {revision.revision for revision in script.walk_revisions()}
