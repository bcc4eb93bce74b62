"""The hub's settings: read once, frozen, and strict about what it does not know.

From the environment (`HUB_BROKER__URL`), then `hub.toml` in the working directory or the file
that `HUB_CONFIG` names, then the defaults below. A secret may also come from a file:
`HUB_SERIES__TOKEN_FILE` for `HUB_SERIES__TOKEN`.
"""

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo

from hub.errors import MisconfiguredError

PREFIX = "HUB_"


def _is_secret(field: FieldInfo) -> bool:
    return "SecretStr" in str(field.annotation)


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def secrets_from_files(cls, values: object) -> object:
        """Replace every `name_file` of a secret `name` by what the file holds."""
        if not isinstance(values, dict):
            return values
        taken = dict(values)
        for name, field in cls.model_fields.items():
            if f"{name}_file" in taken and _is_secret(field):
                path = Path(str(taken.pop(f"{name}_file")))
                taken[name] = path.read_text(encoding="utf-8").strip()
        return taken


class EmbeddedBroker(Section):
    """A `nats-server` of the hub's own, as a child process with its files in the data directory."""

    driver: Literal["embedded"] = "embedded"
    host: str = "127.0.0.1"
    port: int = Field(default=1883, ge=0, le=65535)
    """0 takes a free one."""
    websocket_port: int | None = Field(default=None, ge=0, le=65535)
    topic_root: str = "cx/1"
    window: int = Field(default=500, ge=1, le=20_000)
    receipt_interval_s: float = Field(default=1.0, ge=0, le=60)


class MqttBroker(Section):
    """Any MQTT 3.1.1 or 5 broker."""

    driver: Literal["mqtt"] = "mqtt"
    url: str = Field(pattern=r"^mqtts?://[^/@]+$")
    """`mqtt://host:1883` or `mqtts://host:8883`; name and password have settings of their own."""
    username: str | None = None
    password: SecretStr | None = None
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    topic_root: str = "cx/1"
    window: int = Field(default=2000, ge=1, le=20_000)
    """Messages in hand unacknowledged, at most."""
    keep_alive_s: int = Field(default=30, ge=5, le=600)
    session_expiry_s: int = Field(default=7 * 86400, ge=60)
    receipt_interval_s: float = Field(default=1.0, ge=0, le=60)
    gatekeeper: Literal["mosquitto", "none"] = "mosquitto"
    """`mosquitto`: dynamic security; `none`: the broker's rights are kept by somebody else."""
    gatekeeper_password: SecretStr | None = None
    """Of the user `hub-<cell>-gate`, who administers Mosquitto's dynamic security."""
    rights_dir: Path | None = None
    """Where Mosquitto keeps `dynamic-security.json`, if the hub can write there."""


class SqliteSeries(Section):
    driver: Literal["sqlite"] = "sqlite"
    retention_days: int | None = Field(default=None, ge=1)


class InfluxSeries(Section):
    driver: Literal["influx"] = "influx"
    url: str = "http://127.0.0.1:8086"
    token: SecretStr | None = None
    """2.x and 3.x: an API token; 1.x: `user:password` where it asks for one."""
    org: str = "cx"
    bucket: str = "cx"
    retention_days: int | None = Field(default=None, ge=1)
    timeout_s: float = Field(default=10.0, gt=0)


class MemorySeries(Section):
    """Forgets everything at the end; for tests and trials."""

    driver: Literal["memory"] = "memory"


class Records(Section):
    url: str = Field(default="", repr=False)
    """`sqlite:////srv/records.sqlite` or `postgresql://hub@db.example/hub`; empty: the file
    `records.sqlite` in the data directory. It may hold a password."""
    password: SecretStr | None = None
    """PostgreSQL's, where the URL has none."""
    timeout_s: float = Field(default=10.0, gt=0, le=300)
    """How long the database may take to answer; after that it is away."""


class Retention(Section):
    dead_letter_days: int = Field(default=30, ge=1)
    history_days: int = Field(default=365, ge=1)
    """What links did, what was desired, and words to people."""


class Spool(Section):
    high_water: int = Field(default=5_000_000, ge=1000)
    """Samples waiting for the series store beyond which the hub stops acknowledging."""


class Http(Section):
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    access_token_s: int = Field(default=900, ge=60)
    refresh_token_s: int = Field(default=30 * 86400, ge=3600)


class ClockSettings(Section):
    rate: float = Field(default=1.0, gt=0, le=1000)
    """Hub seconds a real second; other than 1 only for drills and demos."""
    anchor_ms: int | None = None
    """The real time at which a clock of another rate agreed with real time."""


