"""Runs of links as people read them, and the past on which a link is tried."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.table import Table

from hub.cli.account import Account
from hub.cli.speech import Speech
from hub.errors import InvalidInputError

WEEK = timedelta(days=7)
NOT_RECORDED = {
    "presence": {
        "en": "Who was at home is not recorded: those conditions did not hold.",
        "ko": "누가 집에 있었는지는 기록되지 않아요. 그 조건은 맞지 않은 것으로 봤어요.",
    },
    "devices": {
        "en": "The expression names no device: those it looks at were not replayed.",
        "ko": "조건식에 기기 이름이 없어, 그 기기의 기록은 보지 못했어요.",
    },
}
"""What a rehearsal could not know, and what it did about it."""


def runs_table(runs: Iterable[Mapping[str, Any]], account: Account) -> Table | None:
    """Return runs with what they did, or why not."""
    speech = account.speech
    names = _names(account)
    rows = [
        (
            speech.time(run["at"]),
            speech.word(run["outcome"]),
            speech.text(run["reason"]),
            "\n".join(_deed(one, names, speech) for one in run["did"]),
        )
        for run in runs
    ]
    return speech.table(("when", "outcome", "why", "actions"), rows)


def _names(account: Account) -> dict[str, str]:
    """Names of all that an action can be on, by id."""
    found: dict[str, str] = {}
    for path in ("/devices", "/scenes", "/services"):
        found |= account.names(path)
    return found


def _deed(done: Mapping[str, Any], names: Mapping[str, str], speech: Speech) -> str:
    action = done["action"]
    said = [speech.word(action["type"])]
    on = action.get("device") or action.get("scene") or action.get("service")
    if on:
        said.append(names.get(on, on))
    if "values" in action:
        said.append(values(action["values"], speech))
    if action["type"] == "say":
        said.append(speech.text(action["text"]))
    if action["type"] == "command":
        said.append(action["name"])
    if "failed" in done:
        said.append(f"✗ {speech.text(done['failed'])}")
    for became in done.get("commands", {}).values():
        answer = " ".join(filter(None, (speech.word(became["status"]), became["reason"])))
        said.append(f"({answer})")
    return " ".join(said)


def values(desired: Mapping[str, object], speech: Speech) -> str:
    """Return desired values on one line."""
    return ", ".join(f"{name}={speech.value(value)}" for name, value in desired.items())


def rehearse(
    account: Account, wish: Mapping[str, object], *, start: str, end: str
) -> dict[str, Any]:
    """Try the link on the time from start to end; ask as often as the hub needs to get there.

    Raises:
        InvalidInputError: a time is none.
    """
    until = _instant(end, account.speech) if end else datetime.now(UTC)
    since = first = _instant(start, account.speech) if start else until - WEEK
    whole: dict[str, Any] = {"runs": [], "outcomes": {}, "readings": 0, "events": 0, "unknown": []}
    while True:
        times = {"from": since.isoformat(), "to": until.isoformat()}
        part = account.call("POST", "/links/dry-run", {**wish, **times})
        reached = datetime.fromisoformat(part["replayed_to"])
        _add(whole, part)
        if reached >= until or reached <= since:
            return whole | {"from": first.isoformat(), "replayed_to": part["replayed_to"]}
        since = reached


def _add(whole: dict[str, Any], part: Mapping[str, Any]) -> None:
    whole["runs"] += part["runs"]
    for outcome, count in part["outcomes"].items():
        whole["outcomes"][outcome] = whole["outcomes"].get(outcome, 0) + count
    for name in ("readings", "events"):
        whole[name] += part[name]
    whole["unknown"] = sorted({*whole["unknown"], *part["unknown"]})


def _instant(typed: str, speech: Speech) -> datetime:
    """Return the time that was typed; local where it names no zone."""
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        message = f"{typed} is no time; write 2026-11-16 or 2026-11-16T07:30"
        raise InvalidInputError(message) from None
    return at if at.tzinfo else at.replace(tzinfo=speech.zone)
