"""Intuit's OAuth2: consent, codes, tokens, rotation, revocation, discovery (facts 7)."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from local.quickbooks import problems
from local.quickbooks.problems import OAuthRefusal
from local.quickbooks.store import Store
from local.quickbooks.wire import Json

ACCESS_SECONDS = 3600
REFRESH_SECONDS = 8_726_400
HARD_EXPIRY_SECONDS = 157_680_000
CODE_SECONDS = 600
ACCOUNTING = "com.intuit.quickbooks.accounting"


@dataclass(frozen=True, slots=True)
class Client:
    """The developer's app, as registered with Intuit. No redirect URIs: any is taken; in production only https."""

    id: str = "simulator-client"
    secret: str = "simulator-secret"  # noqa: S105  made up
    redirect_uris: tuple[str, ...] = ()
    production: bool = False


@dataclass(slots=True)
class Rotation:
    """The refresh token stays the same for a day and then changes; the old one is good for a while (facts 7.2)."""

    after_seconds: int = 86_400
    grace_seconds: int = 86_400


class Tokens:
    def __init__(self, store: Store, client: Client, seed: str) -> None:
        self.store, self.client, self.rotation = store, client, Rotation()
        self._seed = seed
        # Access tokens in use; emptied whenever one might have ended.
        self._known: dict[str, tuple[int, str, str]] = {}

    def forget_known(self) -> None:
        self._known.clear()

    def _secret(self, kind: str) -> str:
        """Unguessable without the seed, and never the same twice: the counter is stored."""
        count = self.store.count_up("", f"secret:{kind}", 1)
        digest = hashlib.sha512(f"{self._seed}/{kind}/{count}".encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def consent(self, realm: str, scope: str, redirect_uri: str, now: datetime) -> str:
        """A person said yes: gives the code that is exchanged for tokens."""
        grant = self._grant(realm, scope, now)
        code = f"XAB{self._secret('code')}"
        expires = int(now.timestamp()) + CODE_SECONDS
        self.store.db.execute("INSERT INTO codes VALUES (?,?,?,?,0)", (code, grant, redirect_uri, expires))
        return code

    def _grant(self, realm: str, scope: str, now: datetime) -> int:
        done = self.store.db.execute(
            "INSERT INTO grants (realm, client, scope, at, ended) VALUES (?,?,?,?,0)",
            (realm, self.client.id, scope, int(now.timestamp())),
        )
        return int(done.lastrowid or 0)

    def issue(self, realm: str, now: datetime, scope: str = ACCOUNTING) -> Json:
        """A token answer without the consent dance, for tests and tools."""
        return self._issue(self._grant(realm, scope, now), now)

    def exchange(self, code: str, redirect_uri: str, now: datetime) -> Json:
        found = self.store.db.execute(
            "SELECT c.grant_id, c.redirect_uri, c.expires, c.used FROM codes c JOIN grants g ON g.id=c.grant_id"
            " WHERE c.code=? AND g.client=?",
            (code, self.client.id),
        ).fetchone()
        seconds = int(now.timestamp())
        if found is None or found[2] <= seconds or found[1] != redirect_uri:
            raise OAuthRefusal("invalid_grant", "Invalid authorization code")
        if found[3]:
            self._end(found[0])
            raise SecondUse("invalid_grant", "Authorization code has already been used")
        self.store.db.execute("UPDATE codes SET used=1 WHERE code=?", (code,))
        return self._issue(int(found[0]), now)

    def consent_left(self, refresh_token: str, now: datetime) -> int:
        """Seconds until the person has to consent anew, however often the tokens are refreshed."""
        row = self.store.db.execute(
            "SELECT g.at FROM refresh_tokens r JOIN grants g ON g.id=r.grant_id WHERE r.token=?", (refresh_token,)
        ).fetchone()
        return int(row[0]) + HARD_EXPIRY_SECONDS - int(now.timestamp())

    def _issue(self, grant: int, now: datetime, refresh: tuple[str, int] | None = None) -> Json:
        seconds = int(now.timestamp())
        if refresh is None:
            refresh = (f"RT1-{self._secret('refresh')}", seconds + REFRESH_SECONDS)
            self.store.db.execute(
                "INSERT INTO refresh_tokens VALUES (?,?,?,?)", (refresh[0], grant, seconds, refresh[1])
            )
        access = f"eyJhbGciOiJkaXIi.{self._secret('access')}.{self._secret('access')}"
        self.store.db.execute("INSERT INTO access_tokens VALUES (?,?,?)", (access, grant, seconds + ACCESS_SECONDS))
        return {
            "token_type": "bearer",
            "access_token": access,
            "refresh_token": refresh[0],
            "expires_in": ACCESS_SECONDS,
            "x_refresh_token_expires_in": refresh[1] - seconds,
        }

    def refresh(self, token: str, now: datetime, rotate: bool = False, grace: int | None = None) -> Json:
        """The newest refresh token of the grant; a new one where the newest is a day old. Raises invalid_grant."""
        seconds = int(now.timestamp())
        row = self.store.db.execute(
            "SELECT r.grant_id, r.expires, g.ended, g.at FROM refresh_tokens r JOIN grants g ON g.id=r.grant_id"
            " WHERE r.token=? AND g.client=?",
            (token, self.client.id),
        ).fetchone()
        if row is None or row[2] or min(row[1], row[3] + HARD_EXPIRY_SECONDS) <= seconds:
            raise OAuthRefusal("invalid_grant", "Incorrect or invalid refresh token")
        newest = self.store.db.execute(
            "SELECT token, issued, expires FROM refresh_tokens WHERE grant_id=?"
            " ORDER BY issued DESC, rowid DESC LIMIT 1",
            (row[0],),
        ).fetchone()
        if rotate or seconds - newest[1] >= self.rotation.after_seconds:
            dies = seconds + (self.rotation.grace_seconds if grace is None else grace)
            self.store.db.execute("UPDATE refresh_tokens SET expires=min(expires, ?) WHERE grant_id=?", (dies, row[0]))
            return self._issue(int(row[0]), now)
        return self._issue(int(row[0]), now, (newest[0], newest[2]))

    def revoke(self, token: str) -> None:
        """Ends the connection of that company. Raises invalid_grant for a token that is not known."""
        for table in ("refresh_tokens", "access_tokens"):
            row = self.store.db.execute(
                f"SELECT g.realm FROM {table} t JOIN grants g ON g.id=t.grant_id WHERE t.token=? AND g.client=?",
                (token, self.client.id),
            ).fetchone()
            if row is not None:
                self.end_company(str(row[0]))
                return
        raise OAuthRefusal("invalid_grant", "Token invalid")

    def company_behind(self, secret: str) -> str:
        """The realm that a code or a token is about; empty for one that is not known."""
        for table, column in (("codes", "code"), ("refresh_tokens", "token"), ("access_tokens", "token")):
            row = self.store.db.execute(
                f"SELECT g.realm FROM {table} t JOIN grants g ON g.id=t.grant_id WHERE t.{column}=?", (secret,)
            ).fetchone()
            if row is not None:
                return str(row[0])
        return ""

    def _end(self, grant: int) -> None:
        self.forget_known()
        self.store.db.execute("UPDATE grants SET ended=1 WHERE id=?", (grant,))

    def end_company(self, realm: str) -> int:
        """The app is not connected to the company any more: every token it has for it is dead."""
        self.forget_known()
        return self.store.db.execute(
            "UPDATE grants SET ended=1 WHERE realm=? AND client=? AND ended=0", (realm, self.client.id)
        ).rowcount

    def expire_access(self, token: str | None = None, realm: str | None = None) -> int:
        """Access tokens that run out now: one, those of a company, or all."""
        self.forget_known()
        return self.store.db.execute(
            "UPDATE access_tokens SET expires=0 WHERE (? IS NULL OR token=?)"
            " AND (? IS NULL OR grant_id IN (SELECT id FROM grants WHERE realm=?))",
            (token, token, realm, realm),
        ).rowcount

    def company_of(self, authorization: str | None, now: datetime) -> str:
        """The realm a bearer token is for. Raises GatewayFault 401."""
        if authorization is not None and authorization.strip().lower() == "bearer":
            raise problems.empty_token()
        if authorization is None or not authorization.lower().startswith("bearer ") or len(authorization) < 20:
            raise problems.no_token()
        token = authorization[7:].strip()
        known = self._known.get(token)
        if known is None:
            known = self._known[token] = self._read_access(token)
        expires, realm, scope = known
        if expires <= now.timestamp():
            raise problems.expired_token()
        if ACCOUNTING not in scope.split():
            raise problems.wrong_company()
        return realm

    def _read_access(self, token: str) -> tuple[int, str, str]:
        row = self.store.db.execute(
            "SELECT a.expires, g.realm, g.scope, g.ended FROM access_tokens a JOIN grants g ON g.id=a.grant_id"
            " WHERE a.token=?",
            (token,),
        ).fetchone()
        if row is None or row[3]:
            raise problems.unknown_token()
        return int(row[0]), str(row[1]), str(row[2])

    def check_client(self, authorization: str | None, form: Mapping[str, str]) -> None:
        """HTTP Basic, or id and secret in the form. Raises invalid_client (401)."""
        given = (form.get("client_id", ""), form.get("client_secret", ""))
        if authorization is not None and authorization.lower().startswith("basic "):
            try:
                name, _, secret = base64.b64decode(authorization[6:], validate=True).decode().partition(":")
            except ValueError as cause:
                raise OAuthRefusal("invalid_client", status=401) from cause
            given = (name, secret)
        right = f"{self.client.id}\n{self.client.secret}".encode()
        if not hmac.compare_digest("\n".join(given).encode(), right):
            raise OAuthRefusal("invalid_client", status=401)


class SecondUse(OAuthRefusal):
    """A code used twice ends the grant, and that must be kept although the request is refused."""


def form_of(content_type: str, body: bytes) -> dict[str, str]:
    fields = parse_qs(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=100)
    return {name: values[0] for name, values in fields.items()}


def check_authorize(client: Client, asked: Mapping[str, str]) -> str | None:
    """What is wrong with an authorize request, in the words of its error page; None when nothing is."""
    if asked.get("client_id") != client.id:
        return "The client_id query parameter is invalid."
    if asked.get("response_type") != "code":
        return "The response_type query parameter must be code."
    if not asked.get("scope"):
        return "The scope query parameter is missing."
    if not asked.get("state"):
        return "The state query parameter is missing."
    uri = asked.get("redirect_uri", "")
    if not _can_be_sent_to(uri, client.production) or (client.redirect_uris and uri not in client.redirect_uris):
        return "The redirect_uri query parameter value is invalid."
    return None


def _can_be_sent_to(uri: str, production: bool) -> bool:
    """An absolute URI with a host and without a fragment, in the characters that a URI has."""
    try:
        parts = urlsplit(uri)
        host = parts.hostname
    except ValueError:
        return False
    plain = uri.isascii() and uri.isprintable() and " " not in uri and "#" not in uri
    return plain and bool(host) and parts.scheme in (("https",) if production else ("http", "https"))


def back_to(asked: Mapping[str, str], answer: Mapping[str, str]) -> str:
    uri = asked["redirect_uri"]
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode({**answer, 'state': asked['state']}, quote_via=quote)}"


def discovery(base: str, sandbox: bool) -> Json:
    return {
        "issuer": "https://oauth.platform.intuit.com/op/v1",
        "authorization_endpoint": f"{base}/connect/oauth2",
        "token_endpoint": f"{base}/oauth2/v1/tokens/bearer",
        "userinfo_endpoint": f"{base}/{'sandbox/' if sandbox else ''}v1/openid_connect/userinfo",
        "revocation_endpoint": f"{base}/v2/oauth2/tokens/revoke",
        "jwks_uri": f"{base}/op/v1/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile", "address", "phone"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
    }
