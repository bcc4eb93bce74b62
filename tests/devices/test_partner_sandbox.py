"""The sandbox partners: what they plan, remember, and do when told to misbehave."""

import asyncio
import json
import signal
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hub.adapters.clock.system import SystemClock
from hub.adapters.partner.guard import Guard
from hub.adapters.partner.http import PartnerHttp
from hub.adapters.partner.partners import HttpPartner
from hub.errors import InvalidInputError, UnavailableError
from hub.model import Operation, OrderUpdate, ServiceKind
from simulators.chance import chance
from simulators.partners.dry_cleaner import DryCleaner
from simulators.partners.modes import Mode, Modes, Spell, parse_spells
from simulators.partners.plan import HOUR_MS, Odds, Slip, choose, live, promise
from tests.contracts.partner_sites import (
    LOOPBACK,
    SECRET,
    SandboxSite,
    a_call,
    a_service,
    sandbox_site,
)

Eventually = Callable[[Callable[[], Any]], Any]
T0 = 1_795_000_000_000
CLEANER = ServiceKind.DRY_CLEANER


async def ordered(site: SandboxSite, order: str) -> OrderUpdate:
    garments = [{"garment": "gm_1"}]
    asked = a_call(Operation.QUOTE, order=order, garments=garments, area="Mapo-gu")
    quoted = await site.partner.send(site.service, asked)
    assert isinstance(quoted, OrderUpdate)
    assert quoted.quote is not None
    placing = a_call(
        Operation.PLACE,
        order=order,
        garments=garments,
        slot=quoted.quote.slots[0],
        address="Wausan-ro 1",
        name="Mina",
        quote=quoted.quote.id,
    )
    placed = await site.partner.send(site.service, placing)
    assert isinstance(placed, OrderUpdate)
    return placed


# --------------------------------------------------------------------------------------- the plan

MILESTONES = promise(T0, T0 + 2 * HOUR_MS, turnaround_h=44)
PROMISED_MS = MILESTONES[-1].due_ms
SEEDS = range(200)


@pytest.mark.parametrize("slip", list(Slip))
def test_a_planned_life_is_in_order_and_ends_with_the_delivery(slip: Slip) -> None:
    for seed in SEEDS:
        plan = live(MILESTONES, begin_ms=T0, slip=slip, rng=chance(seed))
        assert all(before.at_ms <= after.at_ms for before, after in pairwise(plan))
        assert (plan[-1].stage, plan[-1].at_ms >= T0) == ("delivered", True)
        assert len({one.stage for one in plan} - {"placed"}) == len(MILESTONES)


@pytest.mark.parametrize(
    ("slip", "late"),
    [
        (Slip.NONE, False),
        (Slip.WOBBLE, False),
        (Slip.ANNOUNCED, True),
        (Slip.SILENT, True),
    ],
)
def test_an_order_is_late_exactly_where_a_slip_was_planted(slip: Slip, *, late: bool) -> None:
    for seed in SEEDS:
        plan = live(MILESTONES, begin_ms=T0, slip=slip, rng=chance(seed))
        assert (plan[-1].at_ms > PROMISED_MS) is late
        assert plan[-1].at_ms <= plan[-1].expected_ms


@pytest.mark.parametrize("slip", [Slip.ANNOUNCED, Slip.SILENT])
def test_a_late_order_misses_a_milestone_whose_truth_is_known_by_then(slip: Slip) -> None:
    for seed in SEEDS:
        plan = live(MILESTONES, begin_ms=T0, slip=slip, rng=chance(seed))
        reached = {one.stage: one.at_ms for one in reversed(plan)}
        missed = next(one for one in MILESTONES if reached[one.stage] > one.due_ms)
        (word,) = [one for one in plan if one.expected_ms > PROMISED_MS][:1]
        assert word.at_ms <= missed.due_ms < PROMISED_MS
        assert word.tell is (slip is Slip.ANNOUNCED)


