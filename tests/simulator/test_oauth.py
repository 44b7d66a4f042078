import base64
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from local.quickbooks.envelope import Answer
from local.quickbooks.oauth import Client
from local.quickbooks.seed import SAMPLE
from local.quickbooks.simulator import Simulator
from local.quickbooks.traffic import LostAnswer
from tests.simulator.caller import Caller, invoice

HOST = "http://quickbooks.test"
BASIC = {"Authorization": "Basic " + base64.b64encode(b"simulator-client:simulator-secret").decode()}
ASKED = {
    "client_id": "simulator-client",
    "response_type": "code",
    "scope": "com.intuit.quickbooks.accounting",
    "redirect_uri": "https://app.example/callback",
    "state": "s p&c",
}


def authorize(simulator: Simulator, method: str = "GET", body: str = "", **asked: str) -> Answer:
    return simulator.handle(method, f"{HOST}/connect/oauth2?{urlencode({**ASKED, **asked})}", {}, body)


def returned(answer: Answer) -> dict[str, str]:
    assert answer.status == 302
    return {key: values[0] for key, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def token(simulator: Simulator, headers: dict[str, str] = BASIC, **form: str) -> Answer:
    return simulator.handle("POST", f"{HOST}/oauth2/v1/tokens/bearer", headers, urlencode(form))


def code(simulator: Simulator) -> str:
    return returned(authorize(simulator, auto_consent=SAMPLE))["code"]


def exchange(simulator: Simulator) -> Any:
    return exchanged(simulator, code(simulator)).json()


def exchanged(simulator: Simulator, one: str) -> Answer:
    return token(simulator, grant_type="authorization_code", code=one, redirect_uri=ASKED["redirect_uri"])


def refreshed(simulator: Simulator, refresh_token: str) -> Answer:
    return token(simulator, grant_type="refresh_token", refresh_token=refresh_token)


def works(simulator: Simulator, access_token: str) -> bool:
    headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
    return simulator.handle("GET", f"{HOST}/v3/company/{SAMPLE}/companyinfo/{SAMPLE}", headers).status == 200


@pytest.mark.fact("7", "callback: ?code&state&realmId; code at most 512 characters")
@pytest.mark.fact("7", "state is mandatory and comes back unchanged; realmId comes only in the callback")
def test_consent_comes_back_with_code_state_and_company(simulator: Simulator) -> None:
    answer = authorize(simulator, auto_consent=SAMPLE)
    assert answer.headers["Location"].startswith("https://app.example/callback?")
    back = returned(answer)
    assert set(back) == {"code", "state", "realmId"}
    assert (back["state"], back["realmId"]) == ("s p&c", SAMPLE)
    assert len(back["code"]) <= 512


def test_the_consent_page_is_a_form_that_posts_back_to_its_own_url(simulator: Simulator) -> None:
    shown = authorize(simulator)
    assert shown.status == 200
    assert '<form method="post">' in shown.text
    assert f'value="{SAMPLE}"' in shown.text
    back = returned(authorize(simulator, "POST", f"company={SAMPLE}&decision=connect"))
    assert back["realmId"] == SAMPLE


@pytest.mark.fact("7", "error case ?error=access_denied&state")
def test_a_refusal_comes_back_as_access_denied(simulator: Simulator) -> None:
    assert returned(authorize(simulator, "POST", "decision=cancel")) == {"error": "access_denied", "state": "s p&c"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "x"}, {"response_type": "token"}, {"scope": ""}, {"state": ""},
        {"redirect_uri": "javascript:alert(1)"}, {"auto_consent": "1"},
    ],
)  # fmt: skip
def test_a_wrong_authorize_request_is_an_error_page_and_never_a_redirect(
    simulator: Simulator, wrong: dict[str, str]
) -> None:
    assert authorize(simulator, **wrong).status == 400


@pytest.mark.fact("7", "token answer: no realmId, no id_token without openid")
@pytest.mark.fact("7", "refresh token 8726400 s")
@pytest.mark.fact("7", "access token 3600 s")
def test_a_code_is_exchanged_for_tokens(simulator: Simulator) -> None:
    answer = exchange(simulator)
    assert {key: answer[key] for key in ("token_type", "expires_in", "x_refresh_token_expires_in")} == {
        "token_type": "bearer",
        "expires_in": 3600,
        "x_refresh_token_expires_in": 8726400,
    }
    assert set(answer) == {
        "token_type", "access_token", "refresh_token", "expires_in", "x_refresh_token_expires_in",
    }  # fmt: skip
    assert answer["refresh_token"].startswith("RT1-")
    assert works(simulator, answer["access_token"])


