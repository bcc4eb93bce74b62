"""Kinds of device from other packages: found by entry point, a broken one named and left out."""

import logging
from pathlib import Path

import pytest

from hub.kinds import find_kinds

LAMP = """
from hub.model import Capability, DeviceKind, Property

KIND = DeviceKind(
    name="{name}",
    title_en="Lamp",
    title_ko="램프",
    capabilities=(Capability(name="light", properties=(Property(name="level", unit="%"),)),),
)
"""


def install(site: Path, package: str, *, points: str, **modules: str) -> None:
    """Lay out an installed distribution with these modules and entry points."""
    (site / package).mkdir()
    for name, text in modules.items():
        (site / package / f"{name}.py").write_text(text)
    facts = site / f"{package}-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[hub.devices]\n{points}\n")


def test_a_kind_of_another_package_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    lamp = LAMP.format(name="acme_lamp")
    install(tmp_path, "acme_lamps", points="acme = acme_lamps", __init__="", lamp=lamp)
    assert find_kinds()["acme_lamp"].properties["level"].unit == "%"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import no_such_module", "no_such_module"),
        ("KIND = 1 / 0", "ZeroDivisionError"),
        ("def broken(:", "SyntaxError"),
        ("raise OSError('no such sensor')", "no such sensor"),
    ],
    ids=["import", "arithmetic", "syntax", "anything"],
)
def test_a_broken_one_is_named_and_the_others_are_there(
    text: str,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    package = f"acme_{says.split(maxsplit=1)[0].lower()}"
    good = LAMP.format(name=f"{package}_lamp")
    install(tmp_path, package, points=f"acme = {package}", __init__="", broken=text, lamp=good)
    with caplog.at_level(logging.ERROR):
        found = find_kinds()
    assert {f"{package}_lamp", "watch"} <= found.keys()
    assert f"{package}.broken" in caplog.text
    assert says in caplog.text


def test_a_name_that_is_taken_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    second = LAMP.format(name="watch")
    install(tmp_path, "zz_watches", points="zz = zz_watches", __init__="", second=second)
    assert "heart_rate" in find_kinds()["watch"].properties
    assert "watch is there twice" in caplog.text