def test_an_order_in_time_reaches_every_stage_before_its_milestone() -> None:
    for seed in SEEDS:
        plan = live(MILESTONES, begin_ms=T0, slip=Slip.NONE, rng=chance(seed))
        assert all(one.at_ms <= due.due_ms for one, due in zip(plan, MILESTONES, strict=True))


def test_slips_come_as_often_as_wished() -> None:
    rng = chance(7)
    drawn = [choose(Odds(slip=0.2, wobble=0.1), rng) for _ in range(10_000)]
    late = sum(slip in {Slip.ANNOUNCED, Slip.SILENT} for slip in drawn)
    assert 1_800 < late < 2_200
    assert 800 < drawn.count(Slip.WOBBLE) < 1_200


# -------------------------------------------------------------------------------------- the modes


def test_spells_follow_one_another_and_end_well() -> None:
    modes = Modes(rng=chance(1))
    modes.set(parse_spells("ok:60,down:600,twice:1"), now_ms=T0)
    seen = [modes.at(T0 + at_s * 1000).mode for at_s in (0, 59, 60, 659, 660, 661)]
    assert seen == [Mode.OK, Mode.OK, Mode.DOWN, Mode.DOWN, Mode.TWICE, Mode.OK]


def test_a_spell_without_a_length_lasts() -> None:
    modes = Modes(rng=chance(1))
    modes.set((Spell(mode=Mode.SLOW),), now_ms=T0)
    assert modes.at(T0 * 2).mode is Mode.SLOW


@pytest.mark.parametrize("text", ["up", "down:", "down:soon", "down;3"])
def test_a_mode_that_is_none_is_named(text: str) -> None:
    if text == "down:":
        assert parse_spells(text) == (Spell(mode=Mode.DOWN),)
        return
    with pytest.raises(InvalidInputError, match=text):
        parse_spells(text)


async def test_every_webhook_comes_twice_with_one_id(eventually: Eventually) -> None:
    async with sandbox_site(CLEANER) as site:
        await ordered(site, "or_1")
        await site.mode("twice")
        await site.happen("stage", order="or_1", stage="picked_up")
        await eventually(lambda: len(site.caught.webhooks) == 2)
        ids = [headers["webhook-id"] for headers, _ in site.caught.webhooks]
        assert len(set(ids)) == 1


async def test_webhooks_come_out_of_order(eventually: Eventually) -> None:
    stages = ["picked_up", "cleaning", "ready", "out_for_delivery", "delivered"] * 2
    async with sandbox_site(CLEANER) as site:
        await ordered(site, "or_1")
        await site.mode("down")
        async with httpx2.AsyncClient(base_url=site.service.url, trust_env=False) as hand:
            for stage in stages:
                await hand.post("/_sandbox/stage", json={"order": "or_1", "stage": stage})
        await site.mode("out_of_order")
        await eventually(lambda: len(site.caught.webhooks) == len(stages))
        versions = [json.loads(body)["data"]["version"] for _, body in site.caught.webhooks]
        assert versions != sorted(versions)
        assert sorted(versions) == list(range(3, 13))


async def test_a_webhook_comes_again_until_it_is_taken(eventually: Eventually) -> None:
    async with sandbox_site(CLEANER) as site:
        await ordered(site, "or_1")
        site.caught.statuses = [503, 500, 401]
        await site.happen("stage", order="or_1", stage="picked_up")
        await eventually(lambda: len(site.caught.webhooks) == 4)
        assert len({headers["webhook-id"] for headers, _ in site.caught.webhooks}) == 1
        (hook,) = (await site.ledger())["hooks"]
        assert hook["tries"] == 4


