"""`POST /oauth/token`: client credentials, as the m3ter SDKs ask for them."""

from __future__ import annotations

import base64
import binascii

from api.body import bounded, json_of
from api.house import House
from api.request import Call
from api.route import Routes
from api.shapes import Shape, told
from m3ter_quickbooks.problems import BadRequest, NotRecognized

routes = Routes.of("oauth")

FORM = "application/x-www-form-urlencoded"


class TokenAnswer(Shape):
    """What every m3ter SDK expects of a token endpoint."""

    access_token: str = told(
        "Send it as `Authorization: Bearer <token>`.", "eyJraWQiOi...", serialization_alias="access_token"
    )
    expires_in: int = told("Seconds that it still lives.", 3540, serialization_alias="expires_in")
    token_type: str = told("Always `Bearer`.", "Bearer", serialization_alias="token_type")


@routes.post("/oauth/token", None, statuses=(401, 503), body_media=("application/json", FORM))
def token(call: Call, house: House) -> TokenAnswer:
    """Exchange client id and secret for an access token.

    Basic authentication with client id and secret; the body, JSON or a form, says `grant_type=client_credentials`.
    The answer is remembered for the token's lifetime, so asking before every request is cheap.
    """
    client_id, client_secret = _credentials(call.request.headers.get("authorization", ""))
    _check_grant(call)
    granted = house.tokens.token(client_id, client_secret)
    seconds = int(granted.expires_in.total_seconds())
    return TokenAnswer(access_token=granted.access_token, expires_in=seconds, token_type="Bearer")  # noqa: S106  a word


def _credentials(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise NotRecognized("Send client id and client secret as Basic authentication.")
    try:
        client_id, separator, secret = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError) as error:
        raise NotRecognized("The Authorization header is not Basic authentication.") from error
    if not (client_id and separator and secret) or len(encoded) > 1000:  # noqa: PLR2004  far above Cognito's own limits
        raise NotRecognized("The client id or the client secret is wrong.")
    return client_id, secret


def _check_grant(call: Call) -> None:
    bounded(call.request.body)
    is_form = call.request.headers.get("content-type", "").lower().startswith(FORM)
    sent = call.request.form() if is_form else json_of(call.request.body)
    grant = sent.get("grant_type") if isinstance(sent, dict) else None
    if grant != "client_credentials":
        raise BadRequest("grant_type must be client_credentials.")
