"""What the hub asks of the outside: Protocols, written for whoever implements them.

Every adapter of a port passes that port's suite in `tests/contracts`. Times named `_ms` are
milliseconds since 1970 UTC.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from hub.model import (
    Alarm,
    Amendment,
    Binding,
    Call,
    Command,
    Condition,
    Contact,
    DeadLetter,
    Device,
    DeviceEvent,
    DeviceState,
    Group,
    Household,
    K,
    Kept,
    Membership,
    Person,
    Rule,
    Sample,
    Service,
    Timer,
    Update,
    Value,
)
from hub.model.made_often import made_often

T = TypeVar("T")

# ---------------------------------------------------------------------------------------- broker


@made_often
@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as the broker handed it over."""

    topic: str
    payload: bytes
    packet: int
    """Its packet id on the batch's connection; 0 where none has to be acknowledged (QoS 0)."""
    retained: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """What had arrived when the hub asked, in order of arrival."""

    connection: int
    """Counts connections; an acknowledgement of an earlier one is discarded."""
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


class Broker(Protocol):
    """A persistent session at an MQTT broker; never acknowledges on its own.

    Reconnects by itself, with jitter, and says lost and regained once each in the log.
    """

    @property
    def connected(self) -> bool: ...

    async def open(self) -> None:
        """Connect and subscribe.

        Raises:
            UnavailableError: the broker does not answer within the time of the settings.
            MisconfiguredError: it answers and refuses us.
        """

    async def receive(self) -> Batch:
        """Return what has arrived, in order; wait while there is nothing. Never an empty batch.

        At most the in-flight window is handed out unacknowledged; the rest waits in the broker.
        A copy of a message still in hand is not handed out a second time on one connection.
        """

    async def acknowledge(self, batch: Batch) -> None:
        """Let the broker forget the batch; does nothing for a batch of an earlier connection."""

    async def publish(self, publications: Sequence[Publication]) -> None:
        """Hand all to the broker and return when it has them (PUBACK for QoS 1).

        Raises:
            UnavailableError: not all were taken; publish them all again.
        """

    async def close(self) -> None:
        """Disconnect and keep the session."""


# ------------------------------------------------------------------------------------ gatekeeper


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What the hub keeps of a device's token: never the token."""

    device: str
    salt: bytes
    """12 bytes; Mosquitto leaves out a client whose salt has another length."""
    iterations: int
    hash: bytes
    """PBKDF2-HMAC-SHA512 of the token, 64 bytes: the form Mosquitto keeps too."""
    token: str | None = field(default=None, repr=False, compare=False)
    """The token itself, only on the way from a claim or a rotation to the gatekeeper; never kept.

    Mosquitto takes nothing else while it runs.
    """


class Credentials(Protocol):
    """Where a gatekeeper that asks at every connection looks a device up."""

    async def credential(self, device: str) -> Credential | None:
        """Return the device's credential; None if there is none or it was revoked."""


class Gatekeeper(Protocol):
    """Who may connect to the broker, and to which topics; changes are live.

    A device connects with its id as user name and client id and its token as password, writes
    `{base}/up/#` and reads `{base}/down/#`, nothing else.
    """

    async def open(self) -> None:
        """Begin; bring the broker in line with `sync`'s last word if it keeps rights itself."""

    async def admit(self, credentials: Sequence[Credential]) -> None:
        """Let these devices in from now on, replacing older credentials of the same devices."""

    async def revoke(self, device: str) -> None:
        """Shut the device out and cut its live session, both within five seconds."""

    async def sync(self, credentials: Sequence[Credential]) -> None:
        """Make exactly these devices the admitted ones, as after a lost broker file."""

    async def close(self) -> None: ...