@pytest.mark.fact("7", "code single use and short-lived; exchanging twice invalidates the issued tokens")
def test_a_code_used_twice_ends_the_connection(simulator: Simulator) -> None:
    one = code(simulator)
    tokens = exchanged(simulator, one).json()
    again = exchanged(simulator, one)
    assert (again.status, again.json()["error"]) == (400, "invalid_grant")
    assert not works(simulator, tokens["access_token"])
    assert refreshed(simulator, tokens["refresh_token"]).status == 400


def test_a_code_is_short_lived_and_bound_to_its_redirect_uri(simulator: Simulator) -> None:
    other = token(simulator, grant_type="authorization_code", code=code(simulator), redirect_uri="https://b.example")
    assert other.json()["error"] == "invalid_grant"
    one = code(simulator)
    simulator.advance(601)
    assert exchanged(simulator, one).json()["error"] == "invalid_grant"


@pytest.mark.fact("7", "the refresh token stays the same for a day and its remaining seconds count down")
def test_within_a_day_the_refresh_token_stays_and_counts_down(simulator: Simulator) -> None:
    first = exchange(simulator)
    simulator.advance(5015)
    again = refreshed(simulator, first["refresh_token"]).json()
    assert again["refresh_token"] == first["refresh_token"]
    assert again["access_token"] != first["access_token"]
    assert again["x_refresh_token_expires_in"] == 8721385


