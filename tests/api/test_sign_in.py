"""Signing in, refreshing, signing out."""

from pathlib import Path

import httpx2
import pytest

from tests.api.world import PASSWORD, World


async def sign_in(client: httpx2.AsyncClient, password: str = PASSWORD) -> httpx2.Response:
    return await client.post(
        "/auth/token", json={"email": "Alice@Example.org", "password": password}
    )


async def test_signs_in_with_json(world: World) -> None:
    client = world.anonymous()

    tokens = (await sign_in(client)).json()

    assert tokens["token_type"] == "bearer"
    assert tokens["expires_in"] == 900
    me = await client.get("/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert me.json()["name"] == "Alice"


async def test_signs_in_with_an_oauth2_password_form(world: World) -> None:
    form = {"grant_type": "password", "username": "alice@example.org", "password": PASSWORD}

    answer = await world.anonymous().post("/auth/token", data=form)

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"


async def test_a_wrong_password_and_an_unknown_address_are_answered_alike(world: World) -> None:
    client = world.anonymous()

    wrong = await sign_in(client, "wrong")
    unknown = await client.post(
        "/auth/token", json={"email": "nobody@example.org", "password": PASSWORD}
    )

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.content == unknown.content


async def test_the_sixth_try_from_one_address_waits_even_with_the_right_password(
    world: World,
) -> None:
    client = world.anonymous()
    for _ in range(5):
        assert (await sign_in(client, "wrong")).status_code == 401

    late = await sign_in(client)

    assert late.status_code == 429
    assert int(late.headers["retry-after"]) > 0
    assert (await sign_in(world.anonymous(address="192.0.2.9"))).status_code == 200


async def test_a_right_password_gives_the_tries_back(world: World) -> None:
    client = world.anonymous()
    for _ in range(2):
        for _ in range(4):
            await sign_in(client, "wrong")
        assert (await sign_in(client)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"email": 7, "password": "hunter2"}',
        b'{"email": "a@b", "password": ["hunter2"]}',
        b'{"email": "a@b", "password": "hunter2", "extra": 1}',
        b"\xff\xfe",
    ],
)
async def test_a_malformed_sign_in_is_refused_without_repeating_it(
    world: World, body: bytes
) -> None:
    for kind in ("application/json", "application/x-www-form-urlencoded"):
        answer = await world.anonymous().post(
            "/auth/token", content=body, headers={"Content-Type": kind}
        )
        assert answer.status_code == 422
        assert "hunter2" not in answer.text


async def test_an_access_token_ends_by_the_hubs_clock(world: World) -> None:
    alice = await world.as_("alice")
    assert (await alice.get("/me")).status_code == 200

    world.clock.advance(901)

    late = await alice.get("/me")
    assert late.status_code == 401
    assert late.headers["www-authenticate"] == "Bearer"


async def test_a_refresh_token_is_changed_once_and_a_second_use_ends_the_sign_in(
    world: World,
) -> None:
    client = world.anonymous()
    first = (await sign_in(client)).json()

    second = await client.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})
    headers = {"Authorization": f"Bearer {second.json()['access_token']}"}
    assert (await client.get("/me", headers=headers)).status_code == 200
    stolen = await client.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})

    assert stolen.status_code == 401
    assert (await client.get("/me", headers=headers)).status_code == 401
    third = {"refresh_token": second.json()["refresh_token"]}
    assert (await client.post("/auth/refresh", json=third)).status_code == 401


async def test_signing_out_ends_the_access_token_at_once(world: World) -> None:
    alice = await world.as_("alice")

    assert (await alice.post("/auth/sign-out")).status_code == 204

    assert (await alice.get("/me")).status_code == 401


@pytest.mark.parametrize(
    "token",
    [
        "nonsense",
        "a.b.c",
        "eyJhbGciOiAibm9uZSJ9.eyJzdWIiOiAicF9hbGljZSIsICJmYW0iOiAic19hbGljZSJ9.",
        "x" * 5000,
    ],
    ids=["nonsense", "three parts", "unsigned", "long"],
)
async def test_a_token_that_we_did_not_sign_is_refused(world: World, token: str) -> None:
    await world.as_("alice")

    answer = await world.anonymous().get("/me", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 401


async def test_no_secret_is_kept_in_clear(world: World, tmp_path: Path) -> None:
    client = world.anonymous()
    tokens = (await sign_in(client)).json()
    alice = await world.as_("alice")
    renewed = (await alice.post("/devices/w-alice/token")).json()
    claim = {"kind": "watch", "name": "new", "household": "h_home"}
    code = (await alice.post("/devices/claims", json=claim)).json()["code"]

    kept = _everything_in(tmp_path)
    assert b"p_alice" in kept

    for secret in (PASSWORD, tokens["refresh_token"], tokens["access_token"], renewed["token"]):
        assert secret.encode() not in kept
    assert code.replace("-", "").encode() not in kept


def _everything_in(directory: Path) -> bytes:
    return b"".join(found.read_bytes() for found in directory.iterdir())
