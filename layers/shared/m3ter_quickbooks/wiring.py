"""The only place where real things are built, each when it is first asked for, once per process.

A function loads no more than it uses: adapters are imported where they are built, so that a door which never speaks to
QuickBooks never loads an HTTP client. Clients are kept, data is not. Tests build the same things from their own
clients, transport and clock.
"""

from __future__ import annotations

import logging
import os
import random
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    import httpx

    from m3ter_quickbooks.connection.consent import Consents
    from m3ter_quickbooks.connection.keep_alive import KeptAlive
    from m3ter_quickbooks.connection.tokens import Tokens
    from m3ter_quickbooks.environment import ApiEnvironment, NotificationsEnvironment, QuickBooksPlaces
    from m3ter_quickbooks.identity.people import People
    from m3ter_quickbooks.identity.tokens import RememberedTokens
    from m3ter_quickbooks.quickbooks.catalogue import Catalogue
    from m3ter_quickbooks.quickbooks.client import QuickBooksClient
    from m3ter_quickbooks.quickbooks.oauth import Endpoints, IntuitOAuth
    from m3ter_quickbooks.quickbooks.wire import Wire
    from m3ter_quickbooks.run.ports import Witness
    from m3ter_quickbooks.run.run import Run
    from m3ter_quickbooks.run.world import World
    from m3ter_quickbooks.storage.accounts import Accounts
    from m3ter_quickbooks.storage.configurations import Configurations
    from m3ter_quickbooks.storage.credentials import ConnectionBook, Credentials
    from m3ter_quickbooks.storage.events import Events
    from m3ter_quickbooks.storage.knowledge import Knowledge
    from m3ter_quickbooks.storage.mappings import Mappings
    from m3ter_quickbooks.storage.members import Members, Organizations, Users
    from m3ter_quickbooks.storage.renewals import Renewals
    from m3ter_quickbooks.storage.runs import RunHistory, Runs
    from m3ter_quickbooks.storage.secrets import M3terCredentials, Vault
    from m3ter_quickbooks.storage.secrets import Tokens as TokenSecrets
    from m3ter_quickbooks.storage.table import Table

SCOPE = "m3ter-quickbooks/api"
"""The scope that the gateway asks of every token (template.yaml, ResourceServer)."""


def utc_now() -> datetime:
    """The clock of everything."""
    return datetime.now(UTC)


def aws_client(service: str) -> Any:  # noqa: ANN401  boto3 makes its clients at run time
    """A client that gives up before what waits for it does."""
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    connect, read, attempts = _PATIENCE_WITH.get(service, (3, 10, 3))
    retries: Any = {"mode": "standard", "total_max_attempts": attempts}
    config = Config(connect_timeout=connect, read_timeout=read, retries=retries)
    return boto3.client(service, config=config)  # type: ignore[call-overload]  # the name is not a literal here


_PATIENCE_WITH = {
    # A mail whose answer was lost must not be sent again unseen: SES knows no idempotency key.
    "sesv2": (3, 10, 1),
    # Secrets are read under the lease of a renewal, which is to outlive them (connection/tokens.py).
    "secretsmanager": (2, 4, 2),
}
"""Seconds to connect, seconds to wait for an answer, attempts."""


def _sleep(span: timedelta) -> None:
    time.sleep(max(span, timedelta(0)).total_seconds())


