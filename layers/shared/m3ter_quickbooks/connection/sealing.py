"""The newest tokens as they lie in the table: readable only with the key that the credential's secret holds.

AES-256-GCM, bound to the organization and the credential: a text that was moved to another item does not open. The key
lives in Secrets Manager and nowhere else, so the table, its stream and its backups hold no token.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.ports import RandomBytes
from m3ter_quickbooks.integration.identifiers import CredentialId

KEY_BYTES = 32
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What one renewal brought."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


def seal(
    pair: TokenPair,
    key: bytes,
    random_bytes: RandomBytes,
    organization_id: OrganizationId,
    credential_id: CredentialId,
) -> str:
    """Base64 of nonce and ciphertext. A new nonce each time: some 9,000 renewals a year are far from any limit."""
    nonce = random_bytes(_NONCE_BYTES)
    plain = json.dumps([pair.access_token, pair.refresh_token]).encode()
    return b64encode(nonce + AESGCM(key).encrypt(nonce, plain, _bound_to(organization_id, credential_id))).decode()


def unseal(sealed: str, key: bytes, organization_id: OrganizationId, credential_id: CredentialId) -> TokenPair | None:
    """The tokens, or None if this key does not open it (it was sealed before or after another consent)."""
    raw = b64decode(sealed)
    try:
        plain = AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _bound_to(organization_id, credential_id))
    except InvalidTag:
        return None
    access_token, refresh_token = json.loads(plain)
    return TokenPair(access_token, refresh_token)


def _bound_to(organization_id: OrganizationId, credential_id: CredentialId) -> bytes:
    return json.dumps([organization_id, credential_id]).encode()
