"""What comes in is bounded, what goes out says nothing, and organizations do not see each other."""

from __future__ import annotations

import base64
import json
import logging
import random
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from api.handler import handle
from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.identifiers import UserId
from m3ter_quickbooks.storage.members import Role, User
from tests.functions.api.conftest import Place
from tests.functions.api.gateway import Context

BODY = {"entityType": "Bill", "destination": "QuickBooks"}
ONLY_APPROVED = "configData.onlySendBillOnApproval"


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b'{"x": "' + b"a" * (1024 * 1024) + b'"}', 413),
        (b"[" * 100_000, 400),
        (b'{"a":' * 60 + b"1" + b"}" * 60, 400),
        (b'{"name": "a\\u0000b"}', 400),
        (b'{"name": "a\\ud800b"}', 400),
        (b'{"name": "a\\u0085b"}', 400),
        (b'{"configData": {"a\\u0007": 1}}', 400),
        (b'{"configData": {"a": NaN}}', 400),
        (b'{"configData": {"a": 1e999999}}', 400),
        (b'{"configData": {"a": 1e9999999999999999999999}}', 400),
        (b'{"configData": {"a": -1e-9999999999999999999999}}', 400),
        (b'{"configData": {"a": ' + b"9" * 5000 + b"}}", 400),
        (b'{"configData": {"a": "' + b"x" * 20_001 + b'"}}', 400),
        (b"{not json", 400),
        (b"\xff\xfe", 400),
        (b"[]", 400),
        (b'"text"', 400),
    ],
)
def test_a_body_that_no_sdk_sends_is_refused(place: Place, content: bytes, status: int) -> None:
    answer = place.http().post("integrationconfigs", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert set(answer.json()) <= {"message", "errors"}


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b'{"name": "a", "name": "a"}', "name"),
        (b'{"configData": {"onlySendBillOnApproval": true, "onlySendBillOnApproval": false}}', ONLY_APPROVED),
        (b'{"configData": {"ours": [1, {"rate": 1, "\\u0072ate": 2}]}}', "configData.ours[1].rate"),
        (b'{"configData": {"ours": {"a": 1, "a": 1}}, "configData": {}}', "configData"),
    ],
)
def test_a_key_that_is_given_twice_is_refused_by_its_name(place: Place, content: bytes, field: str) -> None:
    """The last one would win silently, and it may decide what a customer is billed."""
    answer = place.http().post("integrationconfigs", content=content)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert answer.json()["message"] == f"{field} is given more than once."


def test_a_key_given_twice_is_named_shortly_and_without_control_characters(place: Place) -> None:
    twice = b'{"configData": {"%b": 1, "%b": 2}}'
    long = place.http().post("integrationconfigs", content=twice % (b"k" * 10_000, b"k" * 10_000))
    assert long.status_code == 400
    assert len(long.text) < 1000
    assert place.http().post("integrationconfigs", content=twice % (b"\\u0007", b"\\u0007")).status_code == 400


def test_a_byte_order_mark_in_front_is_no_part_of_a_body(place: Place) -> None:
    """PowerShell and the editors of Windows write one."""
    answer = place.http().post("integrationconfigs", content=b"\xef\xbb\xbf" + json.dumps(BODY).encode())
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path", ["integrationconfigs/%00", "integrationconfigs/" + "x" * 501, "accounts/%ed%a0%80%0a%07"]
)
def test_a_path_that_no_id_can_be_is_refused(place: Place, path: str) -> None:
    assert place.http().get(path).status_code == 400


def test_another_organization_answers_as_one_that_does_not_exist(place: Place, other_place: Place) -> None:
    client = place.gateway.client(place.gateway.cognito.token_of_client(place.client_id()))
    other = client.get(f"organizations/{other_place.organization_id}/integrationconfigs")
    nobodys = client.get("organizations/nobody/integrationconfigs")
    no_such_route = client.get(f"organizations/{other_place.organization_id}/nothing")
    assert other.status_code == nobodys.status_code == no_such_route.status_code == 403
    assert other.text == nobodys.text == no_such_route.text


def test_ids_of_another_organization_are_not_there(place: Place, other_place: Place) -> None:
    configuration = other_place.http().post("integrationconfigs", json=BODY).json()
    http = place.http()
    assert http.get(f"integrationconfigs/{configuration['id']}").status_code == 404
    assert http.put(f"integrationconfigs/{configuration['id']}", json=configuration).status_code == 404
    assert http.delete(f"integrationconfigs/{configuration['id']}").status_code == 404
    mapping = {
        "m3terEntity": "Account",
        "m3terId": "a1",
        "externalSystem": "QuickBooks",
        "externalTable": "Customer",
        "externalId": "1",
        "integrationConfigId": configuration["id"],
    }
    assert http.post("externalmappings", json=mapping).status_code == 400


def test_the_app_of_the_console_is_not_a_member_by_itself(place: Place) -> None:
    """A person's token names the console's app client beside the person: only the person counts."""
    token = place.gateway.cognito.token_of_person("somebody", console=place.client_id("admin"))
    answer = place.gateway.client(token).get(f"organizations/{place.organization_id}/integrationconfigs")
    assert answer.status_code == 403


def test_access_that_has_ended_is_refused_within_half_a_minute(place: Place) -> None:
    organization_id = OrganizationId(place.organization_id)
    ends = place.clock.at + timedelta(minutes=5)
    user = User(organization_id, UserId("ada"), "ada@acme.example", "Ada", "L", Role.OPERATOR, ends)
    place.gateway.house.users.create(user, by="test", at=place.clock())
    client = place.gateway.client(place.gateway.cognito.token_of_person("ada"))
    assert client.get(f"organizations/{organization_id}/users/me").json()["user"]["email"] == "ada@acme.example"
    place.clock.move(timedelta(minutes=6))
    assert client.get(f"organizations/{organization_id}/users/me").status_code == 403


