"""Time zones to choose from."""

from __future__ import annotations

from connectors.mixpanel import timezones


def zone_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Time zones by region, each with its whole name, for a closed list does not show the region."""
    return [(region, [(zone, zone) for zone, _ in zones]) for region, zones in timezones.choices()]
