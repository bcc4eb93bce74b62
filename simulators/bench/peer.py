"""What a user writes by hand: paho, pydantic, influxdb-client with batched writes; nothing synced.

Decodes, compares with thresholds, stores, publishes an alert when a limit is crossed. A process of
its own, as the hub is; its settings come as one JSON line on standard input.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

from influxdb_client import InfluxDBClient, Point, WriteApi, WriteOptions, WritePrecision
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from pydantic import BaseModel, Field

from hub.errors import MisconfiguredError


class Values(BaseModel):
    heart_rate: float | None = Field(default=None, ge=25, le=240)
    cadence: float | None = Field(default=None, ge=0, le=300)
    speed: float | None = Field(default=None, ge=0, le=50)
    altitude: float | None = Field(default=None, ge=-500, le=9000)
    steps: int | None = Field(default=None, ge=0)
    skin_temperature: float | None = Field(default=None, ge=0, le=50)
    battery: float | None = Field(default=None, ge=0, le=100)
    worn: bool | None = None


class Telemetry(BaseModel):
    ts: int
    seq: int
    boot: str
    values: Values


THRESHOLDS = {"heart_rate": 120.0, "skin_temperature": 39.0, "spo2": 101.0}


def _for_1x(influx: InfluxDBClient, database: str) -> None:
    """InfluxDB before 1.8 has no `/api/v2/write`: send the client's lines to its `/write`."""
    api: Any = influx.api_client
    call = api.call_api

    def call_api(path: str, method: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as generated
        if path == "/api/v2/write":
            path, args = "/write", (args[0], [("db", database), ("precision", "ms")], *args[2:])
        return call(path, method, *args, **kwargs)

    api.call_api = call_api


def handler(write: WriteApi, database: str) -> Callable[[Client, object, MQTTMessage], None]:
    over: set[str] = set()

    def on_message(client: Client, _: object, message: MQTTMessage) -> None:
        if not message.topic.endswith("/up/telemetry"):
            return
        device = message.topic.split("/")[3]
        telemetry = Telemetry.model_validate_json(message.payload)
        point = Point("watch").tag("device", device).time(telemetry.ts, WritePrecision.MS)
        values = telemetry.values.model_dump(exclude_none=True)
        for name, value in values.items():
            point.field(name, value)
        write.write(bucket=database, record=point)
        exceeded = any(values.get(name, 0) > limit for name, limit in THRESHOLDS.items())
        if exceeded and device not in over:
            over.add(device)
            alert = {"id": f"{device}-{telemetry.ts}", "name": "alert", "args": {"step": 0}}
            topic = message.topic.replace("/up/telemetry", "/down/command")
            client.publish(topic, json.dumps(alert), qos=1)
        elif not exceeded:
            over.discard(device)

    return on_message


def main() -> None:
    opening = json.loads(sys.stdin.readline())
    influx = InfluxDBClient(opening["influx"], token="-", org="cx")  # noqa: S106 - 1.x asks for none
    _for_1x(influx, opening["database"])
    write = influx.write_api(WriteOptions(batch_size=1000, flush_interval=200))
    client = Client(CallbackAPIVersion.VERSION2, opening["client"], clean_session=False)
    client.username_pw_set(opening["user"], opening["password"])
    client.on_message = handler(write, opening["database"])

    def on_connect(client: Client, *_: object) -> None:
        client.subscribe(opening["topic"], qos=1)

    def on_subscribe(*_: object) -> None:
        sys.stdout.write("{}\n")
        sys.stdout.flush()

    client.on_connect = on_connect
    client.on_subscribe = on_subscribe
    if client.connect(opening["host"], opening["port"], keepalive=600):
        message = "the broker does not take the hand-written script"
        raise MisconfiguredError(message)
    client.loop_forever()


if __name__ == "__main__":
    main()
