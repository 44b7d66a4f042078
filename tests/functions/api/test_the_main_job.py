"""What the demo does, with curl's means only: token, configuration, credential, consent, mapping, account, runs."""

import base64
from urllib.parse import parse_qs, urlsplit

import httpx

from local.quickbooks.seed import SAMPLE, SINGLE_CURRENCY
from tests.functions.api.conftest import Place


def consent(place: Place, authorize_url: str, company: str = SAMPLE) -> httpx.Response:
    """Say yes in the browser, and follow QuickBooks' redirect to the callback."""
    answer = place.simulator.handle("GET", f"{authorize_url}&auto_consent={company}")
    location = dict(answer.headers)["Location"]
    return place.gateway.client(Accept="text/html").get(location)


def connected(place: Place, company: str = SAMPLE) -> dict[str, object]:
    """A connected credential of the sandbox."""
    http = place.http()
    created = http.post("integrationcredentials", json={"destination": "QuickBooksSandbox", "name": "Books"}).json()
    assert consent(place, created["authorizeUrl"], company).status_code == 200
    return dict(http.get(f"integrationcredentials/{created['id']}").json())


def test_a_token_comes_for_basic_credentials_with_a_json_body_or_a_form(place: Place) -> None:
    client_id = place.client_id()
    basic = base64.b64encode(f"{client_id}:secret-of-{client_id}".encode()).decode()
    http = place.gateway.client(Authorization=f"Basic {basic}")
    by_json = http.post("oauth/token", json={"grant_type": "client_credentials"})
    by_form = http.post("oauth/token", data={"grant_type": "client_credentials"})
    assert by_json.status_code == by_form.status_code == 200
    assert by_json.json()["access_token"] == by_form.json()["access_token"]
    assert by_json.json()["token_type"] == "Bearer"
    assert 3500 < by_json.json()["expires_in"] <= 3600


def test_consent_connects_a_configuration_to_its_company(place: Place) -> None:
    http = place.http("operator")
    created = http.post("integrationcredentials", json={"destination": "QuickBooksSandbox", "name": "Books"}).json()
    assert (created["status"], created["type"]) == ("DRAFT", "OAUTH_CODE")
    body = {
        "entityType": "Bill",
        "destination": "QuickBooksSandbox",
        "integrationCredentialsId": created["id"],
    }
    configuration = http.post("integrationconfigs", json=body).json()
    assert configuration["authorized"] is False
    page = consent(place, created["authorizeUrl"])
    assert page.status_code == 200
    assert "Sandbox Company_US_1" in page.text
    found = http.get(f"integrationcredentials/{created['id']}").json()
    assert (found["status"], found["companyId"], found["homeCurrency"]) == ("CONNECTED", SAMPLE, "USD")
    assert "authorizeUrl" not in found
    assert http.get(f"integrationconfigs/{configuration['id']}").json()["authorized"] is True


def test_a_credential_can_be_set_and_taken_away(place: Place) -> None:
    http = place.http("operator")
    credential = connected(place)
    body = {"entityType": "Bill", "destination": "QuickBooksSandbox"}
    path = f"integrationconfigs/{http.post('integrationconfigs', json=body).json()['id']}"
    chosen = {"integrationCredentialsId": credential["id"]}
    assert http.put(f"{path}/credential", json=chosen).json()["authorized"] is True
    taken = http.delete(f"{path}/credential").json()
    assert taken["authorized"] is False
    assert "integrationCredentialsId" not in taken
    wrong = http.post("integrationconfigs", json={**body, "destination": "QuickBooks", **chosen})
    assert wrong.status_code == 400
    assert wrong.json()["errors"][0]["field"] == "integrationCredentialsId"


def test_the_state_is_used_up_whatever_comes_of_it(place: Place) -> None:
    http = place.http()
    created = http.post("integrationcredentials", json={"destination": "QuickBooksSandbox"}).json()
    state = parse_qs(urlsplit(created["authorizeUrl"]).query)["state"][0]
    browser = place.gateway.client(Accept="text/html")
    denied = browser.get("quickbooks/callback", params={"state": state, "error": "access_denied"})
    assert denied.status_code == 400
    assert "nothing was connected" in denied.text
    again = consent(place, created["authorizeUrl"])
    assert again.status_code == 400
    assert "used already" in again.text


def test_the_callback_page_holds_nothing_from_elsewhere_and_says_so_in_its_headers(place: Place) -> None:
    params = {"state": "<script>", "code": "x"}
    page = place.gateway.client(Accept="text/html").get("quickbooks/callback", params=params)
    assert page.status_code == 400
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "<script>" not in page.text
    assert "http" not in page.text
    asked_for_json = place.gateway.client(Accept="application/json").get("quickbooks/callback", params={"state": "x"})
    assert asked_for_json.status_code == 400
    assert set(asked_for_json.json()) == {"message"}


def test_the_callback_page_names_the_company_and_the_organization_that_it_went_to(place: Place) -> None:
    created = place.http().post("integrationcredentials", json={"destination": "QuickBooksSandbox"}).json()
    page = consent(place, created["authorizeUrl"])
    assert "Sandbox Company_US_1 (US) is connected to the organization Acme Software &amp; Sons" in page.text
    assert "disconnect this app" in page.text


def test_deleting_a_credential_revokes_it_and_it_is_gone(place: Place) -> None:
    http = place.http()
    # The table of the other tests holds other connections to the sample company, which a revocation would end.
    credential = connected(place, SINGLE_CURRENCY)
    gone = http.delete(f"integrationcredentials/{credential['id']}")
    assert gone.status_code == 200
    assert gone.json()["status"] == "DISCONNECTED"
    assert http.get(f"integrationcredentials/{credential['id']}").status_code == 404
    assert place.simulator.calls[-1].operation == "revoke"


def test_an_account_is_created_and_read(place: Place) -> None:
    http = place.http("operator")
    body = {
        "name": "Acme Europe",
        "code": "acme",
        "emailAddress": "billing@acme.example",
        "currency": "EUR",
        "address": {"country": "UK"},
        "customFields": {"country": "UK", "tier": 1.5},
    }
    created = http.post("accounts", json=body).json()
    assert {key: created[key] for key in body} == body
    assert created["version"] == 1
    assert http.get(f"accounts/{created['id']}").json() == created
    twice = http.post("accounts", json=body)
    assert twice.status_code == 409
    assert created["id"] in twice.json()["message"]
