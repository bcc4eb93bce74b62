"""The MQTT adapter over TLS, with certificates of an authority made for the test."""

import datetime as dt
import ipaddress
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.adapters.broker.options import TlsFiles
from hub.errors import MisconfiguredError
from hub.ports import Publication
from tests.contracts.broker_servers import Mosquitto
from tests.contracts.broker_sites import DOWN, MqttSite, collect

pytestmark = pytest.mark.broker


def write_certificate(folder: Path) -> None:
    """Write `cert.pem`, signed by itself and good for 127.0.0.1, and `key.pem`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test broker")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[MqttSite]:
    """Return a site whose hub speaks TLS to Mosquitto; its devices have a plain listener."""
    write_certificate(tmp_path)
    server = Mosquitto(tmp_path / "broker")
    secure = server.add_tls(certificate=tmp_path / "cert.pem", key=tmp_path / "key.pem")
    async with MqttSite.at(server) as site:
        tls = TlsFiles(ca_file=tmp_path / "cert.pem")
        site.options = replace(site.options, port=secure, tls=tls)
        yield site


async def test_receives_and_publishes_over_tls(site: MqttSite) -> None:
    hub = await site.hub()
    payloads = [b"%d" % number + b"x" * 300 for number in range(2000)]
    await site.send(*payloads)
    assert [delivery.payload for delivery in await collect(hub, 2000)] == payloads
    async with site.listening() as heard:
        await hub.publish([Publication(topic=DOWN, payload=payload) for payload in payloads])
        assert list(await heard(2000)) == payloads


async def test_a_broker_of_an_unknown_authority_is_not_trusted(site: MqttSite) -> None:
    hub = site.broker(replace(site.options, tls=TlsFiles()))
    with pytest.raises(MisconfiguredError, match="not to be trusted"):
        await hub.open()


async def test_a_missing_authority_file_is_the_operators_matter(
    site: MqttSite, tmp_path: Path
) -> None:
    hub = site.broker(replace(site.options, tls=TlsFiles(ca_file=tmp_path / "none.pem")))
    with pytest.raises(MisconfiguredError, match="TLS files"):
        await hub.open()
