"""A device gets the kind it describes, and changes nothing for the devices of other homes."""

import json
from typing import Any

from hub.flow import Draft
from hub.model import DescribedKind, Description, described_kind, fingerprint
from hub.stages.describe import MOST_KINDS
from tests.unit.small_home import T0, draft, known, next_group, state, the_only
from tests.unit.test_description import PLUG


def said(device: str = "d-1", **changed: object) -> Description:
    kind = described_kind({**PLUG, **changed})
    return Description(device=device, kind=kind, fingerprint=fingerprint(kind), received_ms=T0)


def saying_more(device: str = "d-1") -> Description:
    more: dict[str, Any] = json.loads(json.dumps(PLUG))
    more["capabilities"][0]["properties"].append({"name": "energy", "unit": "kW.h"})
    return said(device, **more)


def homes() -> Draft:
    mine = [state(name, kind="described", person=None) for name in ("d-1", "d-2")]
    return draft(*mine, state("d-9", kind="described", person=None, home="h-other"))


def after(*descriptions: Description) -> Draft:
    seen = homes()
    for description in descriptions:
        seen.run(description)
        seen = next_group(seen)
    return seen


def test_a_device_is_of_the_kind_it_describes() -> None:
    seen = homes()
    seen.run(said())
    assert known(seen, "d-1").device.kind == "acme_plug"
    assert seen.kind("acme_plug").properties["power"].unit == "W"
    assert seen.group().kinds == {"d-1": "acme_plug"}


def test_the_same_description_again_changes_nothing() -> None:
    seen = after(said())
    seen.run(said())
    assert seen.group().empty


def test_devices_of_two_homes_share_one_description() -> None:
    seen = after(said(), said("d-9"))
    assert known(seen, "d-9").device.kind == "acme_plug"
    described = seen.kept(DescribedKind, "acme_plug")
    assert described is not None
    assert described.shared


def test_a_newer_firmware_adds_to_the_kind_of_its_home() -> None:
    seen = after(said(), said("d-2"), saying_more())
    assert known(seen, "d-2").device.kind == "acme_plug"
    assert "energy" in seen.kind("acme_plug").properties


def test_an_older_firmware_takes_nothing_from_it() -> None:
    seen = after(said(), saying_more("d-2"), said())
    assert "energy" in seen.kind("acme_plug").properties


def test_another_home_cannot_change_the_kind_of_this_one() -> None:
    seen = after(said(), saying_more("d-9"))
    assert "energy" not in seen.kind("acme_plug").properties
    other = known(seen, "d-9").device.kind
    assert other.startswith("acme_plug_")
    assert "energy" in seen.kind(other).properties


def test_a_kind_that_homes_share_can_no_longer_be_changed() -> None:
    seen = after(said(), said("d-9"), saying_more())
    assert "energy" not in seen.kind("acme_plug").properties
    assert known(seen, "d-1").device.kind.startswith("acme_plug_")


def test_a_description_cannot_take_the_name_of_a_plug_in() -> None:
    seen = after(said(kind="watch"))
    assert known(seen, "d-1").device.kind.startswith("watch_")
    assert "heart_rate" in seen.kind("watch").properties


def test_a_device_of_a_plug_in_cannot_describe_itself_anew() -> None:
    seen = draft(state("w-1"))
    seen.run(said("w-1"))
    assert known(seen).device.kind == "watch"
    letter = the_only(seen.dead_letters)
    assert "claim it as 'described'" in letter.reason


def test_a_home_describes_no_more_kinds_than_there_is_room_for() -> None:
    seen = homes()
    for number in range(MOST_KINDS + 3):
        seen.run(said(kind=f"plug_{number}"))
        seen = next_group(seen) if not seen.dead_letters else seen
    kinds = [one.id for one in seen.kept_in(DescribedKind, "h-home")]
    assert len(kinds) == MOST_KINDS
    assert "no more are taken" in seen.dead_letters[0].reason
    assert known(seen, "d-1").device.kind == kinds[-1]
