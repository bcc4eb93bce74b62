"""What left the hub about a person."""

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from hub.cli.account import Account, signed_in
from hub.cli.speech import Speech, shown


@signed_in
def disclosures(account: Account) -> None:
    """Show everything about you that left the hub, by partner: which field, when, what for.

    Example: hub disclosures
    """
    found = account.listed("/me/disclosures")
    account.say(found, lambda: _by_partner(found, account))


def _by_partner(found: Sequence[dict[str, Any]], account: Account) -> RenderableType:
    speech, names = account.speech, account.names("/services")
    if not found:
        nothing = {"en": "Nothing about you left the hub.", "ko": "허브 밖으로 나간 정보가 없어요."}
        return Text(speech.text(nothing))
    parts: list[RenderableType] = []
    for partner in dict.fromkeys(one["service"] for one in found):
        told = [one for one in found if one["service"] == partner]
        parts.append(Text(shown(names.get(partner, partner)), style="bold"))
        parts.append(_told(told, speech))
    return Group(*parts)


def _told(told: Sequence[dict[str, Any]], speech: Speech) -> RenderableType:
    rows = [
        (
            speech.time(one["at"]),
            speech.word(one["purpose"]),
            one["about"],
            one["field"],
            one["value"],
        )
        for one in told
    ]
    return speech.table(("when", "purpose", "about", "field", "value"), rows) or ""
