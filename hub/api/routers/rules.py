"""Thresholds and ladders: when somebody is touched, and how."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from hub.api.bodies import Cursor, Limit, PageOf
from hub.api.gate import Parts, SignedIn, checked_id
from hub.api.once import KeepingRoute, OnceOnly
from hub.api.parts import ApiParts
from hub.api.problems import documented
from hub.api.rule_bodies import RuleBody, RuleShown, shown
from hub.api.rule_rights import RuleRights
from hub.errors import InvalidInputError, UnknownError
from hub.model import Reader, Rule

router = APIRouter(prefix="/rules", tags=["rules"], route_class=KeepingRoute)


@router.get("", summary="List rules", responses=documented(401))
async def list_rules(
    reader: SignedIn,
    parts: Parts,
    limit: Limit = 100,
    cursor: Cursor = None,
    device: Annotated[str | None, Query(max_length=64)] = None,
) -> PageOf[RuleShown]:
    """The rules that concern you, your children and your home; with `device` those that name it."""
    rights = RuleRights(parts, reader)
    found: list[Rule] = []
    for name in sorted(parts.worker.rules):
        rule = parts.worker.rules[name]
        ours = rule.household in reader.roles and name > (cursor or "")
        if ours and device in (None, *rule.spec.devices) and await rights.may_see(rule):
            found.append(rule)
            if len(found) > limit:
                break
    more = found[limit - 1].id if len(found) > limit else None
    return PageOf(items=[_shown(rule) for rule in found[:limit]], next_cursor=more)


@router.post("", summary="Make a rule", status_code=201, responses=documented(401, 403, 404, 409))
async def make_rule(reader: SignedIn, parts: Parts, body: RuleBody, once: OnceOnly) -> RuleShown:
    """Watch one property, in force from the next reading on."""
    rule = _rule(once.new_id("r"), body, reader=reader, revision=1)
    return await _put(rule, reader=reader, parts=parts)


@router.get("/{rule}", summary="Show one rule", responses=documented(401, 404))
async def show_rule(reader: SignedIn, parts: Parts, rule: str) -> RuleShown:
    return _shown(await _seen(rule, reader=reader, parts=parts))


@router.put("/{rule}", summary="Change a rule", responses=documented(401, 403, 404, 409))
async def change_rule(
    reader: SignedIn, parts: Parts, rule: str, body: RuleBody, _: OnceOnly
) -> RuleShown:
    """Put the whole rule in place of what it was; what is left out takes its default."""
    found = await _seen(rule, reader=reader, parts=parts)
    if body.household != found.household:
        message = "a rule stays in its household"
        raise InvalidInputError(message)
    await RuleRights(parts, reader).check_change(found)
    changed = _rule(found.id, body, reader=reader, revision=found.revision + 1)
    return await _put(changed, reader=reader, parts=parts)


@router.delete(
    "/{rule}",
    summary="End a rule",
    status_code=204,
    response_class=Response,
    responses=documented(401, 403, 404, 409),
)
async def end_rule(reader: SignedIn, parts: Parts, rule: str, _: OnceOnly) -> None:
    """It watches no more; the alarms it raised stay in the record."""
    found = await _seen(rule, reader=reader, parts=parts)
    await RuleRights(parts, reader).check_change(found)
    await parts.worker.end_rule(found.id)


async def _seen(name: str, *, reader: Reader, parts: ApiParts) -> Rule:
    rule = parts.worker.rules.get(checked_id(name, what="rule"))
    if rule is None or not await RuleRights(parts, reader).may_see(rule):
        raise UnknownError(what="rule", name=name)
    return rule


def _rule(name: str, body: RuleBody, *, reader: Reader, revision: int) -> Rule:
    if body.household not in reader.roles:
        raise UnknownError(what="household", name=body.household)
    person = reader.person if body.person == "me" else body.person
    return Rule(
        id=name, household=body.household, person=person, spec=body.spec(), revision=revision
    )


async def _put(rule: Rule, *, reader: Reader, parts: ApiParts) -> RuleShown:
    rights = RuleRights(parts, reader)
    await rights.check_spec(rule)
    await rights.check_change(rule)
    return _shown(await parts.worker.put_rule(rule))


def _shown(rule: Rule) -> RuleShown:
    return shown(
        rule.id, rule.revision, household=rule.household, person=rule.person, spec=rule.spec
    )
