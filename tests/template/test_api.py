"""Who may call which route, as the gateway sees it."""

from collections.abc import Iterator
from typing import Any

from tests.template.transformed import Template

PUBLIC = {("post", "/oauth/token"), ("get", "/quickbooks/callback"), ("get", "/openapi.json")}


def operations(template: Template) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in template.of_type("ApiGateway::RestApi")["RestApi"]["Body"]["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_three_routes_are_public_and_every_other_asks_for_the_scope(template: Template) -> None:
    for method, path, operation in operations(template):
        expected = [{"NONE": []}] if (method, path) in PUBLIC else [{"Cognito": ["m3ter-quickbooks/api"]}]
        assert operation["security"] == expected


def test_every_method_of_an_organization_is_named(template: Template) -> None:
    methods = {method for method, path, _ in operations(template) if path.startswith("/organizations/{orgId}/")}
    assert methods == {"get", "post", "put", "delete"}


def test_the_authorizer_is_our_own_user_pool(template: Template) -> None:
    schemes = template.of_type("ApiGateway::RestApi")["RestApi"]["Body"]["components"]["securitySchemes"]
    authorizer = schemes["Cognito"]["x-amazon-apigateway-authorizer"]
    assert authorizer["type"] == "cognito_user_pools"
    assert authorizer["providerARNs"] == [{"Fn::GetAtt": ["UserPool", "Arn"]}]


def test_nobody_signs_up_without_an_invitation(template: Template) -> None:
    pool = template.of_type("Cognito::UserPool")["UserPool"]
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}


def test_one_address_is_one_person_however_it_is_written(template: Template) -> None:
    pool = template.of_type("Cognito::UserPool")["UserPool"]
    assert pool["UsernameConfiguration"] == {"CaseSensitive": False}


def test_an_unknown_route_is_not_found_in_the_words_of_every_other_error(template: Template) -> None:
    body = template.of_type("ApiGateway::RestApi")["RestApi"]["Body"]
    answer = body["x-amazon-apigateway-gateway-responses"]["MISSING_AUTHENTICATION_TOKEN"]
    assert str(answer["statusCode"]) == "404"
    assert '"message"' in answer["responseTemplates"]["application/json"]


def test_the_api_is_traced_and_throttled_and_leaves_an_access_log_where_the_account_can_keep_one(
    template: Template,
) -> None:
    stage = template.of_type("ApiGateway::Stage")["RestApiStage"]
    assert stage["TracingEnabled"] is True
    assert stage["MethodSettings"][0]["ThrottlingRateLimit"] > 0
    condition, logged, _ = stage["AccessLogSetting"]["Fn::If"]
    assert condition == "HasAccessLogs"
    assert logged["DestinationArn"] == {"Fn::GetAtt": ["AccessLogGroup", "Arn"]}
