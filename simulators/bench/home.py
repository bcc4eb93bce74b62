"""A household with watches at a hub, made through its command line and API."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from hub.errors import UnavailableError
from simulators.bench.servers import Hub

EMAIL, PASSWORD = "bench@example.org", "bench-bench"
LIMIT: Mapping[str, Any] = {
    "property": "heart_rate",
    "limit": 120,
    "hysteresis": 0,
    "dwell_s": 0,
    "recurrence_s": 0,
}
"""Raised at the first reading over it, cleared at the first one under it."""


@dataclass(slots=True, kw_only=True)
class Home:
    hub: Hub
    token: str
    household: str

    @classmethod
    def settle(cls, hub: Hub) -> "Home":
        """Add an operator and sign in; the hub must not run yet and does so afterwards."""
        made = hub.command(
            "people", "add", "Bench", "--email", EMAIL, "--operator", secret=PASSWORD
        )
        hub.start()
        home = cls(hub=hub, token="", household=made["household"])
        home.sign_in()
        return home

    def sign_in(self) -> None:
        answer = self.call("POST", "/auth/token", {"email": EMAIL, "password": PASSWORD})
        self.token = answer["access_token"]

    def claim(self, count: int, *households: str) -> Sequence[dict[str, str]]:
        """Return the credentials of so many new watches, shared out evenly over the households."""
        homes = cycle(households or (self.household,))
        lines = [
            json.dumps({"kind": "watch", "name": f"Watch {number}", "household": next(homes)})
            for number in range(count)
        ]
        body = "\n".join(lines).encode()
        answer = self._ask("POST", "/devices/claims/bulk", body, "application/x-ndjson")
        return [json.loads(line) for line in answer.decode().splitlines()]

    def add_household(self, name: str) -> str:
        made: dict[str, str] = self.call("POST", "/households", {"name": name})
        return made["id"]

    def add_rule(self, *, household: str = "", **spec: Any) -> None:  # noqa: ANN401 - JSON
        wish = {"household": household or self.household, "name": "Bench", **spec}
        self.call("POST", "/rules", wish)

    def call(self, method: str, path: str, body: object) -> Any:  # noqa: ANN401 - JSON
        data = json.dumps(body).encode()
        return json.loads(self._ask(method, path, data, "application/json"))

    def _ask(self, method: str, path: str, body: bytes, content_type: str) -> bytes:
        headers = {"Content-Type": content_type}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self.hub.url}/api/v1{path}", body, headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:  # noqa: S310 - loopback
                said: bytes = answer.read()
                return said
        except urllib.error.HTTPError as error:
            message = f"{method} {path}: {error.read().decode()[:300]}"
            raise UnavailableError(message) from None
