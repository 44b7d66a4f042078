"""What the three senders have in common: what it means when AWS refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004  botocore's own name

from m3ter_quickbooks.problems import TryLater, failed_on_its_side

NOT_NOW = {
    "AWS.SimpleQueueService.RequestThrottled",
    "InternalError",
    "InternalException",
    "InternalFailure",
    "InternalServiceErrorException",
    "KmsThrottled",
    "LimitExceededException",
    "OverLimit",
    "RequestThrottled",
    "ServiceUnavailable",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}


def ask(operation: Callable[..., Any], **request: Any) -> Any:  # noqa: ANN401  botocore's own
    """The answer. Raises TryLater where the same request may succeed later; any other refusal as it came."""
    try:
        return operation(**request)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in NOT_NOW or failed_on_its_side(error):
            raise TryLater(f"AWS cannot take it now ({code}).", throttled="hrottl" in code) from error
        raise
    except (ConnectionError, HTTPClientError) as error:
        raise TryLater("AWS cannot be reached.") from error