# ---------------------------------------------------------------------------------- series store


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedSample:
    """A sample, or one value of it, that the store will never take."""

    sample: Sample
    """Only the values that were refused."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesQuery:
    """One property of one device over [start, end)."""

    device: str
    kind: str
    property: str
    start_ms: int
    end_ms: int
    every_ms: int | None = None
    """Width of a bucket, aligned to 1970; None asks for raw points."""
    aggregate: str = "mean"
    """`mean`, `min`, `max`, `sum`, `count`, `first` or `last`, where `every_ms` is given."""
    limit: int = 10_000
    """The oldest this many."""


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    at_ms: int
    """Of a bucket: its start."""
    value: Value
    received_ms: int | None = None
    """Hub time of receipt, for raw points."""


class SeriesStore(Protocol):
    """The devices' time series.

    One point is (kind, device, at_ms) with one field a property, a field `received` (ms between
    the device's time and the hub's) and, only where it is not good, a string field `quality`.
    """

    async def open(self) -> None:
        """Make what is missing (bucket or database, retention, tables).

        Raises:
            UnavailableError: the store does not answer; call again.
            MisconfiguredError: it answers and refuses us.
        """

    async def write(self, samples: Sequence[Sample]) -> Sequence[RefusedSample]:
        """Store the samples durably; return those that never can be.

        Writing again what is there changes nothing. Of two different values at one device,
        property and time the first stays and the second is returned with the reason `conflict`;
        a store need look for one only in samples marked `late`, and within this call.

        Raises:
            UnavailableError: nothing can be said of any of them; write them all again.
        """

    async def read(self, query: SeriesQuery) -> Sequence[SeriesPoint]:
        """Return the points, oldest first.

        Raises:
            UnavailableError: the store does not answer.
            InvalidInputError: this aggregate does not fit this property's type.
        """

    async def delete(self, device: str, *, kind: str, start_ms: int, end_ms: int) -> None:
        """Remove the device's points in [start, end) from this store.

        Raises:
            UnavailableError: the store does not answer; call again.
        """

    async def close(self) -> None: ...


# ---------------------------------------------------------------------------------- record store


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolGroup:
    """The samples of one commit, waiting for the series store."""

    position: int
    samples: tuple[Sample, ...]


class Journal(Protocol):
    """What the cell's worker and its effects need of the records."""

    async def load(self, devices: Collection[str]) -> Mapping[str, DeviceState]:
        """Return the states of those devices that exist and are not revoked."""

    async def rules(self, *, households: Collection[str] | None = None) -> Sequence[Rule]:
        """Return the rules of these households, or all."""

    async def known_events(
        self, events: Collection[tuple[str, str]]
    ) -> Collection[tuple[str, str]]:
        """Return which (device, event id) are recorded already."""

    async def commit(self, group: Group) -> int:
        """Write the group in one synced transaction; return the spool position after it.

        Raises:
            UnavailableError: nothing was written (disk full, database locked or away).
        """

    async def spooled(self, *, after: int, limit: int = 50) -> Sequence[SpoolGroup]:
        """Return the groups behind position `after`, oldest first; a torn one is set aside."""

    async def spool_cursor(self) -> int: ...

    async def advance_spool(
        self, position: int, *, dead_letters: Sequence[DeadLetter] = ()
    ) -> None:
        """Forget the groups up to `position`; they are in the series store."""

    async def spool_backlog(self) -> tuple[int, int | None]:
        """Return (samples waiting, hub time ms of the oldest one)."""

    async def open_commands(self) -> Sequence[Command]:
        """Return every command that is not final, in order of issue."""

    async def due_timers(self, *, now_ms: int, limit: int = 500) -> Sequence[Timer]: ...

    async def next_timer_ms(self) -> int | None: ...

    async def amendments(self, *, limit: int = 50) -> Sequence[Amendment]: ...

    async def alarms_of(self, *, rule: str, device: str, from_ms: int) -> Sequence[Alarm]:
        """Return the alarms, withdrawn ones too, that were active at `from_ms` or opened later."""

    async def checkpoint(self, *, rule: str, device: str, before_ms: int) -> Condition | None:
        """Return the newest kept condition whose head is before `before_ms`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim code that somebody made: worth one device, for ten minutes, five tries."""

    code_hash: str
    """SHA-256 of the code, hexadecimal."""
    kind: str
    household: str
    person: str | None
    """Whom the device will be bound to."""
    name: str
    created_by: str
    expires_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How a person signs in."""

    person: str
    email: str
    """In lower case."""
    password_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A refresh token handed out; used once, its use replaces it."""

    token_hash: str
    person: str
    family: str
    """All sessions that grew from one sign-in; a token used twice ends its family."""
    expires_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One read of personal data, for the access log."""

    reader: str
    subject: str
    purpose: str
    what: str
    at_ms: int
    allowed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to an unsafe request, kept for its Idempotency-Key."""

    key: str
    person: str
    request_hash: str
    status: int
    body: bytes
    at_ms: int


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    items: tuple[T, ...]
    next_cursor: str | None = None
    """Opaque; None on the last page."""


