"""All routes of the API."""

from __future__ import annotations

from itertools import chain

from api import (
    accounts,
    bills,
    configurations,
    credentials,
    discovery,
    events,
    m3ter_credentials,
    mapping_files,
    mapping_values,
    mappings,
    readiness,
    run_files,
    runs,
    tokens,
    users,
)
from api.route import Table

RESOURCES = (
    tokens,
    configurations,
    readiness,
    mappings,
    mapping_files,
    mapping_values,
    credentials,
    runs,
    run_files,
    events,
    bills,
    accounts,
    users,
    m3ter_credentials,
    discovery,
)

TABLE = Table(chain.from_iterable(resource.routes.found for resource in RESOURCES))
