"""What people say to an alarm, at the wrist and in the app; and who is told when nobody does."""

import asyncio

import pytest

from tests.end_to_end.account import Account, account
from tests.end_to_end.home import RECORDINGS, Home, ms
from tests.oracle.ladder_oracle import Act

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.broker,
    pytest.mark.influx,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]
HILLS = ("--recording", str(RECORDINGS / "ride-strap.fit"), "--linger", "60")
"""Three minutes at 165 to 181 to begin with."""


async def run(
    home: Home, name: str, *options: str, limit: float, answer: str = "", body: object = None
) -> Account:
    """Run over the hills; `answer` is said in the app as soon as the wrist was touched."""
    admission = await home.claim(name)
    rule = await home.limit(admission["device"], limit)
    async with home.worn(admission, *HILLS, *options) as watch:
        await watch.until(lambda it: it.felt)
        if answer:
            (alarm,) = await home.alarms(watch.device)
            await home.ask("POST", f"/alarms/{alarm['id']}/{answer}", body)
        await watch.end()
        return await account(home, watch, rule)


async def test_who_acknowledges_is_left_alone(shared_home: Home) -> None:
    length = ("--duration", "60")
    runs = await asyncio.gather(
        run(shared_home, "At the wrist", "--acknowledge", "1", *length, limit=165),
        run(shared_home, "In the app", *length, limit=165, answer="acknowledge"),
    )

    for found in runs:
        (alarm,) = found.alarms
        acts = [Act(ms(alarm["acknowledged_at"]))]
        assert alarm["acknowledged_by"] == shared_home.site.hub.person
        assert [one.name for one in found.told][-1] == "alert_end"
        assert found.told == found.expected(acts)
        assert found.felt() == found.expected_felt(acts)


async def test_who_snoozes_is_left_alone_until_then(shared_home: Home) -> None:
    length = ("--duration", "100")
    five, one = await asyncio.gather(
        run(shared_home, "Five minutes", "--snooze", "1", *length, limit=150),
        run(shared_home, "One", *length, limit=150, answer="snooze", body={"minutes": 1}),
    )

    for found in (five, one):
        acts = [Act(_first_end(found), ms(found.alarms[0]["snoozed_until"]))]
        assert found.told == found.expected(acts)
        assert found.felt() == found.expected_felt(acts)
    assert max(told.issued_ms for told in five.told) == _first_end(five)
    assert max(told.issued_ms for told in one.told) > ms(one.alarms[0]["snoozed_until"])


def _first_end(found: Account) -> int:
    return min(told.issued_ms for told in found.told if told.name == "alert_end")


async def test_the_contact_is_told_once_when_the_top_step_goes_unanswered(
    shared_home: Home,
) -> None:
    email = "joon@home.example"
    joon = await shared_home.add_person("Joon", email=email)
    await shared_home.ask("POST", "/contacts", {"person": joon})
    await shared_home.ask("POST", f"/contacts/{shared_home.site.hub.person}/agree", email=email)
    theirs = await shared_home.claim("Joon's watch", email=email)
    admission = await shared_home.claim("Unanswered")
    rule = await shared_home.limit(admission["device"], 150, contact=joon, contact_after_s=20)

    calm = ("--recording", str(RECORDINGS / "indoor-pauses.fit"), "--again")
    async with (
        shared_home.worn(theirs, *calm) as contact,
        shared_home.worn(admission, *HILLS, "--duration", "50") as watch,
    ):
        await contact.until(lambda it: it.felt)
        await watch.end()
        found = await account(shared_home, watch, rule)

    (touch,) = contact.felt
    (alarm,) = found.alarms
    assert touch["alert"] == alarm["id"]
    assert "does not answer" in touch["text"]["en"]
    assert found.told == found.expected()