class Installation:
    """What every function that speaks to QuickBooks has in common.

    `client` makes AWS clients by name, `transport` carries HTTP; `read_timeout` in seconds bounds each wait for bytes
    of an answer of QuickBooks.
    """

    def __init__(
        self,
        environment: QuickBooksPlaces,
        *,
        client: Callable[[str], Any] = aws_client,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], datetime] = utc_now,
        pause: Callable[[timedelta], None] = _sleep,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
        read_timeout: float = 60.0,
    ) -> None:
        self._places = environment
        self.now = now
        self._client = client
        self._transport = transport
        self._pause = pause
        self._random_bytes = random_bytes
        self._read_timeout = read_timeout

    @cached_property
    def table(self) -> Table:
        """The one table."""
        from m3ter_quickbooks.storage.table import Table  # noqa: PLC0415

        return Table(self._client("dynamodb"), self._places.table_name)

    @cached_property
    def configurations(self) -> Configurations:
        """Configurations."""
        from m3ter_quickbooks.storage.configurations import Configurations  # noqa: PLC0415

        return Configurations(self.table)

    @cached_property
    def runs(self) -> Runs:
        """Runs, as runs see them."""
        from m3ter_quickbooks.storage.runs import Runs  # noqa: PLC0415

        return Runs(self.table)

    @cached_property
    def knowledge(self) -> Knowledge:
        """The one batch read."""
        from m3ter_quickbooks.storage.knowledge import Knowledge  # noqa: PLC0415

        return Knowledge(self.table)

    @cached_property
    def _vault(self) -> Vault:
        from m3ter_quickbooks.storage.secrets import Vault  # noqa: PLC0415

        return Vault(self._client("secretsmanager"))

    @cached_property
    def m3ter_credentials(self) -> M3terCredentials:
        """The organizations' service users in m3ter."""
        from m3ter_quickbooks.storage.secrets import M3terCredentials  # noqa: PLC0415

        return M3terCredentials(self.table, self._vault, self._places.secret_prefix)

    @cached_property
    def _token_secrets(self) -> TokenSecrets:
        from m3ter_quickbooks.storage.secrets import Tokens as TokenSecrets  # noqa: PLC0415

        return TokenSecrets(self._vault, self._places.secret_prefix)

    @cached_property
    def _http(self) -> httpx.Client:
        from m3ter_quickbooks.quickbooks.outgoing import http_client  # noqa: PLC0415

        # httpx logs every address at INFO, and the addresses of searches hold customers' names.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        return http_client(self.now, self._transport)

    @cached_property
    def _book(self) -> ConnectionBook:
        from m3ter_quickbooks.storage.credentials import ConnectionBook  # noqa: PLC0415

        return ConnectionBook(self.table, self.now)

    @cached_property
    def _renewals(self) -> Renewals:
        from m3ter_quickbooks.storage.renewals import Renewals  # noqa: PLC0415

        return Renewals(self.table)

    @cached_property
    def access(self) -> Tokens:
        """Access tokens, renewed once for all workers."""
        from m3ter_quickbooks.connection.tokens import Tokens  # noqa: PLC0415
        from m3ter_quickbooks.quickbooks.oauth import Endpoints  # noqa: PLC0415

        # Renewing needs neither the page for people nor the address that it leads back to.
        oauth = self._oauth(Endpoints("", self._places.intuit_token_url, "", ""))
        return Tokens(self._token_secrets, self._renewals, oauth, self._book, self.now, self._pause, self._random_bytes)

    @cached_property
    def _wire(self) -> Wire:
        from m3ter_quickbooks.quickbooks.wire import Hosts, Wire  # noqa: PLC0415

        hosts = Hosts(self._places.quickbooks_api_url, self._places.quickbooks_sandbox_api_url)
        return Wire(self._http, hosts, self.access, self.now, read_timeout=self._read_timeout)

    @cached_property
    def quickbooks(self) -> QuickBooksClient:
        """Documents and exchange rates, live."""
        from m3ter_quickbooks.quickbooks.client import QuickBooksClient  # noqa: PLC0415

        return QuickBooksClient(self._wire, self.access)

    def _oauth(self, endpoints: Endpoints) -> IntuitOAuth:
        from m3ter_quickbooks.quickbooks.oauth import IntuitOAuth  # noqa: PLC0415
        from m3ter_quickbooks.storage.secrets import intuit_app  # noqa: PLC0415

        return IntuitOAuth(self._http, endpoints, lambda: intuit_app(self._vault, self._places.quickbooks_app_secret))

    def world(self, witness: Witness, in_flight: timedelta) -> World:
        """The world of runs."""
        from m3ter_quickbooks.m3ter.client import M3terClient  # noqa: PLC0415
        from m3ter_quickbooks.messaging.queue import Queue  # noqa: PLC0415
        from m3ter_quickbooks.quickbooks.links import Links  # noqa: PLC0415
        from m3ter_quickbooks.quickbooks.wire import Hosts  # noqa: PLC0415
        from m3ter_quickbooks.run.silence import PatientM3ter, PatientQuickBooks  # noqa: PLC0415
        from m3ter_quickbooks.run.world import World  # noqa: PLC0415
        from m3ter_quickbooks.storage.credentials import Connections  # noqa: PLC0415
        from m3ter_quickbooks.storage.deliveries import Deliveries  # noqa: PLC0415
        from m3ter_quickbooks.storage.pacer import Pacer  # noqa: PLC0415
        from m3ter_quickbooks.storage.rush import Rush  # noqa: PLC0415

        pages = Hosts(self._places.quickbooks_app_url, self._places.quickbooks_sandbox_app_url)
        m3ter = M3terClient(self._http, self.m3ter_credentials, self.now, self._places.m3ter_api_url)
        return World(
            runs=self.runs,
            deliveries=Deliveries(self.table),
            knowledge=self.knowledge,
            configurations=self.configurations,
            connections=Connections(self.table, self.now),
            quickbooks=PatientQuickBooks(self.quickbooks, self.now),
            m3ter=PatientM3ter(m3ter, self.now),
            pacer=Pacer(self.table),
            rush=Rush(self.table),
            queue=Queue(self._client("sqs"), self._places.queue_url),
            witness=witness,
            clock=self.now,
            wait_until=lambda moment: self._pause(moment - self.now()),
            new_claim=lambda: str(uuid4()),
            jitter=random.random,
            link=Links(pages).document_url,
            in_flight=in_flight,
        )

    def keep_alive(self) -> KeptAlive:
        """Renew the connections that nobody uses."""
        from m3ter_quickbooks.connection.keep_alive import keep_alive  # noqa: PLC0415

        return keep_alive(self.access, self._renewals, self._book, self.now)


