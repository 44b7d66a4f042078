"""Whether a configuration could send bills now, and what is to be changed in QuickBooks, in words."""

from __future__ import annotations

from api.route import Routes

routes = Routes.of("readiness")
