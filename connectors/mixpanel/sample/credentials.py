"""The credentials of the sample: public on purpose, shown in the product and worth nothing elsewhere."""

from __future__ import annotations

ACCOUNT_NAME = "Sample Mixpanel"
"""What the demo calls the account it makes."""

USERNAME = "reader.5a3b1e.mp-service-account"
"""Service account, in the form Mixpanel gives such names."""

SECRET = "sample-only-Qe7vXk29LmTdR4hZ"  # noqa: S105 - a public sample credential
"""Secret of the service account."""

PROJECT_SECRET = "5a3b1e00c0ffee005a3b1e00c0ffee00"  # noqa: S105 - a public sample credential
"""Old-style API secret of the legacy project, sent as user name with an empty password and no project_id."""

LEGACY_PROJECT_ID = "3713224"
"""Stores local wall clock as if it were UTC, as Mixpanel projects created before 2023 do."""

UTC_PROJECT_ID = "3713225"
"""Stores UTC, reports in another zone."""

FORBIDDEN_PROJECT_ID = "3713226"
"""Exists, but the service account may not read it."""
