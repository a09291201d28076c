"""Where a lake lies and how its store is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from connectors.object_store import bucket_of
from connectors.storage import local_path


@dataclass(frozen=True)
class Warehouse:
    """``location`` is an absolute path or ``s3://bucket/prefix``; ``properties`` are pyiceberg FileIO settings."""

    location: str
    properties: Mapping[str, str] = field(repr=False)


def parse_warehouse(url: str) -> Warehouse:
    """Reads a folder path, ``file://`` URL or ``s3://`` URL (see ``connectors.object_store``).

    Paths stay plain paths, because they are written into the table's metadata and a plain absolute
    path is what every engine can open. Credentials in the URL move to the properties, so that they
    are never written into metadata. Raises ValueError for anything else.
    """
    if (folder := local_path(url)) is not None:
        return Warehouse(str(folder), {})
    scheme = urlsplit(url).scheme
    if scheme != "s3":
        raise ValueError(f"A lake lives in a folder or under s3://, not under {scheme}://.")
    bucket = bucket_of(url)
    found = {
        "s3.region": bucket.region,
        "s3.endpoint": bucket.endpoint_url,
        "s3.access-key-id": bucket.access_key,
        "s3.secret-access-key": bucket.secret_key,
    }
    return Warehouse(f"s3://{bucket.path}", {name: value for name, value in found.items() if value})
