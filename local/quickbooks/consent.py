"""The HTTP side of OAuth: the consent page, the token and revocation endpoints, the discovery documents."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

from local.quickbooks import envelope, fate, oauth, wire
from local.quickbooks.envelope import Answer, Style
from local.quickbooks.oauth import SecondUse
from local.quickbooks.page import page
from local.quickbooks.problems import GatewayFault, OAuthRefusal
from local.quickbooks.traffic import Request, Visit

if TYPE_CHECKING:
    from local.quickbooks.simulator import Simulator

    _Endpoint = Callable[[Simulator, Visit, Style], Answer]


def answer(simulator: Simulator, visit: Visit) -> Answer | None:
    """The answer to a request of the OAuth protocol; None for any other path."""
    path = visit.request.path.rstrip("/")
    style = Style(simulator.now(), False, visit.call.intuit_tid)
    if path == "/connect/oauth2":
        return _authorize(simulator, visit.request)
    if path == "/oauth2/v1/tokens/bearer":
        return _guarded(simulator, visit, style, _token)
    if path == "/v2/oauth2/tokens/revoke":
        return _guarded(simulator, visit, style, _revoke)
    if path == "/.well-known/openid_configuration":
        return envelope.json_answer(200, oauth.discovery(visit.request.base, sandbox=False))
    if path == "/.well-known/openid_sandbox_configuration":
        return envelope.json_answer(200, oauth.discovery(visit.request.base, sandbox=True))
    if path == "/op/v1/jwks":
        return envelope.json_answer(200, {"keys": []})
    if path.endswith("/v1/openid_connect/userinfo"):
        return envelope.json_answer(200, {"sub": "simulated-user", "email": "user@example.com", "emailVerified": True})
    return None


def _guarded(simulator: Simulator, visit: Visit, style: Style, carry_out: _Endpoint) -> Answer:
    """Method, faults and refusals, the same for both token endpoints."""
    try:
        fate.check_throttle(visit)
        broken = fate.before(visit, style)
        made = broken or _committed(simulator, visit, style, carry_out)
    except GatewayFault as fault:
        return fate.refused(visit, style, fault)
    except OAuthRefusal as refusal:
        return envelope.oauth_refusal(style, refusal)
    return broken or fate.after(visit, style, made)


def _committed(simulator: Simulator, visit: Visit, style: Style, carry_out: _Endpoint) -> Answer:
    if visit.request.method != "POST":
        raise OAuthRefusal("invalid_request", status=405)
    refused = visit.rule("invalid-grant")
    if refused:
        known = "Incorrect or invalid refresh token"
        raise OAuthRefusal("invalid_grant", known if refused.detail is None else refused.detail)
    refusal = None
    with simulator.store.transaction():
        try:
            made = carry_out(simulator, visit, style)
        except SecondUse as second:
            refusal = second
    if refusal is not None:
        raise refusal
    return made


def company_behind(simulator: Simulator, request: Request) -> str:
    """The company whose code or token a request to a token endpoint carries; empty where there is none."""
    try:
        form = _form(request)
    except OAuthRefusal:
        return ""
    secret = form.get("code") or form.get("refresh_token") or form.get("token") or ""
    return simulator.tokens.company_behind(secret) if secret else ""


def _form(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "")
    try:
        if "json" in kind:
            said = wire.loads(request.body)
            return {str(key): str(value) for key, value in said.items()} if isinstance(said, dict) else {}
        return oauth.form_of(kind, request.body)
    except ValueError as cause:
        raise OAuthRefusal("invalid_request") from cause


def _token(simulator: Simulator, visit: Visit, style: Style) -> Answer:
    form = _form(visit.request)
    tokens = simulator.tokens
    tokens.check_client(visit.request.headers.get("authorization"), form)
    kind = form.get("grant_type")
    now = simulator.now()
    needed = {"authorization_code": ("code", "redirect_uri"), "refresh_token": ("refresh_token",)}.get(kind or "")
    if needed is None:
        raise OAuthRefusal("unsupported_grant_type" if kind else "invalid_request")
    if not all(form.get(name) for name in needed):
        raise OAuthRefusal("invalid_request")
    if kind == "authorization_code":
        content = tokens.exchange(form["code"], form["redirect_uri"], now)
    else:
        rotate = visit.rule("rotate-refresh-token")
        grace = int(rotate.seconds or 0) if rotate else None
        content = tokens.refresh(form["refresh_token"], now, rotate is not None, grace)
    if visit.request.headers.get("x-include-refresh-token-hard-expires-in") == "true":
        content["x_refresh_token_hard_expires_in"] = tokens.consent_left(content["refresh_token"], now)
    made = envelope.json_answer(200, content)
    return Answer(200, made.body, style.traced({**made.headers, "Cache-Control": "no-cache, no-store"}))


def _revoke(simulator: Simulator, visit: Visit, style: Style) -> Answer:
    form = _form(visit.request)
    simulator.tokens.check_client(visit.request.headers.get("authorization"), form)
    if not form.get("token"):
        raise OAuthRefusal("invalid_request")
    simulator.tokens.revoke(form["token"])
    return Answer(200, b"", style.traced({}))


def _authorize(simulator: Simulator, request: Request) -> Answer:
    """The consent page. `auto_consent=<companyId>` says yes at once, for demos and tests."""
    asked = dict(request.query)
    wrong = oauth.check_authorize(simulator.tokens.client, asked)
    if wrong is not None:
        return _page(400, "Sorry, but something went wrong", f"<p>{escape(wrong)}</p>")
    if request.method == "POST":
        form = oauth.form_of("", request.body)
        if form.get("decision") != "connect":
            return _redirect(oauth.back_to(asked, {"error": "access_denied"}))
        return _consented(simulator, asked, form.get("company", ""))
    if "auto_consent" in asked:
        return _consented(simulator, asked, asked["auto_consent"])
    return _consent_page(simulator, asked)


def _consented(simulator: Simulator, asked: dict[str, str], realm: str) -> Answer:
    if realm not in simulator.companies:
        return _page(400, "Sorry, but something went wrong", f"<p>There is no company {escape(realm[:40])}.</p>")
    with simulator.store.transaction():
        code = simulator.tokens.consent(realm, asked["scope"], asked["redirect_uri"], simulator.now())
    return _redirect(oauth.back_to(asked, {"code": code, "realmId": realm}))


def _redirect(url: str) -> Answer:
    return Answer(302, b"", {"Location": url, "Cache-Control": "no-store"})


def _consent_page(simulator: Simulator, asked: dict[str, str]) -> Answer:
    choices = "".join(
        f'<label><input type="radio" name="company" value="{realm}"{" checked" if place == 0 else ""}> '
        f"{escape(company.name)} <small>{realm}, {company.home_currency}</small></label>"
        for place, (realm, company) in enumerate(simulator.companies.items())
    )
    scopes = "".join(f"<li><code>{escape(one)}</code></li>" for one in asked["scope"].split())
    form = (
        f"<p>The app <strong>{escape(asked['client_id'])}</strong> asks for access to one company:</p><ul>{scopes}</ul>"
        f'<form method="post"><fieldset><legend>Company</legend>{choices}</fieldset>'
        '<button name="decision" value="connect">Connect</button> '
        '<button name="decision" value="cancel">Cancel</button></form>'
    )
    return _page(200, "Connect to QuickBooks (simulator)", form)


def _page(status: int, title: str, body: str) -> Answer:
    return envelope.html_answer(status, page(title, body))