class Api(Installation):
    """What functions/api needs besides."""

    def __init__(self, environment: ApiEnvironment, **more: Any) -> None:  # noqa: ANN401  as Installation takes it
        # The gateway stops waiting after 29 seconds.
        super().__init__(environment, **{"read_timeout": 12.0, **more})
        self.environment = environment

    @cached_property
    def mappings(self) -> Mappings:
        """External mappings."""
        from m3ter_quickbooks.storage.mappings import Mappings  # noqa: PLC0415

        return Mappings(self.table)

    @cached_property
    def credentials(self) -> Credentials:
        """Credentials, without their secrets."""
        from m3ter_quickbooks.storage.credentials import Credentials  # noqa: PLC0415

        return Credentials(self.table)

    @cached_property
    def accounts(self) -> Accounts:
        """Account snapshots."""
        from m3ter_quickbooks.storage.accounts import Accounts  # noqa: PLC0415

        return Accounts(self.table)

    @cached_property
    def organizations(self) -> Organizations:
        """The organizations of the installation."""
        from m3ter_quickbooks.storage.members import Organizations  # noqa: PLC0415

        return Organizations(self.table)

    @cached_property
    def users(self) -> Users:
        """People."""
        from m3ter_quickbooks.storage.members import Users  # noqa: PLC0415

        return Users(self.table)

    @cached_property
    def members(self) -> Members:
        """Who may do what."""
        from m3ter_quickbooks.storage.members import Members  # noqa: PLC0415

        return Members(self.table)

    @cached_property
    def events(self) -> Events:
        """Error events."""
        from m3ter_quickbooks.storage.events import Events  # noqa: PLC0415

        return Events(self.table)

    @cached_property
    def history(self) -> RunHistory:
        """Runs and seen bills, by the page."""
        from m3ter_quickbooks.storage.runs import RunHistory  # noqa: PLC0415

        return RunHistory(self.table)

    @cached_property
    def people(self) -> People:
        """The user pool's people."""
        from m3ter_quickbooks.identity.people import People  # noqa: PLC0415

        return People(self._client("cognito-idp"), self.environment.user_pool_id)

    @cached_property
    def tokens(self) -> RememberedTokens:
        """Access tokens of API clients."""
        from m3ter_quickbooks.identity.tokens import RememberedTokens, TokenEndpoint  # noqa: PLC0415

        endpoint = TokenEndpoint(self._http, self.environment.token_url, SCOPE)
        return RememberedTokens(endpoint.exchange, self.now, self._random_bytes)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Customers, items and company facts, live."""
        from m3ter_quickbooks.quickbooks.catalogue import Catalogue  # noqa: PLC0415

        return Catalogue(self._wire, self.access)

    def consents(self, base_url: str) -> Consents:
        """Consent that comes back to where the caller reached us, or to the installation's own address."""
        from m3ter_quickbooks.connection.consent import Consents  # noqa: PLC0415
        from m3ter_quickbooks.quickbooks.catalogue import CompanyFacts  # noqa: PLC0415
        from m3ter_quickbooks.quickbooks.oauth import Endpoints  # noqa: PLC0415
        from m3ter_quickbooks.storage.renewals import ConsentStates  # noqa: PLC0415

        here = self.environment
        back = f"{here.public_url or base_url.rstrip('/')}/quickbooks/callback"
        endpoints = Endpoints(here.intuit_authorize_url, here.intuit_token_url, here.intuit_revoke_url, back)
        return Consents(
            ConsentStates(self.table),
            self._book,
            self._oauth(endpoints),
            CompanyFacts(self._wire),
            self._token_secrets,
            self._renewals,
            self.now,
            self._pause,
            self._random_bytes,
        )

    @cached_property
    def runs_world(self) -> World:
        """The world of runs, for opening them anew: nothing is carried out here."""
        return self.world(_Unseen(), timedelta(0))


