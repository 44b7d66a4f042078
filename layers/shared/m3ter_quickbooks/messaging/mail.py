"""Mails through SES, to one recipient each: one bad address holds back nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from m3ter_quickbooks.messaging.sending import NOT_NOW
from m3ter_quickbooks.problems import Problem, TryLater, failed_on_its_side

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

_LATER = NOT_NOW | {"AccountSuspendedException", "SendingPausedException"}
"""For the last two somebody has to act first, but then the same mail goes out."""


class MailRefused(Problem):
    """SES will not take this mail, now or later: its recipient or our sender is not acceptable. Names nobody."""


class Post:
    """Sends mails. `sender` is an address that SES knows as ours."""

    def __init__(self, client: SESV2Client, sender: str) -> None:
        self._client = client
        self._sender = sender

    def send(self, to: str, subject: str, text: str, html: str) -> None:
        """One mail to one address. Raises TryLater (certainly not out), MailRefused; else it may be out."""
        utf8 = "UTF-8"
        content: Any = {
            "Simple": {
                "Subject": {"Data": subject, "Charset": utf8},
                "Body": {"Text": {"Data": text, "Charset": utf8}, "Html": {"Data": html, "Charset": utf8}},
            }
        }
        try:
            self._client.send_email(FromEmailAddress=self._sender, Destination={"ToAddresses": [to]}, Content=content)
        except ClientError as error:
            # SES's own text repeats the address: only its code is passed on.
            code = error.response["Error"]["Code"]
            if code in _LATER:
                raise TryLater(f"SES sends nothing for now ({code}).") from None
            if failed_on_its_side(error):
                raise  # it may have been sent, as where the answer was lost
            raise MailRefused(f"SES refuses the mail ({code}).") from None
        except (ConnectTimeoutError, EndpointConnectionError) as error:
            # Nothing left. A lost answer is another matter: it is passed on as it is.
            raise TryLater("SES cannot be reached.") from error
