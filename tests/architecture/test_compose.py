"""`compose.yaml` says what the settings understand, and its broker is the one the hub expects."""

import asyncio
import re
import secrets
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiomqtt
import pytest
import yaml

from hub.adapters.gatekeeper.dynsec_file import ACCESS_FILE, RIGHTS_FILE
from hub.adapters.gatekeeper.mosquitto import MosquittoGatekeeper
from hub.adapters.gatekeeper.tokens import hash_token, new_token
from hub.model import Topics
from hub.settings import InfluxSeries, MqttBroker, Settings, load, names
from tests.contracts.mosquitto_process import SHIPPED, hand_over, mosquitto

ROOT = Path(__file__).parents[2]
IN_CONTAINER = "/run/secrets/"
LONG_RUNNING = ("mosquitto", "influxdb", "hub")

Service = Mapping[str, Any]


@pytest.fixture(scope="module")
def compose() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


@pytest.fixture
def services(compose: Mapping[str, Any]) -> Mapping[str, Service]:
    found: Mapping[str, Service] = compose["services"]
    return found


@pytest.fixture
def secret_files(compose: Mapping[str, Any], tmp_path: Path) -> Mapping[str, Path]:
    """Files like those that the comment in `compose.yaml` has the operator make."""
    files = {name: tmp_path / "secrets" / name for name in compose["secrets"]}
    (tmp_path / "secrets").mkdir()
    for path in files.values():
        path.write_text(secrets.token_hex(32) + "\n")
    return files


@pytest.fixture
def settings(services: Mapping[str, Service], secret_files: Mapping[str, Path]) -> Settings:
    environment = {
        name: on_this_machine(value, secret_files)
        for name, value in services["hub"]["environment"].items()
    }
    return load(environment, directory=ROOT / "tests")


def on_this_machine(value: str, secret_files: Mapping[str, Path]) -> str:
    before, found, name = value.partition(IN_CONTAINER)
    return before + str(secret_files[name]) if found else value


def mounts(service: Service) -> Mapping[str, str]:
    """Return what is mounted, by the path inside."""
    parts = [volume.split(":") for volume in service.get("volumes", ())]
    return {inside: outside for outside, inside, *_ in parts}


def named_secrets(service: Service) -> Iterator[str]:
    """Yield the names of the secrets that the service reads."""
    texts = [*service.get("environment", {}).values(), *service.get("entrypoint", ())]
    for text in texts:
        yield from re.findall(IN_CONTAINER + r"(\w+)", str(text))


def test_every_variable_is_a_setting(services: Mapping[str, Service]) -> None:
    assert set(services["hub"]["environment"]) <= set(names())


def test_the_hub_is_told_of_both_neighbours(
    settings: Settings, services: Mapping[str, Service]
) -> None:
    assert isinstance(settings.broker, MqttBroker)
    assert isinstance(settings.series, InfluxSeries)
    assert urlsplit(settings.broker.url).hostname in services
    assert urlsplit(settings.series.url).hostname in services
    influx = services["influxdb"]["environment"]
    assert influx["DOCKER_INFLUXDB_INIT_ORG"] == settings.series.org
    assert influx["DOCKER_INFLUXDB_INIT_BUCKET"] == settings.series.bucket


def test_the_ports_are_those_of_the_settings(
    settings: Settings, services: Mapping[str, Service]
) -> None:
    assert isinstance(settings.broker, MqttBroker)
    assert isinstance(settings.series, InfluxSeries)
    expected = {
        "hub": settings.http.port,
        "mosquitto": urlsplit(settings.broker.url).port,
        "influxdb": urlsplit(settings.series.url).port,
    }
    inside = {name: services[name]["ports"][0].rpartition(":")[2] for name in LONG_RUNNING}
    assert {name: int(port) for name, port in inside.items()} == expected
    plain = (SHIPPED.parent / "conf.d" / "plain.conf").read_text()
    assert f"listener {expected['mosquitto']}\n" in plain


