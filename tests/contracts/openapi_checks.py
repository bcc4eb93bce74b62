"""Checks values against the part of JSON Schema that our OpenAPI documents use, and no more of it.

A keyword that is not known here is an error, so that nothing in a document goes unchecked.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

DOCUMENTS = Path(__file__).parents[2] / "docs" / "partners"
WORDS = {"description", "summary"}
TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z", re.ASCII)


class Contract:
    """One OpenAPI document."""

    def __init__(self, name: str) -> None:
        text = (DOCUMENTS / f"{name}.yaml").read_text(encoding="utf-8")
        self.document: dict[str, Any] = yaml.safe_load(text)

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield (METHOD, path, operation)."""
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                yield method.upper(), path, operation

    def operation(self, method: str, path: str) -> dict[str, Any]:
        """Return the operation that a request belongs to."""
        for known, template, operation in self.operations():
            if known == method and re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path):
                return operation
        message = f"{method} {path} is not in the contract"
        raise AssertionError(message)

    def schema(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.document["components"]["schemas"][name]
        return found

    def answer_schema(self, operation: Mapping[str, Any], status: int) -> dict[str, Any]:
        responses = operation["responses"]
        answer = self.resolved(responses.get(str(status), responses["default"]))
        (media,) = answer["content"].values()
        found: dict[str, Any] = media["schema"]
        return found

    def resolved(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            assert set(node) == {"$ref"}
            found: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node

    def check(self, value: object, schema: Mapping[str, Any], at: str = "$") -> None:
        """Fail unless the value is as the schema says."""
        schema = self.resolved(schema)
        for keyword, said in schema.items():
            if keyword not in WORDS:
                CHECKS[keyword](self, value, said, at)
        if schema.get("type") == "object":
            assert isinstance(value, dict)
            self._check_fields(value, schema, at)

    def _check_fields(self, value: dict[str, Any], schema: Mapping[str, Any], at: str) -> None:
        known = schema.get("properties", {})
        for name, one in value.items():
            if name in known:
                self.check(one, known[name], f"{at}.{name}")
                continue
            others = schema.get("additionalProperties", True)
            assert others is not False, f"{at}.{name} is not in the contract"
            if isinstance(others, Mapping):
                self.check(one, others, f"{at}.{name}")


Check = Callable[[Contract, Any, Any, str], None]


def _type(_: Contract, value: Any, said: Any, at: str) -> None:  # noqa: ANN401 - any JSON
    fits = isinstance(value, TYPES[said]) and (said == "boolean" or not isinstance(value, bool))
    assert fits, f"{at} is no {said}"


def _required(_: Contract, value: Any, said: Any, at: str) -> None:  # noqa: ANN401 - any JSON
    assert not set(said) - set(value), f"{at} lacks {set(said) - set(value)}"


def _items(contract: Contract, value: Any, said: Any, at: str) -> None:  # noqa: ANN401 - any JSON
    for number, one in enumerate(value):
        contract.check(one, said, f"{at}.{number}")


def _all_of(contract: Contract, value: Any, said: Any, at: str) -> None:  # noqa: ANN401 - any JSON
    for one in said:
        contract.check(value, one, at)


def _that(holds: Callable[[Any, Any], bool]) -> Check:
    def check(_: Contract, value: Any, said: Any, at: str) -> None:  # noqa: ANN401 - any JSON
        assert holds(value, said), f"{at}: {str(value)[:60]!r} is not as {said!r} says"

    return check


def _looked_at_elsewhere(_: Contract, value: Any, said: Any, at: str) -> None:  # noqa: ANN401
    assert isinstance(value, dict), f"{at} is no object, as {str(said)[:20]} wants"


CHECKS: Mapping[str, Check] = {
    "type": _type,
    "required": _required,
    "items": _items,
    "allOf": _all_of,
    "properties": _looked_at_elsewhere,
    "additionalProperties": _looked_at_elsewhere,
    "const": _that(lambda value, said: value == said),
    "enum": _that(lambda value, said: value in said),
    "pattern": _that(lambda value, said: re.search(said, value) is not None),
    "format": _that(lambda value, said: said == "date-time" and TIME.match(value) is not None),
    "minLength": _that(lambda value, said: len(value) >= said),
    "maxLength": _that(lambda value, said: len(value) <= said),
    "minItems": _that(lambda value, said: len(value) >= said),
    "maxItems": _that(lambda value, said: len(value) <= said),
    "minimum": _that(lambda value, said: value >= said),
    "maximum": _that(lambda value, said: value <= said),
    "exclusiveMinimum": _that(lambda value, said: value > said),
}
