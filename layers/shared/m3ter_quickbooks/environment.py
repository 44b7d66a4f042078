"""What each function is told by its environment. Read once, on first use; what lacks is named.

Names have no defaults: a function that does not know its table must not start. `boto3` reads the rest of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _without_slash(url: str) -> str:
    return url.rstrip("/")


Url = Annotated[str, Field(min_length=1), AfterValidator(_without_slash)]
OptionalUrl = Annotated[str, AfterValidator(_without_slash)]
Name = Annotated[str, Field(min_length=1)]


class Environment(BaseModel):
    """What every function knows: the installation's stage and its table."""

    # An error that shows its input would show the whole environment, credentials included.
    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=str.upper, hide_input_in_errors=True)

    stage: Name
    table_name: Name

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Raises pydantic's ValidationError, which names what is missing."""
        return cls.model_validate(dict(environ))


class QuickBooksPlaces(Environment):
    """Where QuickBooks, its pages for people and Intuit's token endpoint are; which app we are to Intuit."""

    secret_prefix: Name
    quickbooks_app_secret: Name
    quickbooks_api_url: Url
    quickbooks_sandbox_api_url: Url
    quickbooks_app_url: Url
    quickbooks_sandbox_app_url: Url
    intuit_token_url: Url
    m3ter_api_url: Url
    queue_url: Name


class BillsEnvironment(QuickBooksPlaces):
    """functions/bills. `in_flight_seconds` is H of the sending protocol: how long a request may still take effect."""

    in_flight_seconds: Annotated[int, Field(ge=1, le=600)]

    @property
    def in_flight(self) -> timedelta:
        """The same as a span."""
        return timedelta(seconds=self.in_flight_seconds)


class ApiEnvironment(QuickBooksPlaces):
    """functions/api. `public_url` empty: the address that the request came to."""

    intuit_authorize_url: Url
    intuit_revoke_url: Url
    user_pool_id: Name
    token_url: Url
    public_url: OptionalUrl = ""


class NotificationsEnvironment(Environment):
    """functions/notifications. `console_url` empty: mails carry no link to a console."""

    event_bus_name: Name
    mail_queue_url: Name
    sender_address: Name
    console_url: OptionalUrl = ""
    public_url: OptionalUrl = ""
