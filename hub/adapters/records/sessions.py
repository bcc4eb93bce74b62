"""Refresh tokens: each is used once, and a stolen one ends the sign-in it grew from.

What has ended stays as a row: a token added to its family a moment later is ended too.
"""

from dataclasses import asdict

from sqlalchemy import insert, select, update

from hub.adapters.records import tables
from hub.adapters.records.database import OnDatabase
from hub.ports import Session


class SqlSessions(OnDatabase):
    async def add_session(self, session: Session) -> None:
        known = tables.sessions.c
        family_ended = select(known.token_hash).where(known.family == session.family, known.ended)
        async with self._database.writing(refusal="this token was handed out before") as connection:
            ended = (await connection.execute(family_ended.limit(1))).first() is not None
            await connection.execute(insert(tables.sessions), asdict(session) | {"ended": ended})

    async def use_session(self, token_hash: str, *, now_ms: int) -> Session | None:
        known = tables.sessions.c
        taken = (
            update(tables.sessions)
            .where(known.token_hash == token_hash, known.used_ms.is_(None))
            .where(~known.ended, known.expires_ms > now_ms)
            .values(used_ms=now_ms)
            .returning(known.token_hash, known.person, known.family, known.expires_ms)
        )
        # Used before: whoever comes second, the token is in two hands.
        families = select(known.family).where(
            known.token_hash == token_hash, known.used_ms.is_not(None)
        )
        stolen = update(tables.sessions).where(known.family.in_(families)).values(ended=True)
        async with self._database.writing() as connection:
            row = (await connection.execute(taken)).first()
            if row is None:
                await connection.execute(stolen)
        return None if row is None else Session(**row._asdict())

    async def session_open(self, family: str, *, now_ms: int) -> bool:
        known = tables.sessions.c
        # The used ones count: between a use and its successor none of the family is unused.
        query = select(known.token_hash).where(
            known.family == family, ~known.ended, known.expires_ms > now_ms
        )
        return await self._database.first(query.limit(1)) is not None

    async def end_sessions(self, person: str) -> None:
        ended = update(tables.sessions).where(tables.sessions.c.person == person)
        async with self._database.writing() as connection:
            await connection.execute(ended.values(ended=True))
