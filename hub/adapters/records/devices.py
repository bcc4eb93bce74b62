"""The registry of devices: claims, names, tokens, and who a device belongs to."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Update, delete, insert, select, update

from hub.adapters.records import rows, tables
from hub.adapters.records.database import OnDatabase
from hub.adapters.records.pages import Order
from hub.adapters.records.statements import put
from hub.errors import RefusedError, UnknownError
from hub.model import Binding, Device, Rule
from hub.ports import Claim, Credential, Page

_BY_ID: Final = Order((tables.devices.c.id,), descending=False)


class SqlDevices(OnDatabase):
    async def add_claims(self, claims: Sequence[Claim]) -> None:
        async with self._database.writing(refusal="one of these codes is taken") as connection:
            if claims:
                await connection.execute(insert(tables.claims), [asdict(c) for c in claims])

    async def take_claim(self, code_hash: str, *, now_ms: int) -> Claim | None:
        claim = tables.claims.c
        taken = (
            update(tables.claims)
            .where(claim.code_hash == code_hash, claim.taken_ms.is_(None))
            .where(claim.expires_ms > now_ms)
            .values(taken_ms=now_ms)
            .returning(*(column for column in claim if column is not claim.taken_ms))
        )
        async with self._database.writing() as connection:
            row = (await connection.execute(taken)).first()
        return None if row is None else Claim(**row._asdict())

    async def add_devices(
        self, devices: Sequence[Device], *, credentials: Sequence[Credential], rules: Sequence[Rule]
    ) -> None:
        put_rule = put(self._database.dialect, tables.rules)
        refusal = "one of these devices is there already, or its household is not"
        async with self._database.writing(refusal=refusal) as connection:
            for statement, added in (
                (insert(tables.devices), [asdict(device) for device in devices]),
                (insert(tables.credentials), [rows.of_credential(kept) for kept in credentials]),
                (put_rule, [rows.of_rule(rule) for rule in rules]),
            ):
                if added:
                    await connection.execute(statement, added)

    async def bind(self, binding: Binding) -> None:
        known = tables.bindings.c
        refusal = (
            f"no device {binding.device!r}, no person {binding.person!r}, or another binding began "
            "at this instant"
        )
        running = select(known.since_at).where(
            known.device == binding.device, known.until_at.is_(None)
        )
        async with self._database.writing(refusal=refusal) as connection:
            since_at = (await connection.execute(running)).scalar()
            if since_at is not None and since_at >= binding.since_at:
                message = f"{binding.device!r} is bound to somebody since {since_at}, not before"
                raise RefusedError(message)
            await connection.execute(_end_binding(binding.device, binding.since_at))
            await connection.execute(insert(tables.bindings), asdict(binding))

    async def device(self, device: str) -> Device | None:
        row = await self._database.first(
            select(tables.devices).where(tables.devices.c.id == device)
        )
        return None if row is None else rows.device(row)

    async def bindings(self, device: str) -> Sequence[Binding]:
        known = tables.bindings.c
        query = select(tables.bindings).where(known.device == device).order_by(known.since_at)
        return [Binding(**row._asdict()) for row in await self._database.all(query)]

    async def devices(
        self,
        *,
        households: Collection[str] | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> Page[Device]:
        query = select(tables.devices)
        if households is not None:
            query = query.where(tables.devices.c.household.in_(households))
        found = await self._database.all(_BY_ID.select(query, limit=limit, cursor=cursor))
        return _BY_ID.page(found, limit=limit, make=rows.device)

    async def rename(self, device: str, name: str) -> None:
        renamed = update(tables.devices).where(tables.devices.c.id == device).values(name=name)
        async with self._database.writing() as connection:
            done = await connection.execute(renamed)
        if done.rowcount == 0:
            raise UnknownError(what="device", name=device)

    async def set_credential(self, credential: Credential) -> None:
        kept = rows.of_credential(credential)
        known = select(tables.devices.c.revoked_at).where(tables.devices.c.id == credential.device)
        async with self._database.writing() as connection:
            row = (await connection.execute(known)).first()
            if row is None:
                raise UnknownError(what="device", name=credential.device)
            if row.revoked_at is not None:
                message = f"{credential.device!r} is revoked; claim it again under a new id"
                raise RefusedError(message)
            await connection.execute(put(self._database.dialect, tables.credentials), kept)

    async def revoke(self, device: str, *, now_ms: int) -> None:
        """Shut the device out for good; its token is forgotten and its binding ends."""
        now = datetime.fromtimestamp(now_ms / 1000, tz=UTC)
        known = tables.devices.c
        revoked = update(tables.devices).where(known.id == device, known.revoked_at.is_(None))
        forgotten = delete(tables.credentials).where(tables.credentials.c.device == device)
        async with self._database.writing() as connection:
            await connection.execute(revoked.values(revoked_at=now))
            await connection.execute(forgotten)
            await connection.execute(_end_binding(device, now))

    async def credential(self, device: str) -> Credential | None:
        query = select(tables.credentials).where(tables.credentials.c.device == device)
        row = await self._database.first(query)
        return None if row is None else Credential(**row._asdict())

    async def credentials(self) -> Sequence[Credential]:
        query = select(tables.credentials).order_by(tables.credentials.c.device)
        return [Credential(**row._asdict()) for row in await self._database.all(query)]


def _end_binding(device: str, until_at: datetime) -> Update:
    known = tables.bindings.c
    running = update(tables.bindings).where(known.device == device, known.until_at.is_(None))
    return running.values(until_at=until_at)
