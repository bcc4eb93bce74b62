"""Topics come from outside: what is not exactly a device's topic is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import InvalidInputError
from hub.model import DEVICE_ID, Topics
from hub.model.topics import UP

TOPICS = Topics()
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-"


@pytest.mark.parametrize("leaf", sorted(UP))
@pytest.mark.parametrize(
    "device",
    [
        pytest.param("w-7f3a", id="ordinary"),
        pytest.param("w", id="shortest"),
        pytest.param("a" * 23, id="longest"),
        pytest.param("up", id="named-like-a-level"),
        pytest.param("hub", id="hub-without-a-dash"),
        pytest.param("myhub-1", id="hub-in-the-middle"),
    ],
)
def test_a_device_is_read_from_its_topic(device: str, leaf: str) -> None:
    assert TOPICS.parse_up(f"cx/1/main/{device}/up/{leaf}") == (device, leaf)


@pytest.mark.parametrize(
    "device",
    [
        pytest.param("", id="empty"),
        pytest.param("a" * 24, id="too-long"),
        pytest.param("a" * 100_000, id="far-too-long"),
        pytest.param("hub-", id="hub-alone"),
        pytest.param("hub-main", id="the-hubs-own-id"),
        pytest.param("W-7F3A", id="capitals"),
        pytest.param("w_7f3a", id="underscore"),
        pytest.param("w-7f3\u0430", id="cyrillic-a"),
        pytest.param("\uff57-7f3a", id="full-width-w"),
        pytest.param("w-7f3a\u0663", id="arabic-digit"),
        pytest.param("\u017f-1", id="long-s"),
        pytest.param("w\u200b-7f3a", id="zero-width-space"),
        pytest.param("w-7f3a\n", id="trailing-newline"),
        pytest.param("\nw-7f3a", id="leading-newline"),
        pytest.param("w-7f3a\x00", id="nul"),
        pytest.param("w 7f3a", id="space"),
        pytest.param("+", id="one-level-wildcard"),
        pytest.param("#", id="wildcard"),
        pytest.param("w-7f3a/up", id="an-extra-level"),
        pytest.param("../w-7f3a", id="a-path"),
        pytest.param("$SYS", id="system"),
        pytest.param("w.7f3a", id="the-embedded-brokers-separator"),
        pytest.param("w>", id="the-embedded-brokers-wildcard"),
    ],
)
def test_a_name_that_only_looks_like_a_device_is_refused(device: str) -> None:
    assert DEVICE_ID.match(device) is None
    with pytest.raises(InvalidInputError):
        TOPICS.parse_up(f"cx/1/main/{device}/up/telemetry")


@pytest.mark.parametrize(
    "topic",
    [
        pytest.param("", id="empty"),
        pytest.param("$SYS/broker/version", id="system"),
        pytest.param("$share/hub/cx/1/main/w-7f3a/up/telemetry", id="shared"),
        pytest.param("/cx/1/main/w-7f3a/up/telemetry", id="leading-slash"),
        pytest.param("cx/1/main/w-7f3a/up/telemetry/", id="trailing-slash"),
        pytest.param("cx/1/main/w-7f3a/up/telemetry\n", id="trailing-newline"),
        pytest.param("cx/1/main/w-7f3a/up/Telemetry", id="capital-leaf"),
        pytest.param("cx/1/main/w-7f3a/up/command", id="what-a-device-reads"),
        pytest.param("cx/1/main/w-7f3a/up/#", id="wildcard-leaf"),
        pytest.param("cx/1/main/w-7f3a/up/", id="no-leaf"),
        pytest.param("cx/1/main/w-7f3a/up", id="no-leaf-nor-slash"),
        pytest.param("cx/1/main/w-7f3a/down/command", id="down"),
        pytest.param("cx/1/main/w-7f3a/down/up/telemetry", id="up-under-down"),
        pytest.param("cx/1/main/w-7f3a/up/up/telemetry", id="up-twice"),
        pytest.param("cx/1/main//up/telemetry", id="no-device"),
        pytest.param("cx/1/other/w-7f3a/up/telemetry", id="another-cell"),
        pytest.param("cx/2/main/w-7f3a/up/telemetry", id="another-version"),
        pytest.param("cx/1/mainw-7f3a/up/telemetry", id="no-slash-after-the-cell"),
        pytest.param("\u0441x/1/main/w-7f3a/up/telemetry", id="cyrillic-root"),
    ],
)
def test_a_topic_of_another_shape_is_refused(topic: str) -> None:
    with pytest.raises(InvalidInputError):
        TOPICS.parse_up(topic)


def test_a_refusal_carries_neither_control_characters_nor_the_whole_of_a_long_topic() -> None:
    with pytest.raises(InvalidInputError) as refusal:
        TOPICS.parse_up("cx/1/main/\x1b[31m\n" + "a" * 60_000)

    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 300


@given(
    topic=st.one_of(
        st.text(max_size=60),
        st.builds("cx/1/main/{}/up/{}".format, st.text(max_size=25), st.sampled_from(sorted(UP))),
        st.builds("cx/1/main/{}".format, st.text(alphabet="ahub-/p+#\n\u0430", max_size=30)),
    )
)
def test_whatever_is_read_is_written_the_same_again(topic: str) -> None:
    try:
        device, leaf = TOPICS.parse_up(topic)
    except InvalidInputError:
        return
    assert topic == f"{TOPICS.base(device)}/up/{leaf}"
    assert set(device) <= set(LETTERS)
    assert 1 <= len(device) <= 23


@given(
    root=st.sampled_from(["cx/1", "home", "a/b/c"]),
    cell=st.text(alphabet=LETTERS, min_size=1, max_size=16),
    device=st.from_regex(DEVICE_ID, fullmatch=True),
    leaf=st.sampled_from(sorted(UP)),
)
def test_every_root_and_cell_reads_its_own_devices(
    root: str, cell: str, device: str, leaf: str
) -> None:
    topics = Topics(root=root, cell=cell)

    assert topics.parse_up(f"{topics.base(device)}/up/{leaf}") == (device, leaf)


def test_the_hub_subscribes_one_level_for_the_device_and_one_for_the_word() -> None:
    assert Topics(root="cx/1", cell="north").subscription == "cx/1/north/+/up/+"


def test_a_device_reads_below_its_own_base() -> None:
    assert TOPICS.down("w-7f3a", "command") == "cx/1/main/w-7f3a/down/command"
    assert TOPICS.base("w-7f3a") == "cx/1/main/w-7f3a"
