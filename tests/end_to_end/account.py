"""One watch's run, told by the hub's API and by the wrist, beside what the oracle expects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.end_to_end.home import Home, ms, plain
from tests.end_to_end.watch_process import WatchProcess
from tests.oracle.ladder_oracle import (
    Act,
    Arrival,
    Entry,
    ExpectedCommand,
    expected_alarms,
    expected_commands,
    readings_that_count,
)

BELIEVABLE = 25.0
"""Largest change of a heart rate that is believed, a minute and second; of the kind `watch`."""


class Told(NamedTuple):
    """One command, step by step comparable."""

    issued_ms: int
    name: str
    since_ms: int
    """Start of the alarm's crossing."""
    at_ms: int | None
    """Time of the reading that an alert answers; None of an end."""
    step: int | None
    haptic: str
    sound: str


class Felt(NamedTuple):
    """One touch of the wrist, or its end (no step)."""

    since_ms: int
    step: int | None
    haptic: str
    sound: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Everything that was said of one watch, when all has come to rest."""

    device: str
    parameters: Mapping[str, Any]
    arrivals: Sequence[Arrival]
    alarms: Sequence[Mapping[str, Any]]
    commands: Sequence[Mapping[str, Any]]
    happenings: Sequence[Mapping[str, Any]]

    # ------------------------------------------------------------------------------- the record

    @property
    def record(self) -> list[tuple[int, Entry]]:
        """Return the alarms' entries as the API lists them."""
        return [
            (
                ms(alarm["since"]),
                Entry(
                    entry["change"],
                    ms(entry["at"]),
                    entry["value"],
                    entry["level"],
                    entry["step"] - 1,
                ),
            )
            for alarm in self.alarms
            for entry in alarm["transitions"]
        ]

    @property
    def expected_record(self) -> list[tuple[int, Entry]]:
        return [
            (alarm.since_ms, entry)
            for alarm in expected_alarms(self.parameters, readings_that_count(self.arrivals))
            for entry in alarm.entries
        ]

    @property
    def opened_on_steps(self) -> list[int]:
        """Return the step, from 1, on which each alarm was opened."""
        return [alarm["transitions"][0]["step"] for alarm in self.alarms]

    # ----------------------------------------------------------------------------- the commands

    @property
    def told(self) -> list[Told]:
        """Return the commands as the API lists them, whatever became of them."""
        return sorted(map(self.one_told, self.commands), key=plain)

    def one_told(self, command: Mapping[str, Any]) -> Told:
        args, alert = command["args"], command["name"] == "alert"
        freshness_ms = round(self.parameters["freshness_s"] * 1000)
        return Told(
            issued_ms=ms(command["issued_at"]),
            name=command["name"],
            since_ms=self.since_ms[args["alert"]],
            at_ms=ms(command["expires_at"]) - freshness_ms if alert else None,
            step=args.get("step"),
            haptic=plain(args.get("haptic")),
            sound=plain(args.get("sound")),
        )

    @property
    def since_ms(self) -> Mapping[str, int]:
        """Return the start of each alarm's crossing by its id."""
        return {alarm["id"]: ms(alarm["since"]) for alarm in self.alarms}

    def expected_commands(self, acts: Sequence[Act] = ()) -> list[ExpectedCommand]:
        return expected_commands(
            self.parameters, self.arrivals, acts=acts, responders=[self.device]
        )

    def expected(self, acts: Sequence[Act] = ()) -> list[Told]:
        """Return the oracle's commands, whatever becomes of them."""
        return sorted(map(_as_told, self.expected_commands(acts)), key=plain)

    @property
    def idle_ends(self) -> list[Told]:
        """Return the ends of alarms of which no touch went out.

        A hub that was killed over a touch cannot know whether it went out, and ends it to be sure;
        an ideal hub, as the oracle's, knows.
        """
        touched = {one.since_ms for one in self.felt()}
        return [one for one in self.told if one.name == "alert_end" and one.since_ms not in touched]

    @property
    def told_of_touches(self) -> list[Told]:
        """Return the commands without idle ends."""
        return [one for one in self.told if one not in self.idle_ends]

    @property
    def expected_of_touches(self) -> list[Told]:
        """Return the oracle's commands without the ends that would be idle here."""
        touched = {one.since_ms for one in self.felt()}
        return [one for one in self.expected() if one.name == "alert" or one.since_ms in touched]

    # ---------------------------------------------------------------------------------- the wrist

    def felt(self, by: str = "hub") -> list[Felt]:
        """Return what the wrist felt, in order."""
        return [
            Felt(
                self.since_ms[one["alert"]],
                one.get("step"),
                plain(one.get("haptic")),
                plain(one.get("sound")),
            )
            for one in self.happenings
            if one["what"] == "felt" and one["by"] == by
        ]

    @property
    def felt_ids(self) -> list[str]:
        """Return the command behind each touch by the hub: the wrist answers it at once."""
        ids: list[str] = []
        waiting = False
        for one in self.happenings:
            if one["what"] == "felt" and one["by"] == "hub":
                waiting = True
            elif waiting and one["what"] == "reply" and one["status"] == "succeeded":
                ids.append(one["command"])
                waiting = False
        return ids

    @property
    def succeeded(self) -> list[str]:
        """Return the ids of the alerts that the hub knows to have been felt."""
        return [
            command["id"]
            for command in self.commands
            if command["name"] == "alert" and command["status"] == "succeeded"
        ]

    def listed(self, ids: Sequence[str]) -> list[Felt]:
        """Return what the API lists under these ids."""
        told = {command["id"]: self.one_told(command) for command in self.commands}
        return [
            Felt(one.since_ms, one.step, one.haptic, one.sound) for one in (told[i] for i in ids)
        ]

    def expected_felt(self, acts: Sequence[Act] = ()) -> list[Felt]:
        """Return what an ideal hub would have let the wrist feel."""
        told = [
            _as_told(command)
            for command in self.expected_commands(acts)
            if command.name == "alert" and command.status == "sent"
        ]
        return [Felt(one.since_ms, one.step, one.haptic, one.sound) for one in told]

    def count(self, status: str) -> int:
        return sum(command["status"] == status for command in self.commands)