class Alerts(Section):
    touch_gap_s: float = Field(default=3.0, ge=0)
    """Least time between two touches of one alarm."""
    reply_timeout_s: float = Field(default=10.0, gt=0)
    """How long a device may take to answer before the next command goes out."""


def _listed(value: object) -> object:
    """Return the parts of a list as an environment variable has it, with commas."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


class Partners(Section):
    allowed_networks: Annotated[tuple[IPvAnyNetwork, ...], BeforeValidator(_listed)] = ()
    """Networks that are not public and may be called all the same, also over http and at any port:
    `127.0.0.0/8, 10.1.0.0/16`."""
    timeout_s: float = Field(default=15.0, gt=0, le=120)
    """Real seconds that one attempt may take."""


class Settings(Section):
    data_dir: Path = Path("data")
    cell: str = Field(default="main", pattern=r"^[a-z0-9-]{1,16}$")
    broker: Annotated[EmbeddedBroker | MqttBroker, Field(discriminator="driver")] = EmbeddedBroker()
    series: Annotated[SqliteSeries | InfluxSeries | MemorySeries, Field(discriminator="driver")] = (
        SqliteSeries()
    )
    records: Records = Records()
    spool: Spool = Spool()
    retention: Retention = Retention()
    http: Http = Http()
    clock: ClockSettings = ClockSettings()
    alerts: Alerts = Alerts()
    partners: Partners = Partners()


def load(
    environment: Mapping[str, str] | None = None, *, directory: Path | None = None
) -> Settings:
    """Return the settings of this installation.

    Raises:
        MisconfiguredError: an unknown name or a bad value; the message names the allowed ones.
    """
    environment = os.environ if environment is None else environment
    tree = _from_file(environment, directory or Path.cwd())
    for path, value in _from_environment(environment):
        _put(tree, path, value)
    _choose_driver(tree, "broker", with_url="mqtt", without="embedded")
    _choose_driver(tree, "series", with_url="influx", without="sqlite")
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        raise MisconfiguredError(_explain(error)) from None
    except OSError as error:
        message = f"a file named in the settings cannot be read: {error}"
        raise MisconfiguredError(message) from None


def _from_file(environment: Mapping[str, str], directory: Path) -> dict[str, Any]:
    named = environment.get("HUB_CONFIG")
    path = Path(named) if named else directory / "hub.toml"
    if not named and not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        message = f"{path} cannot be read: {error}"
        raise MisconfiguredError(message) from None


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[list[str], str]]:
    for name, value in sorted(environment.items()):
        if name.startswith(PREFIX) and name != "HUB_CONFIG":
            yield name.removeprefix(PREFIX).lower().split("__"), value


def _put(tree: dict[str, Any], path: list[str], value: str) -> None:
    for name in path[:-1]:
        tree = tree.setdefault(name, {})
        if not isinstance(tree, dict):
            message = f"HUB_{'__'.join(path).upper()}: {name} is a value, not a section"
            raise MisconfiguredError(message)
    tree[path[-1]] = value


def _choose_driver(tree: dict[str, Any], section: str, *, with_url: str, without: str) -> None:
    part = tree.setdefault(section, {})
    if isinstance(part, dict):
        part.setdefault("driver", with_url if "url" in part else without)


def names(section: type[BaseModel] = Settings, prefix: str = PREFIX) -> Iterator[str]:
    """Return the environment names of all settings, those of every driver included."""
    for name, field in section.model_fields.items():
        parts = [
            part
            for part in getattr(field.annotation, "__args__", (field.annotation,))
            if isinstance(part, type) and issubclass(part, BaseModel)
        ]
        for part in parts:
            yield from names(part, f"{prefix}{name.upper()}__")
        if not parts:
            yield f"{prefix}{name.upper()}"
            if _is_secret(field):
                yield f"{prefix}{name.upper()}_FILE"


def _explain(error: ValidationError) -> str:
    allowed = sorted(set(names()))
    drivers = {"embedded", "mqtt", "sqlite", "influx", "memory"}
    lines = []
    for problem in error.errors():
        name = PREFIX + "__".join(
            str(part).upper() for part in problem["loc"] if part not in drivers
        )
        lines.append(f"{name}{_mend(name, problem['type'], allowed) or ': ' + problem['msg']}")
    return "; ".join(lines)


def _mend(name: str, problem: str, allowed: Sequence[str]) -> str:
    """Return what to do about a name that does not belong where it was given."""
    if problem != "extra_forbidden":
        return ""
    section = name.rpartition("__")[0]
    if name in allowed:
        return f" is a setting of another driver; {section}__DRIVER chooses one"
    near = [known for known in allowed if known.startswith(section)]
    near.sort(key=lambda known: difflib.SequenceMatcher(None, name, known).ratio(), reverse=True)
    return f" is not a setting of this hub; allowed: {', '.join(near)}"
