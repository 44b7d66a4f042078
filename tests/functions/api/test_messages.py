"""Whatever is wrong with a field is said in a sentence for somebody who bills, with the field as it was typed."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from api.request import read
from api.table import TABLE
from m3ter_quickbooks.problems import BadRequest
from tests.functions.api.conftest import Place

MODELS = sorted(
    {model for route in TABLE.routes for model in (route.body, route.query) if model}, key=lambda it: it.__name__
)
ODD: list[Any] = [
    None,
    "",
    " padded ",
    "two\nlines",
    "x" * 25_000,
    "nonsense",
    "2026-13-45",
    True,
    -1,
    0,
    10**39,
    Decimal("1.5"),
    [],
    [1],
    [None],
    [{}],
    ["x" * 300] * 300,
    {},
    {"a": []},
    {"x" * 300: "b"},
    {"name": 1},
]
NO_TIME = "startDate must be a date or a time, such as 2026-03-01 or 2026-03-01T09:00:00Z."
BACKWARDS = {"startDate": "2026-03-02", "endDate": "2026-03-01"}
TOO_LONG = "customFields.a[0] must hold no text of more than 20000 characters."
OF_A_PROGRAMMER = re.compile(
    r"(?i)\b(input|valid|constrained|str|dict|dictionary|int|integer|string|type|instance|schema|url|enum|literal"
    r"|boolean|datetime|union|should|null|none|pydantic|value error|not understood)\b"
)


@pytest.mark.parametrize("model", MODELS, ids=lambda it: it.__name__)
def test_every_field_of_every_request_is_refused_in_a_sentence(model: type[BaseModel]) -> None:
    for name, about in model.model_fields.items():
        key = about.alias or name
        for value in ODD:
            for problem in problems(model, {key: value}, key):
                assert re.match(rf"{re.escape(key)}\b", problem.field), problem
                assert re.fullmatch(r"(is|must) [^\n]*[A-Za-z0-9]\.", problem.message), problem
                assert not OF_A_PROGRAMMER.search(problem.message), problem
                assert len(problem.message) < 200


def problems(model: type[BaseModel], value: object, key: str) -> list[Any]:
    """What is wrong with this field: others may be missing beside it."""
    try:
        read(model, value)
    except BadRequest as refused:
        return [one for one in refused.fields if one.field.partition("[")[0].partition(".")[0] == key]
    return []


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("accounts", {"name": "Acme"}, "code is required."),
        ("accounts", {}, "name is required. code is required."),
        ("accounts", {"name": "", "code": 1}, "name must not be empty. code must be text."),
        ("accounts", [], "The body must be a JSON object."),
        ("accounts", {"name": "a\0"}, "name must hold no control character."),
        ("accounts", {"customFields": {"a": ["x" * 20_001]}}, TOO_LONG),
        ("accounts", {"customFields": {"a": 10**40}}, "customFields.a must hold no number of more than 40 digits."),
        ("accounts", {"customFields": {"a\0": 1}}, "customFields must hold no control character."),
        ("accounts", "a\0", "The body must hold no control character."),
        ("integrationconfigs", {"entity_type": "Bill", "destination": "QuickBooks"}, "entityType is required."),
        (
            "accounts",
            {"name": "A", "code": "a", "customFields": {"a": True, "b.c": []}},
            (
                "customFields.a must be a number, or text of at most 2000 characters. "
                'customFields["b.c"] must be a number, or text of at most 2000 characters.'
            ),
        ),
        (
            "accounts",
            {"name": "A", "code": "a", "customFields": {"x" * 201: 1}},
            "customFields must have names of at most 200 characters.",
        ),
        ("accounts", {"name": "A", "code": "a", "address": []}, "address must be an object."),
        (
            "integrationconfigs",
            {"entityType": "Bill", "destination": "QuickBooks", "integrationCredentialsId": "nobody"},
            "integrationCredentialsId leads to no credential of this organization.",
        ),
        (
            "integrationconfigs",
            {"entityType": "Bill", "destination": "QuickBooks", "version": 2},
            "version must be absent or 0 on create.",
        ),
        (
            "integrationconfigs",
            {"entityType": "Bill", "destination": "QuickBooks", "configData": {"accountFilter": "nosuchname == 1"}},
            "configData.accountFilter: column 1: ",
        ),
        ("invitations", {"email": "ada", "firstName": "Ada", "lastName": "L"}, "email must be an e-mail address."),
        (
            "invitations",
            {"email": "a@acme.example", "firstName": "Ada", "lastName": "L", "role": "king"},
            "role must be admin, operator or viewer.",
        ),
        ("events/actioned", {"ids": ["a", " b"]}, "ids[1] must be on one line, with no space around it."),
        (
            "bills/preview",
            {"mappings": [{"m3terEntity": "Account", "m3terId": "a1", "externalTable": "Customer"}]},
            "mappings[0].externalId is required.",
        ),
        ("bills/rehearse", {"integrationConfigId": "c1", "startDate": "soon"}, NO_TIME),
        ("bills/rehearse", {"integrationConfigId": "c1", "startDate": 2026}, NO_TIME),
        ("bills/rehearse", {"integrationConfigId": "c1", "startDate": "1700000000"}, NO_TIME),
        ("bills/rehearse", {"integrationConfigId": "c1", "startDate": True}, NO_TIME),
        ("bills/rehearse", {"integrationConfigId": "c1", **BACKWARDS}, "endDate must not be before startDate."),
        ("integrationconfigs/c1/replay", BACKWARDS, "endDate must not be before startDate."),
        ("accounts", {"name": "A", "code": "a", "version": False}, "version must be a whole number."),
        (
            "accounts",
            {"name": "A", "code": "a", "daysBeforeBillDue": True},
            "daysBeforeBillDue must be a whole number.",
        ),
    ],
)
def test_the_message_names_the_fields_and_what_they_must_be(place: Place, path: str, body: Any, message: str) -> None:
    answer = place.http().post(path, json=body)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(message)


def test_a_message_about_many_fields_names_the_first_five(place: Place) -> None:
    answer = place.http().post("bills/preview", json={"mappings": [{}, {}]}).json()
    assert answer["message"].endswith("mappings[1].m3terEntity is required. And 3 more.")
    assert len(answer["errors"]) == 8


def test_a_hundred_thousand_bad_fields_still_fit_into_an_answer(place: Place) -> None:
    """Lambda hands over six megabytes."""
    fields = ",".join(f'"{number:x}":[]' for number in range(95_000))
    answer = place.http().post("accounts", content='{"name":"A","code":"a","customFields":{' + fields + "}}")
    assert answer.status_code == 400
    assert len(answer.json()["errors"]) == 100


@pytest.mark.parametrize("path", ["integrationruns/destinations/c1", "integrationconfigs/c1/runs/export"])
def test_a_time_that_ends_before_it_begins_is_refused(place: Place, path: str) -> None:
    answer = place.http().get(path, params=BACKWARDS)
    assert (answer.status_code, answer.json()["message"]) == (400, "endDate must not be before startDate.")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"pageSize": "abc"}, "pageSize must be a whole number."),
        ({"pageSize": "0"}, "pageSize must be 1 or more."),
        ({"pageSize": "201"}, "pageSize must be 200 or less."),
        ({"pageSize": "9" * 5000}, "pageSize must be a whole number."),
        ({"nextToken": "nextToken"}, "nextToken is not a token that this list gave out."),
    ],
)
def test_a_bad_parameter_is_named_too(place: Place, query: dict[str, str], message: str) -> None:
    answer = place.http().get("integrationconfigs", params=query)
    assert (answer.status_code, answer.json()["message"]) == (400, message)
