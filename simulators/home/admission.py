"""How the devices of homes come into a hub: through its API, with somebody's account."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from hub.errors import InvalidInputError, RefusedError, UnavailableError
from simulators.chance import chance
from simulators.home.people import resident
from simulators.identities import Broker, Credential, reason_of
from simulators.world import HomePlan

ANSWER_S = 30.0
UNAUTHORISED, FORBIDDEN = 401, 403
PAGE = 500
CHILD_BORN = "2015-05-05"


class _ExpiredError(InvalidInputError):
    """The hub does not know the account, or not any more."""


class Hub:
    """The hub's API, signed in.

    Raises:
        InvalidInputError: the address is not of a hub, or it asks for something else.
        RefusedError: it does not let this account in, or do this.
        UnavailableError: it does not answer.
    """

    def __init__(self, url: str, *, email: str, password: str) -> None:
        if not url.startswith(("http://", "https://")):
            message = f"{url!r} is no hub; give http://host:port"
            raise InvalidInputError(message)
        self._url = url.rstrip("/")
        self._account = {"email": email, "password": password}
        self._token = ""
        self._sign_in()
        self.me: Mapping[str, Any] = self.ask("GET", "/me")

    def ask(self, method: str, path: str, body: object = None, *, once: str = "") -> Any:  # noqa: ANN401 - JSON
        """Return the decoded answer; JSON lines as a list. What is asked `once` has one effect."""
        lines = isinstance(body, bytes)
        content = "application/x-ndjson" if lines else "application/json"
        headers = {"Content-Type": content} | ({"Idempotency-Key": once} if once else {})
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body)
        request = urllib.request.Request(  # noqa: S310 - only http and https get here
            f"{self._url}/api/v1{path}",
            data=data.encode() if isinstance(data, str) else data,
            headers=headers,
            method=method,
        )
        answer = self._signed(request)
        return [json.loads(line) for line in answer.splitlines()] if lines else json.loads(answer)

    def pages(self, path: str) -> Iterator[Mapping[str, Any]]:
        """Yield the items of a list."""
        path += f"{'&' if '?' in path else '?'}limit={PAGE}"
        cursor = ""
        while True:
            page = self.ask("GET", path + cursor)
            yield from page["items"]
            if not page["next_cursor"]:
                return
            cursor = f"&cursor={urllib.parse.quote(page['next_cursor'])}"

    def _sign_in(self) -> None:
        self._token = self.ask("POST", "/auth/token", self._account)["access_token"]

    def _signed(self, request: urllib.request.Request) -> bytes:
        """Answer as the account; a hub whose clock runs fast is soon tired of a token."""
        if not self._token:
            return self._answer(request)
        request.add_header("Authorization", f"Bearer {self._token}")
        try:
            return self._answer(request)
        except _ExpiredError:
            self._token = ""
            self._sign_in()
            request.add_header("Authorization", f"Bearer {self._token}")
            return self._answer(request)

    def _answer(self, request: urllib.request.Request) -> bytes:
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:  # noqa: S310 - as above
                body: bytes = answer.read()
                return body
        except urllib.error.HTTPError as error:
            message = f"the hub refuses {request.selector}: {reason_of(error)}"
            if error.code == FORBIDDEN:
                raise RefusedError(message) from None
            family = _ExpiredError if error.code == UNAUTHORISED else InvalidInputError
            raise family(message) from None
        except OSError as error:
            message = f"no hub answers at {self._url}: {error}"
            raise UnavailableError(message) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    plan: HomePlan
    slot: str
    household: str
    person: str | None

    @property
    def kind(self) -> str:
        return self.slot.partition("/")[0]

    @property
    def owner(self) -> str:
        return self.slot.partition("/")[2]

    def asked(self) -> dict[str, object]:
        name = f"{self.owner}'s {self.kind}" if self.owner else self.kind.capitalize()
        about: dict[str, object] = {"kind": self.kind, "name": name, "household": self.household}
        return about | ({"person": self.person} if self.person else {})


def admit_homes(hub: Hub, plans: Sequence[HomePlan], *, household: str) -> list[Credential]:
    """Claim every device of the homes; without `household` each home becomes a new one.

    In a new one the account is the first grown-up of every home, and children are added; other
    grown-ups have no account by which they could be added, and their devices belong to nobody.
    """
    wanted = [one for plan in plans for one in _wanted(hub, plan, household)]
    # Only an answer to a code says where the broker is.
    by_code = wanted[:1] if hub.me["is_operator"] else wanted
    admitted = [_by_code(hub, one) for one in by_code]
    if wanted[len(by_code) :]:
        body = b"".join(msgspec.json.encode(one.asked()) + b"\n" for one in wanted[len(by_code) :])
        admitted += hub.ask("POST", "/devices/claims/bulk", body)
    url = admitted[0]["broker"]["url"]
    return [_credential(one, found, url) for one, found in zip(wanted, admitted, strict=True)]


def members(hub: Hub, household: str, *, seed: int) -> HomePlan:
    """Return the home of a household that is in the hub, with the people who live there."""
    people = [
        resident(
            chance(seed, one["person"]),
            one["name"].replace("/", " "),
            child=one["role"] == "child",
            person=one["person"],
        )
        for one in hub.pages(f"/households/{household}/members")
        if one["role"] != "guest"
    ]
    return HomePlan(number=1, people=tuple(people))


def owned(hub: Hub, credentials: Sequence[Credential], plan: HomePlan) -> list[Credential]:
    """Return the credentials with what the hub knows of each device: its kind, and whose it is."""
    names = {one.person: one.name for one in plan.people}
    found: list[Credential] = []
    for credential in credentials:
        shown = hub.ask("GET", f"/devices/{credential.device}")
        person = names.get(shown["person"] or "", "")
        found.append(msgspec.structs.replace(credential, home=1, kind=shown["kind"], person=person))
    return found


def _wanted(hub: Hub, plan: HomePlan, household: str) -> Iterator[_Wanted]:
    if household:
        home, known = household, {one.name: one.person for one in plan.people}
    else:
        home, known = _new_household(hub, plan)
    for slot in plan.slots:
        owner = slot.partition("/")[2]
        yield _Wanted(plan=plan, slot=slot, household=home, person=known.get(owner) or None)


def _new_household(hub: Hub, plan: HomePlan) -> tuple[str, dict[str, str]]:
    """Return the id of a new household and the ids of its people by name."""
    home = hub.ask("POST", "/households", {"name": f"Home {plan.number}"})["id"]
    known = {plan.people[0].name: hub.me["id"]}
    for child in (one for one in plan.people if one.child):
        body = {"name": child.name, "birth_date": CHILD_BORN, "role": "child"}
        made = hub.ask("POST", f"/households/{home}/members", body)
        known[child.name] = made["person"]
    return home, known


def _by_code(hub: Hub, wanted: _Wanted) -> Mapping[str, Any]:
    code = hub.ask("POST", "/devices/claims", wanted.asked())["code"]
    taken: Mapping[str, Any] = hub.ask("POST", "/devices/claim", {"code": code})
    return taken


def _credential(wanted: _Wanted, found: Mapping[str, Any], url: str) -> Credential:
    return Credential(
        device=found["device"],
        token=found["token"],
        base=found["base"],
        broker=Broker(url=url),
        kind=wanted.kind,
        home=wanted.plan.number,
        person=wanted.owner,
    )
