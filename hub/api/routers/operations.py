"""Whether the hub lives, is ready, and how it is doing; for machines, outside `/api/v1`."""

from collections.abc import Mapping

from fastapi import APIRouter, Depends, Response
from fastapi.responses import HTMLResponse, JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from hub.api import docs
from hub.api.bodies import Shown
from hub.api.gate import Parts, public

router = APIRouter(tags=["operation"], dependencies=[Depends(public)])


class Alive(Shown):
    status: str


class Ready(Shown):
    ready: bool
    parts: dict[str, dict[str, object]]
    """Each with `ok`, `since` and `detail`."""


@router.get("/healthz", summary="Does it live")
async def healthz() -> Alive:
    """200 while the process answers."""
    return Alive(status="ok")


@router.get(
    "/readyz",
    summary="Can it work",
    response_model=Ready,
    responses={503: {"model": Ready, "description": "Not ready; the parts say why."}},
)
async def readyz(parts: Parts) -> JSONResponse:
    """200 while every part that matters works, else 503 with the reasons."""
    health: Mapping[str, object] = parts.worker.health()
    ready = bool(health.get("ready"))
    headers = {} if ready else {"Retry-After": "1"}
    body = Ready.model_validate(dict(health)).model_dump(mode="json")
    return JSONResponse(body, 200 if ready else 503, headers)


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(parts: Parts) -> Response:
    return Response(generate_latest(parts.metrics), media_type=CONTENT_TYPE_LATEST)


@router.get("/docs", include_in_schema=False)
async def documentation() -> HTMLResponse:
    return docs.page()
