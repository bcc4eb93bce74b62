"""Unsafe brokers are found, and the one that is shipped is not called unsafe."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.adapters.broker.checks import broker_findings
from hub.adapters.broker.mosquitto_conf import conf_findings, read_conf
from hub.adapters.gatekeeper.dynsec_file import ACCESS_FILE, RIGHTS_FILE, access_rules, device_role
from hub.adapters.gatekeeper.mosquitto import MosquittoGatekeeper
from hub.errors import MisconfiguredError, UnavailableError
from hub.model import Topics
from hub.settings import MqttBroker
from tests.contracts.free_ports import free_port
from tests.contracts.gatekeeper_nats import nats_gate
from tests.contracts.mosquitto_process import (
    SHIPPED,
    Mosquitto,
    mosquitto,
    rights_in,
    settings_for,
)

TOPICS = Topics()
UNSAFE_DYNSEC = """
plugin mosquitto_dynamic_security.so
plugin_opt_config_file rights/dynamic-security.json
"""


@contextmanager
def guarded(directory: Path, configuration: str | None = None) -> Iterator[Mosquitto]:
    rights_in(directory)
    with mosquitto(directory, configuration) as broker:
        yield broker


def change_rights(broker: Mosquitto, *, default: dict[str, bool], role: list[object]) -> None:
    path = broker.directory / "rights" / RIGHTS_FILE
    rights = json.loads(path.read_text())
    rights["defaultACLAccess"] |= default
    for one in rights["roles"]:
        if one["rolename"] == device_role(TOPICS):
            one["acls"] = role
    path.write_text(json.dumps(rights))


async def found(
    broker: Mosquitto, *, gate: bool = False, configuration: Path | None = None
) -> list[str]:
    settings = settings_for(broker.port)
    findings = await broker_findings(
        settings,
        topics=TOPICS,
        gatekeeper=MosquittoGatekeeper(settings, topics=TOPICS) if gate else None,
        configuration=configuration,
    )
    assert all(one.why and one.mend for one in findings)
    return [one.what for one in findings]


@pytest.mark.broker
async def test_the_shipped_broker_is_clean(tmp_path: Path) -> None:
    with guarded(tmp_path) as broker:
        await broker.start()
        copy = tmp_path / "mosquitto.conf"
        copy.write_text(SHIPPED.read_text())
        assert await found(broker, gate=True, configuration=copy) == []


@pytest.mark.broker
async def test_the_check_leaves_no_visitor_behind(tmp_path: Path) -> None:
    with guarded(tmp_path) as broker:
        await broker.start()
        await found(broker, gate=True)
        rights = json.loads((tmp_path / "rights" / RIGHTS_FILE).read_text())
    assert {one["username"] for one in rights["clients"]} == {"hub-main", "hub-main-gate"}


@pytest.mark.broker
async def test_finds_anonymous_access(tmp_path: Path) -> None:
    with mosquitto(tmp_path, "allow_anonymous true\n") as broker:
        await broker.start()
        assert await found(broker) == ["anonymous connections are allowed"]


@pytest.mark.broker
async def test_finds_that_a_device_hears_everything(tmp_path: Path) -> None:
    with guarded(tmp_path, UNSAFE_DYNSEC + "allow_anonymous false\n") as broker:
        change_rights(
            broker,
            default={"publishClientSend": True, "publishClientReceive": True, "subscribe": True},
            role=[],
        )
        await broker.start()
        assert await found(broker, gate=True) == [
            "a device may subscribe to everything",
            "a device may write another's topics",
        ]


@pytest.mark.broker
async def test_finds_that_the_access_file_is_for_another_root(tmp_path: Path) -> None:
    with guarded(tmp_path) as broker:
        (tmp_path / "rights" / ACCESS_FILE).write_text(access_rules(Topics(root="elsewhere")))
        await broker.start()
        assert await found(broker, gate=True) == ["a device may not write its own topics"]


@pytest.mark.broker
async def test_finds_that_the_role_is_for_another_root(tmp_path: Path) -> None:
    with guarded(tmp_path) as broker:
        change_rights(
            broker,
            default={},
            role=[
                {"acltype": "subscribePattern", "topic": "#", "priority": 0, "allow": False},
            ],
        )
        await broker.start()
        assert await found(broker, gate=True) == ["a device may not subscribe to its own topics"]


async def test_finds_a_broker_of_mqtt_3_1_1_and_nothing_else_in_the_embedded(
    tmp_path: Path,
) -> None:
    async with nats_gate(tmp_path) as gate:
        settings = settings_for(gate.port)
        findings = await broker_findings(settings, topics=TOPICS)
    assert [one.what for one in findings] == ["the broker speaks MQTT 3.1.1 only"]


async def test_a_broker_that_is_away_cannot_be_judged() -> None:
    with pytest.raises(UnavailableError):
        await broker_findings(settings_for(free_port()), topics=TOPICS)


@pytest.mark.broker
async def test_finds_that_another_machine_is_reached_without_tls(tmp_path: Path) -> None:
    with mosquitto(tmp_path, "allow_anonymous true\n") as broker:
        await broker.start()
        # The resolver takes it for this machine, the check cannot know that.
        settings = MqttBroker(url=f"mqtt://127.1:{broker.port}")
        findings = await broker_findings(settings, topics=TOPICS)
    assert "the way to 127.1 has no TLS" in {one.what for one in findings}


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ("allow_anonymous true", "anonymous connections are allowed"),
        ("per_listener_settings true", "settings are per listener"),
        ("persistence false", "the broker keeps nothing on disk"),
        ("autosave_interval 1800", "the broker saves seldom"),
        ("autosave_interval 0", "the broker saves seldom"),
        ("max_queued_messages 0", "the queue of a session has no limit"),
        ("max_queued_messages 1000", "a session that is away keeps 1000 messages"),
        ("max_inflight_messages 20", "20 messages are on the way at once, the hub takes 2000"),
        ("max_packet_size 0", "a packet may be of any size"),
        ("max_packet_size 131072", "packets end at 131072 bytes"),
        ("message_size_limit 1000", "there is a limit on messages besides the one on packets"),
        ("listener 1884", "port 1884 listens beyond this machine without TLS"),
    ],
)
def test_finds_in_the_file(tmp_path: Path, changed: str, what: str) -> None:
    path = tmp_path / "mosquitto.conf"
    path.write_text(f"{SHIPPED.read_text()}\n{changed}\n")
    conf = read_conf(path, working_directory=tmp_path)
    assert [one.what for one in conf_findings(conf, window=2000)] == [what]


@pytest.mark.parametrize(
    ("missing", "what"),
    [
        ("acl_file", "there is no access file beside dynamic security"),
        ("persistent_client_expiration", "sessions never expire"),
        ("autosave_interval", "the broker saves seldom"),
        ("max_queued_messages", "a session that is away keeps 1000 messages"),
    ],
)
def test_finds_what_the_file_leaves_to_the_default(tmp_path: Path, missing: str, what: str) -> None:
    path = tmp_path / "mosquitto.conf"
    lines = SHIPPED.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith(missing)))
    conf = read_conf(path, working_directory=tmp_path)
    assert [one.what for one in conf_findings(conf, window=2000)] == [what]


def test_a_listener_with_a_certificate_or_on_this_machine_is_no_finding(tmp_path: Path) -> None:
    path = tmp_path / "mosquitto.conf"
    (tmp_path / "conf.d").mkdir()
    tls = (SHIPPED.parent / "conf.d" / "tls.conf.example").read_text()
    (tmp_path / "conf.d" / "tls.conf").write_text(tls)
    path.write_text(f"{SHIPPED.read_text()}\nlistener 1884 127.0.0.1\n")
    conf = read_conf(path, working_directory=tmp_path)
    assert {one.port for one in conf.listeners()} == {"8883", "1884"}
    assert conf_findings(conf, window=2000) == []


def test_a_file_that_is_not_there_is_the_operators_to_mend(tmp_path: Path) -> None:
    with pytest.raises(MisconfiguredError, match=r"mosquitto\.conf"):
        read_conf(tmp_path / "mosquitto.conf")
