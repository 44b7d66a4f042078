"""People of the user pool: those who are invited, and the subject that their tokens will carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from m3ter_quickbooks.integration.identifiers import UserId
from m3ter_quickbooks.problems import BadRequest, TryLater, failed_on_its_side

_TROUBLED = {"TooManyRequestsException", "InternalErrorException", "LimitExceededException"}
_REFUSED = {"InvalidParameterException", "CodeDeliveryFailureException"}


class People:
    """One user pool. `client` is boto3's `cognito-idp`."""

    def __init__(self, client: Any, pool_id: str) -> None:  # noqa: ANN401  boto3 has no types at run time
        self._client = client
        self._pool_id = pool_id

    def invite(self, email: str, first_name: str, last_name: str) -> UserId:
        """Create the person and have Cognito mail the invitation; who is in the pool already is only looked up.

        Raises BadRequest where Cognito refuses the address, TryLater.
        """
        attributes = [
            {"Name": "email", "Value": email},
            {"Name": "email_verified", "Value": "true"},
            {"Name": "given_name", "Value": first_name},
            {"Name": "family_name", "Value": last_name},
        ]
        try:
            made = self._client.admin_create_user(
                UserPoolId=self._pool_id, Username=email, UserAttributes=attributes, DesiredDeliveryMediums=["EMAIL"]
            )
            return _subject(made["User"]["Attributes"])
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "UsernameExistsException":
                found = self._client.admin_get_user(UserPoolId=self._pool_id, Username=email)
                return _subject(found["UserAttributes"])
            if code in _TROUBLED or failed_on_its_side(error):
                raise TryLater("The user pool is out of reach.") from error
            if code in _REFUSED:
                raise BadRequest("The invitation could not be sent to this address.") from error
            raise


def _subject(attributes: list[Mapping[str, str]]) -> UserId:
    return UserId(next(one["Value"] for one in attributes if one["Name"] == "sub"))
