"""Mails, against moto's SES and against one in a bad moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from m3ter_quickbooks.messaging.mail import MailRefused, Post
from m3ter_quickbooks.problems import TryLater
from tests.adapters.storage.on_moto import REGION, a_client

TO, SENDER = "ada@acme.example", "invoices@acme.example"


@pytest.fixture
def sesv2() -> Iterator[Any]:
    with mock_aws():
        client = a_client("sesv2")
        client.create_email_identity(EmailIdentity=SENDER)
        yield client


class Refusing:
    """An SES that answers nothing but this."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def send_email(self, **_: Any) -> None:
        raise self._error


def send(client: object) -> None:
    Post(cast("Any", client), SENDER).send(TO, "Disabled: UK bills", "Text, “ü”.", "<p>HTML, “ü”.</p>")


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"Email address {TO} is not verified."}}, "SendEmail")


def test_a_mail_goes_to_one_address_in_text_and_html(sesv2: Any) -> None:
    send(sesv2)

    (sent,) = ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages
    assert (sent.source, sent.destinations) == (SENDER, {"ToAddresses": [TO]})
    assert sent.subject == "Disabled: UK bills"


def test_both_bodies_are_told_as_utf_8() -> None:
    class Recording:
        asked: dict[str, Any]

        def send_email(self, **request: Any) -> None:
            self.asked = request

    client = Recording()
    send(client)

    body = client.asked["Content"]["Simple"]["Body"]
    assert body["Text"] == {"Data": "Text, “ü”.", "Charset": "UTF-8"}
    assert body["Html"] == {"Data": "<p>HTML, “ü”.</p>", "Charset": "UTF-8"}


@pytest.mark.parametrize(
    "error",
    [
        refusal("TooManyRequestsException"),
        refusal("LimitExceededException"),
        refusal("SendingPausedException"),
        refusal("AccountSuspendedException"),
        EndpointConnectionError(endpoint_url="https://ses"),
        ConnectTimeoutError(endpoint_url="https://ses"),
    ],
)
def test_what_certainly_did_not_leave_is_tried_later(error: Exception) -> None:
    with pytest.raises(TryLater) as refused:
        send(Refusing(error))

    assert TO not in str(refused.value)


@pytest.mark.parametrize("code", ["MessageRejected", "MailFromDomainNotVerifiedException", "BadRequestException"])
def test_a_mail_that_ses_refuses_names_nobody(code: str) -> None:
    with pytest.raises(MailRefused) as refused:
        send(Refusing(refusal(code)))

    assert str(refused.value) == f"SES refuses the mail ({code})."
    assert refused.value.__suppress_context__


def test_a_lost_answer_is_not_taken_for_a_refusal() -> None:
    with pytest.raises(ReadTimeoutError):
        send(Refusing(ReadTimeoutError(endpoint_url="https://ses")))


def test_nor_is_the_page_of_a_proxy() -> None:
    page: Any = {"Error": {"Code": "503", "Message": "x"}, "ResponseMetadata": {"HTTPStatusCode": 503}}
    with pytest.raises(ClientError):
        send(Refusing(ClientError(page, "SendEmail")))