class People(Protocol):
    """People, households, how they sign in, and who read what."""

    async def add_person(self, person: Person, *, account: Account | None = None) -> None:
        """Raises RefusedError where the id or the address is taken."""

    async def update_person(self, person: Person) -> None: ...

    async def person(self, person: str) -> Person | None: ...

    async def account(self, email: str) -> Account | None: ...

    async def add_household(self, household: Household, *, owner: str) -> None: ...

    async def household(self, household: str) -> Household | None: ...

    async def set_membership(self, membership: Membership) -> None: ...

    async def end_membership(self, *, household: str, person: str) -> None: ...

    async def memberships(
        self, *, person: str | None = None, household: str | None = None
    ) -> Sequence[Membership]: ...

    async def put_contact(self, contact: Contact) -> None:
        """Add the contact or replace what is known of it.

        Raises:
            RefusedError: one of the two is no person.
        """

    async def end_contact(self, *, person: str, contact: str) -> None: ...

    async def contacts(
        self, *, person: str | None = None, contact: str | None = None
    ) -> Sequence[Contact]: ...

    async def add_session(self, session: Session) -> None: ...

    async def use_session(self, token_hash: str, *, now_ms: int) -> Session | None:
        """Take the session once. One used before ends its whole family, and is None."""

    async def end_sessions(self, person: str) -> None: ...

    async def session_open(self, family: str, *, now_ms: int) -> bool:
        """Return whether this sign-in still holds: it has not ended and can be refreshed."""

    async def note_access(self, access: Access) -> None: ...

    async def accesses(
        self, *, subject: str, limit: int, cursor: str | None = None
    ) -> Page[Access]: ...

    async def answer(self, *, key: str, person: str) -> Answer | None: ...

    async def keep_answer(self, answer: Answer) -> bool:
        """Return False where another request with this key was quicker."""


