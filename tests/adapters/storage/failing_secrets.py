"""Secrets Manager as botocore's own client meets it, in any of its bad moments.

    real client ──▶ signing, timeouts, parsing, errors: botocore's own ──▶ `before-send` ──▶ a fault, or moto's backend

The address is one that moto does not listen to by itself: so a request that meets a fault is not carried out, unless
the fault says that it was and that only its answer was lost.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse

HERE = "https://secrets.behind.test/"
MOTO = "https://secretsmanager.eu-west-1.amazonaws.com/"
Answer = Callable[[], AWSResponse]


@dataclass(frozen=True)
class Fault:
    """What happens instead of an answer. `carried_out`: the request took effect all the same."""

    name: str
    answer: Answer
    carried_out: bool = False


def _raising(error: type[Exception]) -> Answer:
    def answer() -> AWSResponse:
        raise error(endpoint_url=HERE)

    return answer


def _saying(status: int, body: str, content_type: str = "application/x-amz-json-1.1") -> Answer:
    def answer() -> AWSResponse:
        return AWSResponse(HERE, status, {"Content-Type": content_type}, MockRawResponse(body))

    return answer


def _refusing(code: str, status: int = 400) -> Answer:
    return _saying(status, json.dumps({"__type": code, "message": "No."}))


SLOW = Fault("slow", _raising(ReadTimeoutError))
SLOW_BUT_DONE = Fault("slow, but carried out", _raising(ReadTimeoutError), carried_out=True)
CUT = Fault("cut, but carried out", _raising(ConnectionClosedError), carried_out=True)
BUSY = (
    SLOW,
    Fault("no connection", _raising(ConnectTimeoutError)),
    Fault("unreachable", _raising(EndpointConnectionError)),
    Fault("throttled", _refusing("ThrottlingException")),
    Fault("internal error", _refusing("InternalServiceError", 500)),
    Fault("unavailable", _refusing("ServiceUnavailable", 503)),
    Fault("a proxy's page", _saying(503, "<html><body>503 Service Unavailable</body></html>", "text/html")),
    Fault("nothing", _saying(502, "", "text/plain")),
)
FORBIDDEN = Fault("forbidden", _refusing("AccessDeniedException"))
UNSEEN = Fault("not there", _refusing("ResourceNotFoundException"))


class FailingSecrets:
    """A real client, and the faults that its calls meet: `meet("PutSecretValue", SLOW)`; `well()` ends them."""

    def __init__(self) -> None:
        made_up = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "eu-west-1"}
        # One attempt: botocore sleeps before a second one.
        config = Config(retries={"mode": "standard", "total_max_attempts": 1})
        self.client: Any = boto3.client("secretsmanager", endpoint_url=HERE, config=config, **made_up)
        self.client.meta.events.register("before-send.secrets-manager", self._send)
        self.met: Counter[str] = Counter()
        self._faults: dict[str, Fault] = {}
        self._moto = BotocoreStubber()

    def meet(self, operation: str, fault: Fault) -> None:
        self._faults[operation] = fault

    def well(self) -> None:
        self._faults.clear()
        self.met.clear()

    def _send(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse:
        fault = self._faults.get(event_name.rsplit(".", 1)[-1])
        if fault is None:
            return self._carry_out(request)
        self.met[fault.name] += 1
        if fault.carried_out:
            self._carry_out(request)
        return fault.answer()

    def _carry_out(self, request: AWSPreparedRequest) -> AWSResponse:
        request.url = MOTO
        answer = self._moto.process_request(request)
        assert answer is not None
        status, headers, body = answer
        return AWSResponse(HERE, status, headers, MockRawResponse(body))