def _as_told(command: ExpectedCommand) -> Told:
    alert = command.name == "alert"
    return Told(
        issued_ms=command.issued_ms,
        name=command.name,
        since_ms=command.since_ms,
        at_ms=command.at_ms if alert else None,
        step=command.args.get("step"),
        haptic=plain(command.args.get("haptic")),
        sound=plain(command.args.get("sound")),
    )


def parameters_of(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rule of the API in the oracle's words: steps from 0, and what is believed."""
    levels = [level | {"first_step": level["first_step"] - 1} for level in rule["levels"]]
    return {**rule, "levels": levels, "max_rate": BELIEVABLE}


async def account(home: Home, watch: WatchProcess, rule: Mapping[str, Any]) -> Account:
    """Wait until all has come to rest, and hear everybody.

    The oracle is given what the watch says it sent; only the times of receipt are the hub's.
    """
    stored = await home.stored(watch)
    commands = await home.until_commands_rest(watch.device)
    sent = watch.readings
    assert {at_ms: rate for at_ms, (rate, _) in stored.items()} == sent
    arrivals = [
        Arrival(received_ms=stored[at_ms][1], at_ms=at_ms, value=rate)
        for at_ms, rate in sent.items()
    ]
    return Account(
        device=watch.device,
        parameters=parameters_of(rule),
        arrivals=sorted(arrivals, key=lambda one: (one.received_ms, one.at_ms)),
        alarms=await home.alarms(watch.device),
        commands=commands,
        happenings=list(watch.happenings),
    )