@pytest.mark.fact("7", "the previous refresh token dies 24 h after the new one was issued")
def test_after_a_day_the_refresh_token_changes_and_the_old_one_dies_a_day_later(simulator: Simulator) -> None:
    first = exchange(simulator)
    simulator.advance(86_400)
    second = refreshed(simulator, first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["x_refresh_token_expires_in"] == 8726400
    assert refreshed(simulator, first["refresh_token"]).json()["refresh_token"] == second["refresh_token"]
    simulator.advance(86_400)
    refused = refreshed(simulator, first["refresh_token"])
    assert refused.status == 400
    assert refused.json() == {
        "error_description": "Incorrect or invalid refresh token",
        "error": "invalid_grant",
    }
    assert refreshed(simulator, second["refresh_token"]).status == 200


@pytest.mark.fact("7", "concurrent refreshes inside the same day return the same refresh token")
def test_two_refreshes_of_the_same_day_do_no_harm(simulator: Simulator) -> None:
    first = exchange(simulator)["refresh_token"]
    assert refreshed(simulator, first).json()["refresh_token"] == refreshed(simulator, first).json()["refresh_token"]


def test_the_loser_of_a_refresh_race_at_rotation_has_a_dead_token(simulator: Simulator) -> None:
    first = exchange(simulator)["refresh_token"]
    simulator.mishaps.add("rotate-refresh-token", count=1)
    winner = refreshed(simulator, first).json()["refresh_token"]
    assert winner != first
    assert refreshed(simulator, first).json()["error"] == "invalid_grant"
    assert refreshed(simulator, winner).status == 200


@pytest.mark.fact("7", "access token 3600 s")
@pytest.mark.fact("1.7", "3200 token expired: 401")
@pytest.mark.fact("1.5", "type AUTHENTICATION: gateway 401")
def test_an_access_token_lasts_an_hour(simulator: Simulator) -> None:
    answer = exchange(simulator)
    simulator.advance(3599)
    assert works(simulator, answer["access_token"])
    simulator.advance(1)
    headers = {"Authorization": f"Bearer {answer['access_token']}", "Accept": "application/json"}
    refused = simulator.handle("GET", f"{HOST}/v3/company/{SAMPLE}/companyinfo/1", headers)
    assert refused.status == 401
    assert refused.json()["fault"]["error"][0]["detail"].startswith("Token expired: ")


@pytest.mark.fact("7", "bad client credentials: 401")
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic eDp5"}, {"Authorization": "Basic !"}])
def test_wrong_app_credentials_are_refused(simulator: Simulator, headers: dict[str, str]) -> None:
    answer = token(simulator, headers, grant_type="refresh_token", refresh_token="x")
    assert (answer.status, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["Content-Type"] == "application/json;charset=utf-8"
    assert "intuit_tid" in answer.headers


def test_an_unknown_grant_is_refused(simulator: Simulator) -> None:
    assert token(simulator, grant_type="password").json()["error"] == "unsupported_grant_type"
    assert token(simulator).json()["error"] == "invalid_request"


@pytest.mark.fact("7", "revoke: refresh or access token, JSON or form, ends the connection; 200 empty")
@pytest.mark.parametrize("which", ["refresh_token", "access_token"])
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_revoking_either_token_ends_the_connection(simulator: Simulator, which: str, kind: str) -> None:
    tokens = exchange(simulator)
    body = f'{{"token":"{tokens[which]}"}}' if "json" in kind else urlencode({"token": tokens[which]})
    answer = simulator.handle("POST", f"{HOST}/v2/oauth2/tokens/revoke", {**BASIC, "Content-Type": kind}, body)
    assert (answer.status, answer.body) == (200, b"")
    assert not works(simulator, tokens["access_token"])
    assert refreshed(simulator, tokens["refresh_token"]).json()["error"] == "invalid_grant"


@pytest.mark.fact("7", "five years at most: x_refresh_token_hard_expires_in on request")
def test_the_end_of_consent_can_be_asked_for(simulator: Simulator) -> None:
    headers = {**BASIC, "x-include-refresh-token-hard-expires-in": "true"}
    answer = token(simulator, headers, grant_type="refresh_token", refresh_token=exchange(simulator)["refresh_token"])
    assert answer.json()["x_refresh_token_hard_expires_in"] == 157680000


@pytest.mark.fact("7", "discovery documents: both, with or without a trailing slash")
@pytest.mark.fact("7", "discovery: six keys")
@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("name", ["openid_configuration", "openid_sandbox_configuration"])
def test_discovery_names_the_endpoints_of_this_server(simulator: Simulator, name: str, slash: str) -> None:
    content = simulator.handle("GET", f"{HOST}/.well-known/{name}{slash}").json()
    assert content["authorization_endpoint"] == f"{HOST}/connect/oauth2"
    assert content["token_endpoint"] == f"{HOST}/oauth2/v1/tokens/bearer"
    assert content["revocation_endpoint"] == f"{HOST}/v2/oauth2/tokens/revoke"
    assert {"issuer", "jwks_uri", "userinfo_endpoint"} <= set(content)


@pytest.mark.fact("1.7", "120 the user is no administrator any more")
@pytest.mark.fact("1.5", "type AuthorizatonFault, without an i")
def test_a_lost_administrator_is_told_in_xml_with_the_missing_i(simulator: Simulator, company: Caller) -> None:
    simulator.mishaps.add("lost-admin", count=1)
    answer = company.post("invoice", invoice())
    assert answer.status == 401
    assert '<Fault type="AuthorizatonFault"><Error code="120">' in answer.text
    assert company.post("invoice", invoice()).status == 200


def test_secrets_and_codes_are_not_recorded(simulator: Simulator) -> None:
    tokens = exchange(simulator)
    refreshed(simulator, tokens["refresh_token"])
    written = simulator.handle("GET", f"{HOST}/_simulator/requests").text
    assert '"operation":"token"' in written
    assert tokens["refresh_token"] not in written
    assert "simulator-secret" not in written


@pytest.mark.fact("7", "redirect URIs must match exactly")
def test_registered_redirect_uris_must_match_exactly() -> None:
    simulator = Simulator(client=Client(redirect_uris=("https://app.example/callback",)))
    assert authorize(simulator, auto_consent=SAMPLE).status == 302
    assert authorize(simulator, auto_consent=SAMPLE, redirect_uri="https://app.example/callback/").status == 400
    simulator.close()


@pytest.mark.fact("7", "scopes")
def test_without_the_accounting_scope_the_accounting_api_is_closed(simulator: Simulator) -> None:
    one = returned(authorize(simulator, auto_consent=SAMPLE, scope="openid email"))["code"]
    headers = {
        "Authorization": f"Bearer {exchanged(simulator, one).json()['access_token']}",
        "Accept": "application/json",
    }
    answer = simulator.handle("GET", f"{HOST}/v3/company/{SAMPLE}/companyinfo/1", headers)
    assert (answer.status, answer.json()["fault"]["error"][0]["code"]) == (403, "3100")


@pytest.mark.fact("7", "the userinfo endpoint is the only difference between both discovery documents")
def test_the_discovery_documents_differ_in_userinfo_only(simulator: Simulator) -> None:
    documents = [
        simulator.handle("GET", f"{HOST}/.well-known/{name}").json()
        for name in ("openid_configuration", "openid_sandbox_configuration")
    ]
    assert {key for key in documents[0] if documents[0][key] != documents[1][key]} == {"userinfo_endpoint"}


@pytest.mark.fact("7", "disconnected from Intuit's side: the tokens are dead")
def test_a_removed_app_has_dead_tokens(simulator: Simulator) -> None:
    tokens = exchange(simulator)
    simulator.handle("POST", f"{HOST}/_simulator/companies/{SAMPLE}/disconnect")
    assert not works(simulator, tokens["access_token"])
    assert refreshed(simulator, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_the_token_endpoint_can_fail_too(simulator: Simulator) -> None:
    first = exchange(simulator)["refresh_token"]
    simulator.mishaps.add("server-error", operation="refresh", count=1)
    assert refreshed(simulator, first).status == 503
    simulator.mishaps.add("invalid-grant", operation="refresh", count=1)
    assert refreshed(simulator, first).json()["error"] == "invalid_grant"
    simulator.mishaps.add("lost-answer", operation="refresh", count=1)
    with pytest.raises(LostAnswer):
        refreshed(simulator, first)
    assert refreshed(simulator, first).status == 200