def test_a_path_without_that_method_says_which_it_has(place: Place) -> None:
    answer = place.http().put("integrationconfigs", json={})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"
    several = place.http().post("integrationconfigs/nobody", json={})
    assert several.json()["message"] == "This path answers DELETE, GET and PUT only."
    assert place.http().get("nothing").status_code == 404


def test_every_answer_forbids_caching_and_sniffing(place: Place) -> None:
    for answer in (place.http().get("events"), place.http().get("events/nobody"), place.http().get("nothing")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


def token_request(place: Place, header: str | None, **more: Any) -> int:
    headers = {"Authorization": header} if header else {}
    return place.gateway.client(**headers).post("oauth/token", **more).status_code


def test_credentials_that_nobody_has_are_401_and_the_grant_must_be_ours(place: Place) -> None:
    client_id = place.client_id()
    good = "Basic " + base64.b64encode(f"{client_id}:secret-of-{client_id}".encode()).decode()
    bad = "Basic " + base64.b64encode(f"{client_id}:guessed".encode()).decode()
    grant = {"grant_type": "client_credentials"}
    assert token_request(place, good, json=grant) == 200
    assert token_request(place, bad, json=grant) == 401
    assert token_request(place, None, json=grant) == 401
    assert token_request(place, "Bearer My Token", json=grant) == 401
    assert token_request(place, "Basic ???", json=grant) == 401
    assert token_request(place, "Basic " + base64.b64encode(b"\xff:\xfe").decode(), json=grant) == 401
    form = {"Content-Type": "Application/X-WWW-Form-Urlencoded; charset=UTF-8"}
    assert place.gateway.client(Authorization=good, **form).post("oauth/token", content=urlencode(grant)).is_success
    assert token_request(place, good, json={"grant_type": "password"}) == 400
    assert token_request(place, good, json=["client_credentials"]) == 400
    assert token_request(place, good) == 400


def test_the_token_is_remembered_for_its_lifetime_and_the_secret_is_not(place: Place) -> None:
    client_id = place.client_id()
    header = "Basic " + base64.b64encode(f"{client_id}:secret-of-{client_id}".encode()).decode()
    grant = {"grant_type": "client_credentials"}
    for _ in range(5):
        assert token_request(place, header, json=grant) == 200
    assert place.gateway.cognito.asked == 1
    assert f"secret-of-{client_id}" not in repr(vars(place.gateway.house.tokens))
    place.clock.move(timedelta(minutes=59, seconds=30))
    assert token_request(place, header, json=grant) == 200
    assert place.gateway.cognito.asked == 2


def test_a_token_service_that_is_out_of_order_is_503(place: Place) -> None:
    place.gateway.cognito.status = 500
    header = "Basic " + base64.b64encode(b"somebody:secret").decode()
    assert token_request(place, header, json={"grant_type": "client_credentials"}) == 503


def test_m3ter_credentials_never_come_back(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    http = place.http()
    assert http.get("m3tercredentials").json() == {"configured": False}
    sent = {"apiKey": "key-1234", "apiSecret": "secret-5678", "baseUrl": "https://api.m3ter.example/v1/"}
    told = http.put("m3tercredentials", json=sent)
    assert told.status_code == 200
    assert told.json()["configured"] is True
    everything = told.text + http.get("m3tercredentials").text + caplog.text
    assert "secret-5678" not in everything
    assert "key-1234" not in everything
    stored = place.gateway.house.m3ter_credentials.get(OrganizationId(place.organization_id))
    assert stored is not None
    assert stored.base_url == "https://api.m3ter.example/v1"
    assert http.delete("m3tercredentials").json() == {"configured": False}
    assert http.put("m3tercredentials", json={**sent, "baseUrl": "http://api.m3ter.example"}).status_code == 400
    assert http.put("m3tercredentials", json={}).status_code == 400


def test_a_bug_is_a_500_that_says_nothing_but_where_to_look(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.gateway.house.table._client = None  # type: ignore[assignment]
    answer = place.gateway.client(place.gateway.cognito.token_of_client(place.client_id())).get(
        f"organizations/{place.organization_id}/events"
    )
    assert answer.status_code == 500
    assert json.loads(answer.text) == {
        "message": "This is our fault. The log knows more under 11111111-2222-4333-8444-555555555555."
    }
    assert "not foreseen" in caplog.text


def test_what_the_table_could_not_hold_is_refused_with_its_field(place: Place) -> None:
    noise = [base64.b64encode(bytes(random.Random(number).randbytes(9000))).decode() for number in range(80)]
    large = place.http().post("integrationconfigs", json={**BODY, "configData": {"noise": noise}})
    assert large.status_code == 400
    assert large.json()["errors"][0]["field"] == "configData"
    account = {"name": "Acme", "code": "acme", "customFields": {str(number): one for number, one in enumerate(noise)}}
    assert place.http().post("accounts", json=account).status_code == 400


def test_a_token_without_a_subject_is_nobodys(place: Place) -> None:
    token = place.gateway.cognito._give({"token_use": "access"})
    assert place.gateway.client(token).get(f"organizations/{place.organization_id}/events").status_code == 401


def test_base64_that_is_none_is_refused(place: Place) -> None:
    event = {"httpMethod": "POST", "path": "/oauth/token", "body": "%%%", "isBase64Encoded": True, "requestContext": {}}
    given = handle(event, Context(), place.gateway.house)
    assert given["statusCode"] == 400
