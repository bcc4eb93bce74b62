"""What is wrong with an installation, for `hub check`."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from hub.adapters.broker.checks import broker_findings
from hub.adapters.broker.embedded_process import nats_server
from hub.adapters.broker.finding import Finding
from hub.adapters.broker.mosquitto_conf import is_loopback
from hub.adapters.records.postgres_checks import postgres_findings
from hub.errors import HubError
from hub.kinds import find_kinds
from hub.main.parts import mosquitto_gate, records_of, series_of
from hub.model import Topics
from hub.settings import EmbeddedBroker, Settings

LEAST_FREE = 1 << 30
"""Bytes: a day without the series store needs room for the spool."""


async def findings(settings: Settings, *, configuration: Path | None) -> Sequence[Finding]:
    """Return everything that costs data or safety here, worst first."""
    return [
        *_disk(settings),
        *_kinds(),
        *await _broker(settings, configuration),
        *await _series(settings),
        *await _records(settings),
    ]


def _disk(settings: Settings) -> Sequence[Finding]:
    directory = settings.data_dir
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        mode, free = directory.stat().st_mode, shutil.disk_usage(directory).free
    except OSError as error:
        return [
            Finding(
                what=f"the data directory {directory} cannot be used: {error}",
                why="nothing can be kept",
                mend="set HUB_DATA_DIR to a directory that the hub may write",
            )
        ]
    found = []
    if mode & 0o077:
        found.append(
            Finding(
                what=f"others may look into the data directory {directory}",
                why="it holds the signing key and what people's devices said",
                mend=f"chmod 700 {directory}",
            )
        )
    if free < LEAST_FREE:
        found.append(
            Finding(
                what=f"{free >> 20} MB are free in {directory}",
                why="on a full disk the hub stops acknowledging",
                mend="make room, or move the data directory",
            )
        )
    return found


def _kinds() -> Sequence[Finding]:
    if find_kinds():
        return []
    return [
        Finding(
            what="no device kind is installed",
            why="everything a device says would be refused",
            mend="install this package again, with its entry points",
        )
    ]


async def _broker(settings: Settings, configuration: Path | None) -> Sequence[Finding]:
    chosen = settings.broker
    try:
        if isinstance(chosen, EmbeddedBroker):
            nats_server()
            return _embedded_wire(chosen.host)
        topics = Topics(root=chosen.topic_root, cell=settings.cell)
        gate = mosquitto_gate(chosen, topics) if chosen.gatekeeper == "mosquitto" else None
        return await broker_findings(
            chosen, topics=topics, gatekeeper=gate, configuration=configuration
        )
    except HubError as error:
        return [_away("broker", error, "HUB_BROKER__URL and its user names")]


def _embedded_wire(host: str) -> Sequence[Finding]:
    if is_loopback(host):
        return []
    return [
        Finding(
            what=f"the embedded broker listens at {host} without TLS",
            why="tokens and readings can be read on the way",
            mend="keep it on 127.0.0.1, or use Mosquitto with TLS (docs/guides/mosquitto.md)",
        )
    ]


async def _series(settings: Settings) -> Sequence[Finding]:
    series = series_of(settings)
    try:
        await series.open()
    except HubError as error:
        return [_away("series store", error, "HUB_SERIES__URL and HUB_SERIES__TOKEN")]
    finally:
        await series.close()
    return []


async def _records(settings: Settings) -> Sequence[Finding]:
    try:
        records = records_of(settings)
        try:
            await records.open()
            return await postgres_findings(records.database)
        finally:
            await records.close()
    except HubError as error:
        return [_away("record store", error, "HUB_RECORDS__URL")]


def _away(part: str, error: HubError, setting: str) -> Finding:
    return Finding(
        what=f"the {part} cannot be used: {error}",
        why="the hub would wait for it, or not start",
        mend=f"start it, or look at {setting}",
    )
