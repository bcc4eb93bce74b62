"""Settings: what they are made of, and what stops the hub before it starts."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from hub.errors import MisconfiguredError
from hub.settings import (
    EmbeddedBroker,
    InfluxSeries,
    MemorySeries,
    MqttBroker,
    Settings,
    SqliteSeries,
    load,
    names,
)

SECRET = "open-sesame-7731"


def refusal(environment: Mapping[str, str], directory: Path) -> str:
    with pytest.raises(MisconfiguredError) as refused:
        load(environment, directory=directory)
    return str(refused.value)


def test_with_nothing_configured_everything_is_embedded(tmp_path: Path) -> None:
    settings = load({}, directory=tmp_path)

    assert settings == Settings()
    assert isinstance(settings.broker, EmbeddedBroker)
    assert isinstance(settings.series, SqliteSeries)


@pytest.mark.parametrize(
    ("environment", "broker", "series"),
    [
        pytest.param({}, EmbeddedBroker, SqliteSeries, id="nothing"),
        pytest.param(
            {"HUB_BROKER__URL": "mqtt://host:1883"}, MqttBroker, SqliteSeries, id="broker-url"
        ),
        pytest.param(
            {"HUB_SERIES__URL": "http://host:8086"}, EmbeddedBroker, InfluxSeries, id="series-url"
        ),
        pytest.param(
            {"HUB_SERIES__DRIVER": "memory"}, EmbeddedBroker, MemorySeries, id="named-series"
        ),
        pytest.param(
            {"HUB_SERIES__DRIVER": "influx"}, EmbeddedBroker, InfluxSeries, id="influx-without-url"
        ),
        pytest.param(
            {"HUB_BROKER__PORT": "0"}, EmbeddedBroker, SqliteSeries, id="only-a-port-of-the-default"
        ),
        pytest.param(
            {"HUB_BROKER__DRIVER": "mqtt", "HUB_BROKER__URL": "mqtts://host:8883"},
            MqttBroker,
            SqliteSeries,
            id="driver-and-url",
        ),
    ],
)
def test_an_address_chooses_the_driver(
    environment: dict[str, str], broker: type, series: type, tmp_path: Path
) -> None:
    settings = load(environment, directory=tmp_path)

    assert (type(settings.broker), type(settings.series)) == (broker, series)


def test_words_of_the_environment_become_values_of_the_right_type(tmp_path: Path) -> None:
    environment = {
        "HUB_DATA_DIR": "/srv/hub",
        "HUB_HTTP__PORT": "8081",
        "HUB_CLOCK__RATE": "2.5",
        "PATH": "/usr/bin",
        "HUBBUB": "not ours",
    }

    settings = load(environment, directory=tmp_path)

    assert settings.data_dir == Path("/srv/hub")
    assert (settings.http.port, settings.clock.rate) == (8081, 2.5)


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        pytest.param(
            {"HUB_HTTP__PROT": "1"}, ["HUB_HTTP__PROT", "HUB_HTTP__PORT"], id="a-slip-of-the-pen"
        ),
        pytest.param(
            {"HUB_SERIES__XYZZY": "1"},
            ["HUB_SERIES__XYZZY", "HUB_SERIES__DRIVER", "HUB_SERIES__BUCKET"],
            id="nothing-like-it-in-a-section",
        ),
        pytest.param(
            {"HUB_XYZZY": "1"}, ["HUB_XYZZY", "HUB_DATA_DIR", "HUB_CELL"], id="nothing-like-it"
        ),
        pytest.param(
            {"HUB_HTTP__PORT_FILE": "/x"}, ["HUB_HTTP__PORT_FILE"], id="a-file-for-no-secret"
        ),
        pytest.param({"HUB_": "1"}, ["HUB_"], id="no-name"),
    ],
)
def test_an_unknown_name_is_named_with_the_allowed_ones(
    environment: dict[str, str], named: list[str], tmp_path: Path
) -> None:
    message = refusal(environment, tmp_path)

    assert [name for name in named if name not in message] == []


def test_a_setting_of_another_driver_is_not_called_unknown(tmp_path: Path) -> None:
    message = refusal({"HUB_SERIES__TOKEN": "t"}, tmp_path)

    assert "HUB_SERIES__TOKEN is a setting of another driver" in message
    assert "HUB_SERIES__DRIVER" in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("HUB_HTTP__PORT", "http", id="no-number"),
        pytest.param("HUB_HTTP__PORT", "65536", id="port-too-high"),
        pytest.param("HUB_HTTP__PORT", "-1", id="port-too-low"),
        pytest.param("HUB_HTTP__PORT", "", id="empty"),
        pytest.param("HUB_CLOCK__RATE", "nan", id="not-a-number"),
        pytest.param("HUB_CLOCK__RATE", "inf", id="infinite"),
        pytest.param("HUB_CLOCK__RATE", "0", id="a-clock-that-stands"),
        pytest.param("HUB_CELL", "north/#", id="a-cell-with-a-wildcard"),
        pytest.param("HUB_CELL", "main\n", id="a-cell-with-a-newline"),
        pytest.param("HUB_BROKER__URL", "http://host", id="not-mqtt"),
        pytest.param("HUB_BROKER__URL", "mqtt://host/path", id="a-path"),
        pytest.param("HUB_BROKER__URL", "mqtt://hub:word@host", id="a-password-in-the-address"),
        pytest.param("HUB_BROKER__DRIVER", "rabbit", id="no-such-broker"),
        pytest.param("HUB_SERIES__DRIVER", "paper", id="no-such-store"),
        pytest.param("HUB_BROKER__WINDOW", "0", id="no-window"),
        pytest.param("HUB_SPOOL", "5", id="a-value-for-a-section"),
        pytest.param("HUB_BROKER", "mqtt", id="a-value-for-the-broker"),
        pytest.param("HUB_SERIES", "influx", id="a-value-for-the-series"),
        pytest.param("HUB_CELL__NAME", "main", id="a-section-for-a-value"),
    ],
)
def test_a_bad_value_stops_the_hub_and_is_named(name: str, value: str, tmp_path: Path) -> None:
    assert name.removesuffix("__NAME").removesuffix("__DRIVER") in refusal({name: value}, tmp_path)


@pytest.mark.parametrize("first", ["HUB_BROKER", "HUB_DATA_DIR"])
def test_one_name_is_not_both_a_value_and_a_section(first: str, tmp_path: Path) -> None:
    assert first in refusal({first: "x", f"{first}__URL": "mqtt://host"}, tmp_path)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    message = refusal({"HUB_HTTP__PORT": "x", "HUB_CELL": "A B"}, tmp_path)

    assert "HUB_HTTP__PORT" in message
    assert "HUB_CELL" in message


@pytest.mark.parametrize("driver", ["paper", "rabbit"])
def test_a_driver_that_is_not_there_is_answered_with_those_that_are(
    driver: str, tmp_path: Path
) -> None:
    message = refusal({"HUB_SERIES__DRIVER": driver}, tmp_path)

    assert [known for known in ("sqlite", "influx", "memory") if known not in message] == []


# ----------------------------------------------------------------------------------------- file


def test_the_file_in_the_directory_is_read(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text('cell = "north"\n[broker]\nurl = "mqtt://host"\n')

    settings = load({}, directory=tmp_path)

    assert settings.cell == "north"
    assert isinstance(settings.broker, MqttBroker)


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text("[http]\nport = 1\nhost = '0.0.0.0'\n")

    http = load({"HUB_HTTP__PORT": "2"}, directory=tmp_path).http

    assert (http.port, http.host) == (2, "0.0.0.0")  # noqa: S104 - nothing listens here


def test_a_named_file_takes_the_place_of_the_one_in_the_directory(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text('cell = "here"\n')
    named = tmp_path / "other.toml"
    named.write_text('cell = "there"\n')

    assert load({"HUB_CONFIG": str(named)}, directory=tmp_path).cell == "there"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param("cell = ", "hub.toml", id="not-toml"),
        pytest.param("[http]\nprot = 1\n", "HUB_HTTP__PROT", id="an-unknown-name"),
        pytest.param("[http]\nport = 'x'\n", "HUB_HTTP__PORT", id="a-bad-value"),
        pytest.param("broker = 'mqtt'\n", "HUB_BROKER", id="a-value-for-the-broker"),
        pytest.param("series = 7\n", "HUB_SERIES", id="a-value-for-the-series"),
        pytest.param(
            "[series]\ndriver = 'influx'\ntoken_file = 7\n", "'7'", id="a-number-for-a-path"
        ),
    ],
)
def test_a_file_with_a_mistake_stops_the_hub(text: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text(text)

    assert named in refusal({}, tmp_path)


def test_a_named_file_that_is_not_there_stops_the_hub(tmp_path: Path) -> None:
    assert "gone.toml" in refusal({"HUB_CONFIG": str(tmp_path / "gone.toml")}, tmp_path)


# -------------------------------------------------------------------------------------- secrets


def with_secrets(tmp_path: Path) -> Settings:
    return load(
        {
            "HUB_BROKER__URL": "mqtt://host",
            "HUB_BROKER__PASSWORD": SECRET,
            "HUB_SERIES__URL": "http://host:8086",
            "HUB_SERIES__TOKEN": SECRET,
            "HUB_RECORDS__URL": f"postgresql+asyncpg://hub:{SECRET}@host/hub",
        },
        directory=tmp_path,
    )


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{SECRET}\n")
    environment = {
        "HUB_SERIES__DRIVER": "influx",
        "HUB_SERIES__TOKEN_FILE": str(tmp_path / "token"),
    }

    series = load(environment, directory=tmp_path).series

    assert isinstance(series, InfluxSeries)
    assert series.token is not None
    assert series.token.get_secret_value() == SECRET


def test_a_secret_file_that_is_not_there_stops_the_hub(tmp_path: Path) -> None:
    gone = {"HUB_SERIES__DRIVER": "influx", "HUB_SERIES__TOKEN_FILE": str(tmp_path / "gone")}

    assert str(tmp_path / "gone") in refusal(gone, tmp_path)


def test_a_path_that_ends_in_file_stays_a_path(tmp_path: Path) -> None:
    environment = {"HUB_BROKER__URL": "mqtts://host", "HUB_BROKER__CA_FILE": "/etc/ca.pem"}

    broker = load(environment, directory=tmp_path).broker

    assert isinstance(broker, MqttBroker)
    assert broker.ca_file == Path("/etc/ca.pem")


@pytest.mark.parametrize("form", ["{}", "{!r}", "{!s}"])
def test_no_secret_is_shown(form: str, tmp_path: Path) -> None:
    settings = with_secrets(tmp_path)

    shown = form.format(settings)

    assert "mqtt://host" in shown
    assert SECRET not in shown


def test_no_secret_is_in_a_refusal(tmp_path: Path) -> None:
    environment = {
        "HUB_BROKER__URL": f"mqtt://hub:{SECRET}@host",
        "HUB_BROKER__PASSWORD": SECRET,
        "HUB_BROKER__WINDOW": "-1",
        "HUB_SERIES__PASSWORD": SECRET,
    }

    assert SECRET not in refusal(environment, tmp_path)


def test_nothing_is_changed_after_the_start(tmp_path: Path) -> None:
    settings = load({}, directory=tmp_path)

    with pytest.raises(ValueError, match="frozen"):
        settings.cell = "other"  # type: ignore[misc]  # that it is refused is the point


# ---------------------------------------------------------------------------------------- names


def test_the_names_are_those_of_every_driver_and_of_secret_files() -> None:
    known = set(names())

    assert {
        "HUB_DATA_DIR",
        "HUB_BROKER__DRIVER",
        "HUB_BROKER__PORT",
        "HUB_BROKER__URL",
        "HUB_BROKER__PASSWORD",
        "HUB_BROKER__PASSWORD_FILE",
        "HUB_SERIES__TOKEN_FILE",
        "HUB_SERIES__BUCKET",
        "HUB_RECORDS__URL",
        "HUB_HTTP__PORT",
    } <= known
    assert "HUB_HTTP__PORT_FILE" not in known