def test_nothing_is_published_to_other_machines(services: Mapping[str, Service]) -> None:
    published = [port for service in services.values() for port in service.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_every_secret_comes_from_a_file(
    compose: Mapping[str, Any], services: Mapping[str, Service]
) -> None:
    for service in services.values():
        assert set(named_secrets(service)) == set(service.get("secrets", ()))
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|SECRET", name):
                assert name.endswith("_FILE"), name
                assert value.startswith(IN_CONTAINER)
    assert set(compose["secrets"]) == {
        name for service in services.values() for name in service.get("secrets", ())
    }
    for name, secret in compose["secrets"].items():
        assert secret == {"file": f"./secrets/{name}"}


def test_both_sides_of_a_login_read_the_same_secret(services: Mapping[str, Service]) -> None:
    hub, influx = services["hub"]["environment"], services["influxdb"]["environment"]
    setup = " ".join(services["broker-setup"]["entrypoint"])
    assert hub["HUB_SERIES__TOKEN_FILE"] == influx["DOCKER_INFLUXDB_INIT_ADMIN_TOKEN_FILE"]
    assert f"--hub-password-file={hub['HUB_BROKER__PASSWORD_FILE']}" in setup
    assert f"--admin-password-file={hub['HUB_BROKER__GATEKEEPER_PASSWORD_FILE']}" in setup


def test_whoever_keeps_running_is_watched_and_waited_for(
    services: Mapping[str, Service],
) -> None:
    for name in LONG_RUNNING:
        assert services[name]["healthcheck"]["test"][0] == "CMD"
        assert services[name]["restart"] == "unless-stopped"
    waits = services["hub"]["depends_on"]
    assert {name: wait["condition"] for name, wait in waits.items()} == {
        "mosquitto": "service_healthy",
        "influxdb": "service_healthy",
    }
    assert services["mosquitto"]["depends_on"] == {
        "broker-setup": {"condition": "service_completed_successfully"}
    }


def test_the_volumes_are_declared_and_the_files_are_there(
    compose: Mapping[str, Any], services: Mapping[str, Service]
) -> None:
    outside = {path for service in services.values() for path in mounts(service).values()}
    files = {path for path in outside if path.startswith("./")}
    assert outside - files == set(compose["volumes"])
    assert all((ROOT / path).exists() for path in files)


def test_the_brokers_paths_are_mounted(services: Mapping[str, Service]) -> None:
    service = services["mosquitto"]
    inside = set(mounts(service))
    home = service["working_dir"]
    assert service["command"][-1] in inside
    assert (ROOT / mounts(service)[service["command"][-1]]).resolve() == SHIPPED
    conf = dict(
        line.split(maxsplit=1)
        for line in SHIPPED.read_text().splitlines()
        if line and not line.startswith("#")
    )
    assert conf["plugin_opt_config_file"] == f"rights/{RIGHTS_FILE}"
    assert conf["acl_file"] == f"rights/{ACCESS_FILE}"
    for folder in ("rights", conf["persistence_location"].rstrip("/"), conf["include_dir"]):
        assert f"{home}/{folder}" in inside


def test_the_hub_writes_where_the_volumes_are(
    settings: Settings, services: Mapping[str, Service]
) -> None:
    assert isinstance(settings.broker, MqttBroker)
    inside = mounts(services["hub"])
    assert str(settings.data_dir.parent) in inside
    assert str(settings.broker.rights_dir) in inside
    assert (
        inside[str(settings.broker.rights_dir)]
        == mounts(services["mosquitto"])[str(settings.broker.rights_dir)]
    )


def test_the_image_is_built_from_what_is_there_and_starts_what_is_installed() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    copied = [path for line in lines if line.startswith("COPY") for path in line.split()[1:-1]]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) <= set(copied)
    assert [path for path in copied if not (ROOT / path).exists()] == []
    entry = next(line for line in lines if line.startswith("ENTRYPOINT"))
    assert entry == 'ENTRYPOINT ["hub"]'
    assert "hub" in project["project"]["scripts"]
    assert "USER hub" in lines


@pytest.mark.broker
async def test_the_shipped_broker_lets_in_the_hub_and_a_device(
    tmp_path: Path,
    services: Mapping[str, Service],
    secret_files: Mapping[str, Path],
    settings: Settings,
) -> None:
    home = tmp_path / "mosquitto"
    rights = home / "rights"
    rights.mkdir(parents=True)
    hand_over(home)
    set_up = [
        on_this_machine(word, secret_files).replace("/mosquitto/rights", str(rights))
        for word in services["broker-setup"]["entrypoint"]
    ]
    assert set_up[0] == "python"
    await asyncio.to_thread(subprocess.run, [sys.executable, *set_up[1:]], check=True, cwd=ROOT)

    assert isinstance(settings.broker, MqttBroker)
    hub, topics = settings.broker, Topics(root=settings.broker.topic_root, cell=settings.cell)
    assert hub.password is not None
    with mosquitto(home) as broker:
        await broker.start()
        here = hub.model_copy(update={"url": f"mqtt://127.0.0.1:{broker.port}"})
        gatekeeper = MosquittoGatekeeper(here, topics=topics)
        await gatekeeper.open()
        device = hash_token(new_token(), "w-7f3a")
        await gatekeeper.admit([device])
        async with (
            aiomqtt.Client(
                "127.0.0.1",
                broker.port,
                username=hub.username,
                password=hub.password.get_secret_value(),
                identifier=hub.username,
            ) as listener,
            aiomqtt.Client(
                "127.0.0.1",
                broker.port,
                username=device.device,
                password=device.token,
                identifier=device.device,
            ) as watch,
        ):
            await listener.subscribe(topics.subscription, qos=1)
            await watch.publish(f"{topics.base('w-7f3a')}/up/telemetry", b"131", qos=1)
            async with asyncio.timeout(5):
                message = await anext(aiter(listener.messages))
    assert (str(message.topic), message.payload) == ("cx/1/main/w-7f3a/up/telemetry", b"131")