class _Unseen:
    """Watches runs where none is carried out."""

    def closed(self, run: Run, cause: str) -> None:
        """Nobody closes one here."""

    def waits(self, run: Run) -> None:
        """Nor does one wait."""


@cache
def _bills() -> tuple[Installation, timedelta]:
    from m3ter_quickbooks.environment import BillsEnvironment  # noqa: PLC0415

    environment = BillsEnvironment.read(os.environ)
    return Installation(environment), environment.in_flight


@cache
def bills_world(witness: Witness) -> World:
    """The world of functions/bills."""
    installation, in_flight = _bills()
    return installation.world(witness, in_flight)


def keep_alive() -> KeptAlive:
    """Renew the connections that nobody uses."""
    return _bills()[0].keep_alive()


class Notices:
    """What functions/notifications needs; all of it, at every cold start."""

    def __init__(
        self,
        environment: NotificationsEnvironment,
        *,
        client: Callable[[str], Any] = aws_client,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        from m3ter_quickbooks.messaging.bus import Bus  # noqa: PLC0415
        from m3ter_quickbooks.messaging.mail import Post  # noqa: PLC0415
        from m3ter_quickbooks.messaging.mail_orders import MailOrders  # noqa: PLC0415
        from m3ter_quickbooks.storage.configurations import Configurations  # noqa: PLC0415
        from m3ter_quickbooks.storage.credentials import Credentials  # noqa: PLC0415
        from m3ter_quickbooks.storage.events import Events  # noqa: PLC0415
        from m3ter_quickbooks.storage.members import Organizations, Users  # noqa: PLC0415
        from m3ter_quickbooks.storage.notices import Notices as NoticeStore  # noqa: PLC0415
        from m3ter_quickbooks.storage.runs import RunHistory  # noqa: PLC0415
        from m3ter_quickbooks.storage.table import Table  # noqa: PLC0415

        self.environment = environment
        self.now = now
        self.table = Table(client("dynamodb"), environment.table_name)
        self.configurations = Configurations(self.table)
        self.credentials = Credentials(self.table)
        self.events = Events(self.table)
        self.history = RunHistory(self.table)
        self.notices = NoticeStore(self.table)
        self.organizations = Organizations(self.table)
        self.users = Users(self.table)
        self.bus = Bus(client("events"), environment.event_bus_name)
        self.mail_orders = MailOrders(client("sqs"), environment.mail_queue_url)
        self.post = Post(client("sesv2"), environment.sender_address)


@cache
def notices() -> Notices:
    """The notices of this process."""
    from m3ter_quickbooks.environment import NotificationsEnvironment  # noqa: PLC0415

    return Notices(NotificationsEnvironment.read(os.environ))
