"""The page that shows the API to a person, and what is added to its OpenAPI document."""

import base64
import hashlib
import re
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse

from hub.api import problems

TITLE = "The hub's companion API"
VERSION = "1"
DESCRIPTION = """\
Sign in with `POST /api/v1/auth/token` and send `Authorization: Bearer <access_token>`.

Errors are RFC 9457 problem documents. Lists are paged: give `next_cursor` as `cursor`. A foreign
id and an unknown one are answered alike. Unsafe requests take an `Idempotency-Key`: repeating one
repeats its answer, not its effect. `WS /api/v1/live` tells what happens as it happens.
"""

_CDN = "https://cdn.jsdelivr.net"
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@cache
def page() -> HTMLResponse:
    """Return the page; its policy lets run what it holds and nothing that is slipped into it."""
    html = get_swagger_ui_html(
        openapi_url="/openapi.json", title=TITLE, swagger_favicon_url="data:,"
    )
    scripts = _INLINE.findall(bytes(html.body).decode())
    hashes = " ".join(f"'sha256-{_sha256(script)}'" for script in scripts)
    html.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src {_CDN} {hashes}; style-src {_CDN} 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return html


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=TITLE, version=VERSION, description=DESCRIPTION, routes=app.routes
        )
        document["components"]["schemas"]["Problem"] = problems.SCHEMA
        app.openapi_schema = document
    return app.openapi_schema


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