class Devices(Protocol):
    """The registry of devices: claims, names, tokens, bindings."""

    async def add_claims(self, claims: Sequence[Claim]) -> None: ...

    async def take_claim(self, code_hash: str, *, now_ms: int) -> Claim | None:
        """Take the claim in one step; None where there is none, or it is used or too old."""

    async def add_devices(
        self, devices: Sequence[Device], *, credentials: Sequence[Credential], rules: Sequence[Rule]
    ) -> None:
        """Add devices with their tokens' hashes and the default rules of their kinds."""

    async def bind(self, binding: Binding) -> None:
        """End the device's running binding, if any, and begin this one."""

    async def device(self, device: str) -> Device | None:
        """Return the device, revoked or not."""

    async def bindings(self, device: str) -> Sequence[Binding]:
        """Return all, oldest first."""

    async def devices(
        self,
        *,
        households: Collection[str] | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> Page[Device]: ...

    async def rename(self, device: str, name: str) -> None: ...

    async def set_credential(self, credential: Credential) -> None: ...

    async def revoke(self, device: str, *, now_ms: int) -> None: ...

    async def credential(self, device: str) -> Credential | None: ...

    async def credentials(self) -> Sequence[Credential]: ...


class Lists(Protocol):
    """What the companion API lists and looks up; newest first unless said otherwise."""

    async def events(
        self, *, device: str, limit: int = 100, cursor: str | None = None
    ) -> Page[DeviceEvent]: ...

    async def command(self, command: str) -> Command | None: ...

    async def commands(
        self, *, device: str, limit: int = 100, cursor: str | None = None
    ) -> Page[Command]: ...

    async def alarm(self, alarm: str) -> Alarm | None: ...

    async def alarms(
        self,
        *,
        devices: Collection[str] | None = None,
        active: bool | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> Page[Alarm]:
        """Withdrawn ones are left out."""

    async def dead_letters(
        self, *, device: str | None = None, limit: int = 100, cursor: str | None = None
    ) -> Page[DeadLetter]: ...

    async def dead_letter(self, dead_letter: str) -> DeadLetter | None: ...

    async def end_dead_letter(self, dead_letter: str) -> None: ...


class Shelves(Protocol):
    """Things with an identity, each class on a shelf of its own; commits put them there."""

    async def open_things(self) -> Sequence[Kept]:
        """Return everything that is held in memory, in order of issue."""

    async def thing(self, kind: type[K], identity: str) -> K | None: ...

    async def things(  # noqa: PLR0913 - what a list may be narrowed by
        self,
        kind: type[K],
        *,
        households: Collection[str] | None = None,
        subject: str | None = None,
        person: str | None = None,
        is_open: bool | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> Page[K]:
        """Return things of this class, newest first.

        `subject` is what one is about: a run's link, a change's device, an order's service, …;
        `hub.adapters.records.shelves` says it of each class.
        """

    async def known_hook(self, service: str, hook: str) -> bool:
        """Return whether this webhook of the partner was taken already."""


class RecordStore(Journal, People, Devices, Lists, Shelves, Protocol):
    """Everything the hub must not forget; one database behind all five."""

    async def open(self) -> None:
        """Connect and bring the schema up to date.

        Raises:
            UnavailableError: the database does not answer.
            MisconfiguredError: it is of a newer hub, or refuses us.
        """

    async def tidy(self, *, now_ms: int, dead_letters_since_ms: int, history_since_ms: int) -> bool:
        """Forget some of what has ended: claims, sessions, answers, old or too many dead letters.

        Of links' runs, twins' changes and moments those before `history_since_ms`.

        Returns whether more is left; each call is short.
        """

    async def close(self) -> None: ...


# ------------------------------------------------------------------------------------- partners


class Partner(Protocol):
    """The contract with one kind of outside service, spoken over the network.

    Never retries, never waits for its turn: that is the outbox's. What is sent carries the call's
    id as `Idempotency-Key` and is signed with the service's secret.
    """

    async def send(self, service: Service, call: Call) -> Update:
        """Return the partner's answer to a call; the same call again gives the same answer.

        Raises:
            UnavailableError: no answer, or one that says to come again (`retry_after_s`).
            RefusedError: the partner understood and declined; sending it again is of no use.
            InvalidInputError: the address is not one that may be called, or the answer makes no
                sense; a person has to look.
        """

    def heard(
        self, service: Service, headers: Mapping[str, str], body: bytes
    ) -> tuple[str, Update]:
        """Return a webhook's own id and what it says, its signature checked on the raw body.

        Raises:
            RefusedError: not signed by this service, or too old.
            InvalidInputError: signed, and makes no sense.
        """

    async def close(self) -> None: ...


# ------------------------------------------------------------------------------------ conditions


class ExpressionLanguage(Protocol):
    """Conditions that people write as text, over the facts that `docs/links.md` lists."""

    def check(self, expression: str) -> None:
        """Do nothing where the expression can be a condition.

        Raises:
            InvalidInputError: it is too long, does not compile, or is no condition.
        """

    def holds(self, expression: str, facts: Mapping[str, object]) -> bool:
        """Return what the expression says of the facts.

        Raises:
            InvalidInputError: as `check`; or it cannot be worked out of these facts.
        """


# ----------------------------------------------------------------------------------------- clock


class Clock(Protocol):
    """The hub's time; a drill may let it run faster."""

    def now_ms(self) -> int: ...

    async def sleep(self, seconds: float) -> None:
        """Sleep for `seconds` of this clock."""
