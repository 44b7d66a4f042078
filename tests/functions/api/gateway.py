"""API Gateway and Cognito, as far as a client can tell: tokens are checked here, the handler sees the proxy event.

httpx ─▶ transport ─▶ authorizer (token known, not expired) ─▶ proxy event ─▶ handle(event, context, house)
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import httpx

from api.handler import handle
from api.house import House

STAGE = "/test"
BASE_URL = f"https://gateway.example{STAGE}"
TOKEN_URL = "https://cognito.example/oauth2/token"
LIFETIME = timedelta(hours=1)
PUBLIC = ("/oauth/token", "/quickbooks/callback", "/openapi.json")


class Context:
    """What Lambda hands over beside the event."""

    function_name = "api"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:eu-west-1:000000000000:function:api"
    aws_request_id = "11111111-2222-4333-8444-555555555555"


@dataclass
class Cognito:
    """The token endpoint, and what the gateway's authorizer knows of the tokens that it gave."""

    now: Callable[[], datetime]
    clients: dict[str, str] = field(default_factory=dict)
    claims: dict[str, tuple[dict[str, str], datetime]] = field(default_factory=dict)
    asked: int = 0
    status: int | None = None

    def client(self, client_id: str) -> str:
        """A new API client's secret."""
        self.clients[client_id] = f"secret-of-{client_id}"
        return self.clients[client_id]

    def token_of_client(self, client_id: str) -> str:
        return self._give({"sub": client_id, "client_id": client_id, "token_use": "access"})

    def token_of_person(self, subject: str, console: str = "console") -> str:
        return self._give({"sub": subject, "client_id": console, "username": subject, "token_use": "access"})

    def authorize(self, header: str | None) -> dict[str, str] | None:
        claims, ends = self.claims.get((header or "").removeprefix("Bearer "), ({}, self.now()))
        return claims if claims and self.now() < ends else None

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.status:
            return httpx.Response(self.status, text="<html>out of order</html>")
        basic = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        client_id, _, secret = basic.partition(":")
        sent = dict(parse_qsl(request.content.decode()))
        if self.clients.get(client_id) != secret or sent.get("scope") != "m3ter-quickbooks/api":
            return httpx.Response(400, json={"error": "invalid_client"})
        seconds = int(LIFETIME.total_seconds())
        token = self.token_of_client(client_id)
        return httpx.Response(200, json={"access_token": token, "expires_in": seconds, "token_type": "Bearer"})

    def _give(self, claims: dict[str, str]) -> str:
        token = uuid4().hex
        self.claims[token] = (claims, self.now() + LIFETIME)
        return token


@dataclass
class Gateway:
    """The deployed API as a client sees it."""

    house: House
    cognito: Cognito

    def transport(self) -> httpx.MockTransport:
        """For sync and for async clients."""
        return httpx.MockTransport(self.answer)

    def client(self, token: str | None = None, **more: Any) -> httpx.Client:
        """A plain client, with a token or without."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(transport=self.transport(), base_url=BASE_URL, headers={**headers, **more})

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().partition("?")[0].removeprefix(STAGE)
        claims = None
        if path not in PUBLIC:
            claims = self.cognito.authorize(request.headers.get("authorization"))
            if claims is None:
                return httpx.Response(401, json={"message": "Unauthorized"})
        given = handle(proxy_event(request, path, claims), Context(), self.house)
        return httpx.Response(given["statusCode"], headers=given["headers"], text=given["body"])


def proxy_event(request: httpx.Request, path: str, claims: dict[str, str] | None) -> dict[str, Any]:
    """A REST API's proxy event, through JSON as it really comes."""
    pairs = parse_qsl(urlsplit(str(request.url)).query, keep_blank_values=True)
    many: dict[str, list[str]] = {}
    for name, value in pairs:
        many.setdefault(name, []).append(value)
    body, encoded = _body(request.content)
    event = {
        "httpMethod": request.method,
        "path": path,
        "resource": "/organizations/{orgId}/{proxy+}",
        "headers": {**dict(request.headers), "Host": "gateway.example", "X-Forwarded-Proto": "https"},
        "queryStringParameters": {name: values[-1] for name, values in many.items()} or None,
        "multiValueQueryStringParameters": many or None,
        "body": body,
        "isBase64Encoded": encoded,
        "requestContext": {
            "stage": STAGE.strip("/"),
            "path": STAGE + path,
            "domainName": "gateway.example",
            "authorizer": {"claims": claims} if claims else None,
        },
    }
    return dict(json.loads(json.dumps(event)))


def _body(content: bytes) -> tuple[str | None, bool]:
    try:
        return content.decode() or None, False
    except UnicodeDecodeError:
        return base64.b64encode(content).decode(), True
