"""Where a lake lies and how its store is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from connectors.storage import local_path

S3_OPTIONS = frozenset({"region", "scheme", "endpoint_override"})


@dataclass(frozen=True)
class Warehouse:
    """``location`` is an absolute path or ``s3://bucket/prefix``; ``properties`` are pyiceberg FileIO settings."""

    location: str
    properties: Mapping[str, str] = field(repr=False)


def parse_warehouse(url: str) -> Warehouse:
    """Reads a folder path, ``file://`` URL or ``s3://bucket/prefix?region=&endpoint_override=&scheme=``.

    Paths stay plain paths, because they are written into the table's metadata and a plain absolute
    path is what every engine can open. Credentials in the URL move to the properties, so that they
    are never written into metadata. Raises ValueError for anything else.
    """
    if (folder := local_path(url)) is not None:
        return Warehouse(str(folder), {})
    parts = urlsplit(url)
    if parts.scheme != "s3":
        raise ValueError(f"A lake lives in a folder or under s3://, not under {parts.scheme}://.")
    if not parts.hostname:
        raise ValueError("The lake URL names no bucket: s3://bucket/prefix is expected.")
    bucket = parts.netloc.rpartition("@")[2]
    return Warehouse(f"s3://{bucket}{parts.path.rstrip('/')}", _s3_properties(parts))


def _s3_properties(parts: SplitResult) -> dict[str, str]:
    options = dict(parse_qsl(parts.query))
    if unknown := sorted(options.keys() - S3_OPTIONS):
        raise ValueError(f"The lake URL has options nobody knows: {', '.join(unknown)}.")
    endpoint = options.get("endpoint_override")
    found = {
        "s3.region": options.get("region"),
        "s3.endpoint": f"{options.get('scheme', 'https')}://{endpoint}" if endpoint else None,
        "s3.access-key-id": unquote(parts.username) if parts.username else None,
        "s3.secret-access-key": unquote(parts.password) if parts.password else None,
    }
    return {name: value for name, value in found.items() if value}
