import json
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from hub.errors import InvalidInputError, RefusedError, UnavailableError
from simulators.identities import Credential, Wish, identities
from tests.contracts.free_ports import free_port

ANSWER = {
    "device": "w-7f3a",
    "token": "t0ken",
    "base": "cx/1/main/w-7f3a",
    "broker": {"url": "mqtt://127.0.0.1:1883"},
}


class Desk(BaseHTTPRequestHandler):
    """The claim route of a hub that knows one code."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = self.path == "/api/v1/devices/claim" and asked == {"code": "GOOD-CODE"}
        body = ANSWER if known else {"title": "No such code", "detail": "this code is not known"}
        self.send_response(201 if known else 404)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


@pytest.fixture
def hub() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Desk) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,)).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_claims_a_watch_and_keeps_its_credential_for_its_owner_alone(
    hub: str, tmp_path: Path
) -> None:
    path = tmp_path / "credentials"
    (claimed,) = identities(Wish(hub=hub, code="GOOD-CODE", credentials=str(path)))
    assert (claimed.device, claimed.token) == ("w-7f3a", "t0ken")
    assert list(identities(Wish(credentials=str(path)))) == [claimed]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_says_why_the_hub_refuses_a_code(hub: str, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="this code is not known"):
        identities(Wish(hub=hub, code="BAD", credentials=str(tmp_path / "c")))


def test_says_that_no_hub_answers() -> None:
    with pytest.raises(UnavailableError, match="no hub answers"):
        identities(Wish(hub=f"http://127.0.0.1:{free_port()}", code="GOOD-CODE"))


def test_takes_as_many_credentials_as_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "c"
    lines = [{"device": f"w-{n}", "token": "t", "base": f"cx/1/main/w-{n}"} for n in range(5)]
    path.write_text("\n".join(map(json.dumps, lines)))
    found = identities(Wish(credentials=str(path), count=3))
    assert [one.device for one in found] == ["w-0", "w-1", "w-2"]
    with pytest.raises(InvalidInputError, match="6 watches, but 5 credentials"):
        identities(Wish(credentials=str(path), count=6))


def test_never_repeats_a_token_in_an_error(tmp_path: Path) -> None:
    path = tmp_path / "c"
    path.write_text('{"device": "w-1", "token": "s3cret"}')
    with pytest.raises(InvalidInputError, match="line 1") as raised:
        identities(Wish(credentials=str(path)))
    assert "s3cret" not in str(raised.value)


def test_one_watch_by_hand_has_the_usual_base() -> None:
    assert identities(Wish(device="w-1", token="t")) == [
        Credential(device="w-1", token="t", base="cx/1/main/w-1")
    ]
