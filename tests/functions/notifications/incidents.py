"""The incidents that the golden mails tell about. Made up; no real company, account or address."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from m3ter_quickbooks.run.answer import Fault
from m3ter_quickbooks.run.refusal import About, explain
from m3ter_quickbooks.run.trouble import EventName, NoticeKind
from notifications.mails.day import Day, Summary
from notifications.mails.incident import Affected, Cause, Incident
from notifications.mails.phrases import NOT_MAPPED
from notifications.mails.summary import write_summary
from notifications.mails.words import write

AT = datetime(2026, 11, 22, 10, 4, 31, tzinfo=UTC)
ORGANIZATION = "/organizations/0f0e0d0c-0000-4000-8000-000000000001"
CONFIGURATION = f"{ORGANIZATION}/integrationconfigs/0192f0aa-7c3e-7d6b-9c1a-3f2a1b4c5d6e"
CREDENTIAL = f"{ORGANIZATION}/integrationcredentials/0192f0ab-11d2-7a90-8f00-5a6b7c8d9e0f"
API = "https://api.example.com/prod"
CONSOLE = "https://console.example.com"

FAULT = Fault("6000", "A business validation error", "You can only use one foreign currency per transaction.")
GLOBEX = 'The invoice for bill INV-0007 (b1f00000-0000-4000-8000-000000000007) of account "Globex UK" (globex-uk)'

CAUSES = (
    Cause(
        EventName.MISSING_ACCOUNT_MAPPING,
        None,
        6,
        AT - timedelta(minutes=52),
        AT,
        'Account "Acme Europe" (2c1d0000-0000-4000-8000-000000000001) has no QuickBooks customer. Create an external '
        "mapping from this account to the Id of its Customer in QuickBooks, then retry.",
    ),
    Cause(
        EventName.PERFORM,
        "6000",
        3,
        AT - timedelta(minutes=40),
        AT - timedelta(minutes=12),
        explain(
            [FAULT],
            about=About(GLOBEX, customer='QuickBooks customer "Globex UK" (17)', currency="EUR"),
            intuit_tid="1-6b096251-2f0c4d1e8a7b",
        ),
    ),
    Cause(
        EventName.VALIDATION,
        None,
        1,
        AT - timedelta(minutes=31),
        AT - timedelta(minutes=31),
        "The lines do not add up to the bill: bill INV-0009 (b1f00000-0000-4000-8000-000000000009) has a total of "
        "1240.50 EUR, its lines come to 1204.50 EUR. Recalculate it in m3ter.",
    ),
)
"""In the words of the code that finds them: what the mail quotes is what people get to read."""

DISABLED = Incident(
    kind=NoticeKind.DISABLED,
    at=AT,
    organization="Acme Ltd",
    affected=(Affected("0192f0aa-7c3e-7d6b-9c1a-3f2a1b4c5d6e", "Bills to QuickBooks", enabled=False, recovered=False),),
    address=API + CONFIGURATION,
    link=CONSOLE + CONFIGURATION,
    causes=CAUSES,
    company="Acme Holdings Inc.",
)
ENABLED_AGAIN = replace(DISABLED, affected=(replace(DISABLED.affected[0], enabled=True, recovered=True),))
FAILING = replace(
    DISABLED,
    kind=NoticeKind.FAILING,
    affected=(replace(DISABLED.affected[0], enabled=True),),
    causes=(replace(CAUSES[1], count=5),),
    link=None,
)
RECONNECT = replace(
    DISABLED,
    kind=NoticeKind.RECONNECT,
    causes=(),
    address=API + CREDENTIAL,
    link=CONSOLE + CREDENTIAL,
    affected=(
        replace(DISABLED.affected[0], enabled=True),
        Affected("0192f0ac-0000-7000-8000-000000000002", "Invoices UK", enabled=True, recovered=True),
    ),
)
CONSENT_ENDING = replace(
    RECONNECT,
    kind=NoticeKind.CONSENT_ENDING,
    connected=True,
    ends=AT + timedelta(days=14),
    affected=RECONNECT.affected[:1],
)

DAY = Summary(
    organization="Acme Ltd",
    integration="Bills to QuickBooks",
    until=AT,
    day=Day(
        sent=Counter({"created": 298, "updated": 14}),
        not_sent=Counter({"bill not approved": 31, "same as what was sent": 7}),
        failed=Counter({NOT_MAPPED: 2, "The books of that period are closed": 1}),
        waiting=3,
    ),
    address=API + CONFIGURATION,
    link=CONSOLE + CONFIGURATION,
)

LETTERS = {
    "disabled": write(DISABLED),
    "enabled-again": write(ENABLED_AGAIN),
    "failing": write(FAILING),
    "reconnect": write(RECONNECT),
    "consent-ending": write(CONSENT_ENDING),
    "summary": write_summary(DAY),
}
