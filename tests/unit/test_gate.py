"""Who may read whose data."""

import itertools

import pytest

from hub.model import (
    Purpose,
    Reader,
    Role,
    Subject,
    administers,
    knows,
    manages,
    permits,
    purpose_of,
)

HOME = "h_home"
OTHER = "h_other"

OF_THE_HOME = Subject(household=HOME)
OF_AN_ADULT = Subject(household=HOME, person="p_subject", role=Role.ADULT)
OF_A_CHILD = Subject(household=HOME, person="p_subject", role=Role.CHILD)
OF_A_GUEST = Subject(household=HOME, person="p_subject", role=Role.GUEST)
OF_ONE_WHO_LEFT = Subject(household=HOME, person="p_subject", role=None)


def member(role: Role | None, *, household: str = HOME) -> Reader:
    return Reader(person="p_reader", roles={} if role is None else {household: role})


def sees(reader: Reader, subject: Subject) -> bool:
    return permits(purpose=purpose_of(reader, subject), reader=reader, subject=subject).allowed


@pytest.mark.parametrize("role", [None, *Role])
def test_everybody_sees_their_own(role: Role | None) -> None:
    reader = member(role)
    subject = Subject(household=HOME, person=reader.person, role=role)

    assert purpose_of(reader, subject) is Purpose.SELF_VIEW
    assert sees(reader, subject)


@pytest.mark.parametrize(
    ("role", "subject", "expected"),
    [
        (Role.OWNER, OF_THE_HOME, True),
        (Role.ADULT, OF_THE_HOME, True),
        (Role.CHILD, OF_THE_HOME, True),
        (Role.GUEST, OF_THE_HOME, False),
        (None, OF_THE_HOME, False),
        (Role.OWNER, OF_AN_ADULT, False),
        (Role.ADULT, OF_AN_ADULT, False),
        (Role.CHILD, OF_AN_ADULT, False),
        (Role.GUEST, OF_AN_ADULT, False),
        (None, OF_AN_ADULT, False),
        (Role.OWNER, OF_A_CHILD, True),
        (Role.ADULT, OF_A_CHILD, True),
        (Role.CHILD, OF_A_CHILD, False),
        (Role.GUEST, OF_A_CHILD, False),
        (None, OF_A_CHILD, False),
        (Role.OWNER, OF_A_GUEST, False),
        (Role.OWNER, OF_ONE_WHO_LEFT, False),
    ],
)
def test_housemates_see_the_home_and_guardians_their_children(
    role: Role | None, subject: Subject, *, expected: bool
) -> None:
    assert sees(member(role), subject) is expected


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("subject", [OF_THE_HOME, OF_AN_ADULT, OF_A_CHILD])
def test_a_role_in_another_household_gives_nothing_here(role: Role, subject: Subject) -> None:
    reader = member(role, household=OTHER)

    assert not sees(reader, subject)
    assert not knows(reader, subject)
    assert not manages(reader, subject).allowed
    assert not administers(reader, subject).allowed


@pytest.mark.parametrize("subject", [OF_THE_HOME, OF_AN_ADULT, OF_A_CHILD])
@pytest.mark.parametrize("purpose", Purpose)
def test_operators_never_see_what_a_device_says(purpose: Purpose, subject: Subject) -> None:
    operator = Reader(person="p_operator", is_operator=True)

    assert not permits(purpose=purpose, reader=operator, subject=subject).allowed


def test_only_operators_see_the_installation() -> None:
    for reader in (member(Role.OWNER), Reader(person="p_x")):
        assert not permits(purpose=Purpose.OPERATION, reader=reader, subject=None).allowed
    operator = Reader(person="p_operator", is_operator=True)
    assert permits(purpose=Purpose.OPERATION, reader=operator, subject=None).allowed


def test_only_the_hub_itself_reads_for_alerting() -> None:
    assert permits(purpose=Purpose.ALERTING, reader=None, subject=OF_AN_ADULT).allowed
    assert not permits(
        purpose=Purpose.ALERTING, reader=member(Role.OWNER), subject=OF_A_CHILD
    ).allowed
    for purpose in set(Purpose) - {Purpose.ALERTING}:
        assert not permits(purpose=purpose, reader=None, subject=OF_THE_HOME).allowed


def test_a_purpose_cannot_be_chosen_to_get_more() -> None:
    reader = member(Role.OWNER)

    assert not permits(purpose=Purpose.SELF_VIEW, reader=reader, subject=OF_AN_ADULT).allowed
    assert not permits(purpose=Purpose.SELF_VIEW, reader=reader, subject=OF_THE_HOME).allowed


def test_guests_know_the_homes_devices_but_not_those_people_wear() -> None:
    guest = member(Role.GUEST)

    assert knows(guest, OF_THE_HOME)
    assert not knows(guest, OF_AN_ADULT)
    assert knows(member(Role.CHILD), OF_AN_ADULT)


def test_nobody_manages_what_another_adult_wears_but_the_owner_may_shut_it_out() -> None:
    assert not manages(member(Role.OWNER), OF_AN_ADULT).allowed
    assert administers(member(Role.OWNER), OF_AN_ADULT).allowed
    assert not administers(member(Role.ADULT), OF_AN_ADULT).allowed
    assert manages(member(Role.ADULT), OF_A_CHILD).allowed


@pytest.mark.parametrize("role", [Role.CHILD, Role.GUEST, None])
def test_only_owners_and_adults_manage(role: Role | None) -> None:
    for subject in (OF_THE_HOME, OF_AN_ADULT, OF_A_CHILD):
        assert not manages(member(role), subject).allowed
        assert not administers(member(role), subject).allowed


def test_every_verdict_says_why() -> None:
    readers = [None, *(member(role) for role in (None, *Role))]
    subjects = [None, OF_THE_HOME, OF_AN_ADULT, OF_A_CHILD]
    for purpose, reader, subject in itertools.product(Purpose, readers, subjects):
        assert permits(purpose=purpose, reader=reader, subject=subject).reason


def link_sees(reader: Reader, subject: Subject) -> bool:
    return permits(purpose=Purpose.LINKING, reader=reader, subject=subject).allowed


def test_a_link_sees_the_home_and_its_author_alone() -> None:
    author = Reader(person="p_author", roles={HOME: Role.ADULT})
    assert link_sees(author, OF_THE_HOME)
    assert link_sees(author, Subject(household=HOME, person="p_author"))
    assert not link_sees(author, OF_AN_ADULT)
    assert not link_sees(author, Subject(household=OTHER))
    assert not link_sees(member(Role.GUEST), OF_THE_HOME)
