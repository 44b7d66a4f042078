"""What the local stack promises, on the real template."""

import json

import httpx

from local.stack import Stack
from tests.stack.conftest import HOME

PROMISED = {
    "apiUrl",
    "organizationId",
    "clientId",
    "clientSecret",
    "eventBusName",
    "awsEndpointUrl",
    "quickbooksUrl",
    "tableName",
    "queueUrl",
    "deadLetterQueueUrls",
    "region",
    "userPoolId",
    "intuitClientId",
    "intuitClientSecret",
    "quickbooksCompanyId",
    "accessKeyId",
    "secretAccessKey",
}


def test_stack_json_holds_all_that_is_promised_and_only_its_owner_reads_it(stack: Stack) -> None:
    file = HOME / "stack.json"
    assert json.loads(file.read_text()).keys() >= PROMISED
    assert file.stat().st_mode & 0o077 == 0
    assert Stack.read(HOME) == stack


def test_the_gateway_lets_nobody_in_without_a_token(stack: Stack) -> None:
    answer = httpx.get(f"{stack.api_url}/organizations/{stack.organization_id}/integrationconfigs")
    assert answer.status_code == 401


def test_the_gateway_lets_nobody_in_with_a_token_that_was_tampered_with(stack: Stack) -> None:
    token = a_token(stack)
    head, body, signature = token.split(".")
    forged = f"{head}.{body}.{signature[::-1]}"
    answer = httpx.get(
        f"{stack.api_url}/organizations/{stack.organization_id}/integrationconfigs",
        headers={"Authorization": f"Bearer {forged}"},
    )
    assert answer.status_code == 401


def test_an_operator_gets_a_token_and_reads(stack: Stack) -> None:
    answer = httpx.get(
        f"{stack.api_url}/organizations/{stack.organization_id}/integrationconfigs",
        headers={"Authorization": f"Bearer {a_token(stack)}"},
        timeout=30.0,
    )
    assert (answer.status_code, answer.json()["data"]) == (200, [])


def test_the_roles_do_not_allow_what_no_function_needs(stack: Stack) -> None:
    roles = stack.client("iam")
    (name,) = [role["RoleName"] for role in roles.list_roles()["Roles"] if "BillsRole" in role["RoleName"]]
    judged = roles.simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::000000000000:role/{name}",
        ActionNames=["dynamodb:Scan", "dynamodb:DeleteTable", "secretsmanager:CreateSecret", "ses:SendEmail"],
    )
    assert {result["EvalDecision"] for result in judged["EvaluationResults"]} == {"implicitDeny"}


def a_token(stack: Stack) -> str:
    answer = httpx.post(
        f"{stack.api_url}/oauth/token",
        json={"grant_type": "client_credentials"},
        auth=(stack.client_id, stack.client_secret),
        timeout=30.0,
    )
    token: str = answer.json()["access_token"]
    return token