async def test_nothing_is_told_while_it_is_down(eventually: Eventually) -> None:
    async with sandbox_site(CLEANER) as site:
        await ordered(site, "or_1")
        await site.down()
        async with httpx2.AsyncClient(base_url=site.service.url, trust_env=False) as hand:
            await hand.post("/_sandbox/stage", json={"order": "or_1", "stage": "picked_up"})
        with pytest.raises(UnavailableError):
            await site.partner.send(site.service, a_call(Operation.STATUS, order="or_1"))
        assert not site.caught.webhooks
        await site.up()
        await eventually(lambda: len(site.caught.webhooks) == 1)


async def test_the_ledger_shows_the_fields_and_never_what_they_said() -> None:
    async with sandbox_site(CLEANER) as site:
        await ordered(site, "or_1")
        ledger = json.dumps(await site.ledger())
        assert "address" in ledger
        assert "Wausan" not in ledger


# ---------------------------------------------------------------------------------- a whole life


async def test_orders_live_their_planned_lives_by_themselves(eventually: Eventually) -> None:
    quick = DryCleaner(seed=1, odds=Odds(slip=0.5), turnaround_h=2)
    async with sandbox_site(CLEANER, business=quick, rate=5000) as site:
        for number in range(10):
            await ordered(site, f"or_{number}")

        def delivered() -> set[str]:
            said = [json.loads(body)["data"] for _, body in site.caught.webhooks]
            return {one["order"] for one in said if one["stage"] == "delivered"}

        await eventually(lambda: len(delivered()) == 10)
        truth = await site.truth()
        assert {one["stage"] for one in truth} == {"delivered"}
        late = [one["slip"] for one in truth if one["delivered_ms"] > one["promised_ms"]]
        assert set(late) == {"announced", "silent"}
        assert len(late) < len(truth)


# --------------------------------------------------------------------------------------- restarts


async def test_a_sandbox_that_starts_again_knows_its_orders_and_answers(tmp_path: Path) -> None:
    state = tmp_path / "state"
    async with sandbox_site(CLEANER, state=state) as site:
        placed = await ordered(site, "or_1")
    with state.open("ab") as torn:
        torn.write(b'{"records": {"or_1": {"id": "or_1", "vers')
    async with sandbox_site(CLEANER, state=state) as site:
        asked = a_call(Operation.STATUS, order="or_1")
        assert await site.partner.send(site.service, asked) == placed
        await site.partner.send(site.service, a_call(Operation.CANCEL, order="or_1"))
    async with sandbox_site(CLEANER, state=state) as site:
        update = await site.partner.send(site.service, asked)
        assert isinstance(update, OrderUpdate)
        assert update.stage == "cancelled"


async def started(*words: str) -> tuple[asyncio.subprocess.Process, str]:
    """Start a sandbox as a process; return it and where it answers."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulators", "partner", *words, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        return process, json.loads(await process.stdout.readline())["url"]


async def test_a_killed_sandbox_answers_the_same_call_as_before(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    words = ["--secret-file", str(secret), "--state", str(tmp_path / "state"), "--json"]
    http = PartnerHttp(Guard(allowed_networks=LOOPBACK), clock=SystemClock())
    partner = HttpPartner(CLEANER, http, clock=SystemClock())
    garments = [{"garment": "gm_1"}]
    call = a_call(Operation.QUOTE, order="or_1", garments=garments, area="Mapo-gu")
    answers = []
    for _ in range(3):
        process, url = await started("dry_cleaner", *words)
        answers.append(await partner.send(a_service(CLEANER, url), call))
        process.send_signal(signal.SIGKILL)
        await process.wait()
    await partner.close()
    assert answers[0].version == 1
    assert answers == [answers[0]] * 3


async def test_the_command_says_where_it_answers_and_ends_on_a_signal(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    process, url = await started("market", "--secret-file", str(secret), "--json")
    async with httpx2.AsyncClient(base_url=url, trust_env=False) as client:
        assert (await client.get("/_sandbox/truth")).json() == []
        assert (await client.get("/listings/ls_1")).status_code == 401
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(10):
        assert await process.wait() == 0
    assert secret.stat().st_mode & 0o777 == 0o600
