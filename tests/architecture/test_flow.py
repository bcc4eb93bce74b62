"""The table of the flow: every stage answers with higher ranks only, so the flow must end."""

import ast
import inspect
from collections.abc import Iterable, Iterator
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from hub.flow import table
from hub.flow.table import RANKS, STAGES, Stage
from hub.model import changes, messages
from hub.stages import (
    admission,
    alerts,
    answers,
    calls,
    commands,
    describe,
    listings,
    moments,
    order_news,
    orders,
    presence,
    rules,
    silence,
    stock,
    twin,
    wardrobe,
)
from hub.stages.links import readings, runs, triggers, wishes

PAIRS = [(taken, stage) for taken, stages in STAGES.items() for stage in stages]
IDS = [f"{taken.__name__}-{stage.__module__}.{stage.__name__}" for taken, stage in PAIRS]
FLOWING = (
    admission,
    alerts,
    answers,
    calls,
    commands,
    describe,
    listings,
    moments,
    order_news,
    orders,
    presence,
    rules,
    silence,
    stock,
    twin,
    wardrobe,
    readings,
    runs,
    triggers,
    wishes,
)


def members(annotation: object) -> Iterator[type]:
    """Yield the classes of a union."""
    if get_origin(annotation) in (Union, UnionType):
        for member in get_args(annotation):
            yield from members(member)
    elif annotation is not type(None):
        assert isinstance(annotation, type), annotation
        yield annotation


def answered(stage: Stage) -> set[type]:
    """Return the classes of what the stage says it answers with."""
    returned = get_type_hints(stage)["return"]
    assert get_origin(returned) in (Iterable, Iterator), f"{stage} answers with {returned}"
    (inner,) = get_args(returned)
    return set(members(inner))


def taken_by(stage: Stage) -> set[type]:
    """Return the classes of what the stage says it takes."""
    first = next(iter(inspect.signature(stage).parameters))
    return set(members(get_type_hints(stage)[first]))


@pytest.mark.parametrize(("taken", "stage"), PAIRS, ids=IDS)
def test_a_stage_answers_only_with_higher_ranks(taken: type, stage: Stage) -> None:
    answers_with = answered(stage)
    assert answers_with
    assert answers_with <= RANKS.keys()
    assert [a for a in answers_with if RANKS[a] <= RANKS[taken]] == []


@pytest.mark.parametrize(("taken", "stage"), PAIRS, ids=IDS)
def test_a_stage_takes_what_the_table_gives_it(taken: type, stage: Stage) -> None:
    assert taken in taken_by(stage)


def test_what_a_stage_takes_has_a_rank() -> None:
    assert STAGES.keys() <= RANKS.keys()


def test_what_nothing_takes_ends_the_flow() -> None:
    """All of the highest rank and only they: what is of a lower one would be lost unseen."""
    last = max(RANKS.values())
    assert {kind for kind, rank in RANKS.items() if rank == last} == RANKS.keys() - STAGES.keys()


def test_every_message_of_the_vocabulary_has_its_rank() -> None:
    spoken = set(_classes_of(messages)) | set(_classes_of(changes))
    assert spoken <= RANKS.keys()


def test_no_stage_is_left_out_of_the_table() -> None:
    known = {stage for stages in STAGES.values() for stage in stages}
    written = {
        function
        for module in FLOWING
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
        if "view" in inspect.signature(function).parameters
        if taken_by(function) & RANKS.keys()
    }
    assert written == known


def test_no_class_is_ranked_twice() -> None:
    """A dict literal keeps the last of two without a word."""
    tree = ast.parse(inspect.getsource(table))
    (ranks,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "RANKS"
    )
    assert isinstance(ranks, ast.Dict)
    names = [ast.unparse(node) for node in ast.walk(ranks) if isinstance(node, ast.Name)]
    assert [name for name in set(names) - {"dict"} if names.count(name) > 1] == []


def test_messages_cannot_be_changed() -> None:
    for kind in RANKS:
        parameters: Any = getattr(kind, "__dataclass_params__", None)
        assert parameters is not None, kind
        assert parameters.frozen, kind
        assert "__slots__" in vars(kind), kind


def _classes_of(module: Any) -> Iterator[type]:  # noqa: ANN401 - a module has no narrower type
    """Yield the values a module declares; enumerations are not messages."""
    for _, kind in inspect.getmembers(module, inspect.isclass):
        if kind.__module__ == module.__name__ and hasattr(kind, "__dataclass_fields__"):
            yield kind
