"""Where a bucket is and how it is reached: ``s3://bucket/prefix``, at Amazon or any store that speaks its protocol."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pyarrow import fs

OPTIONS = frozenset({"region", "scheme", "endpoint_override"})
# A store of one's own has no regions; without any, Amazon would be asked where the bucket lies.
REGION_OF_OWN_STORES = "us-east-1"
# Pauses in between double; three take about a second. A window that fails is tried again later anyway.
ATTEMPTS = 3


@dataclass(frozen=True)
class Bucket:
    """``endpoint`` is ``host:port`` of a store that is not Amazon's; "" everywhere stands for "not given"."""

    name: str
    prefix: str
    region: str
    scheme: str
    endpoint: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)

    @property
    def path(self) -> str:
        """``bucket/prefix``, as pyarrow names it."""
        return f"{self.name}/{self.prefix}".rstrip("/")

    @property
    def endpoint_url(self) -> str:
        return f"{self.scheme}://{self.endpoint}" if self.endpoint else ""

    def open(self) -> fs.FileSystem:
        """Raises OSError if no region is given and Amazon does not know the bucket."""
        return fs.S3FileSystem(
            access_key=self.access_key or None,
            secret_key=self.secret_key or None,
            region=self.region or fs.resolve_s3_region(self.name),
            scheme=self.scheme,
            endpoint_override=self.endpoint or None,
            # What FileSystem.from_uri uses instead gives up at the first "503 Slow Down".
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
        )


def bucket_of(url: str) -> Bucket:
    """Reads ``s3://[key:secret@]bucket/prefix?region=&endpoint_override=&scheme=``.

    Without a key the credentials come from the environment. Raises ValueError, whose text never repeats the URL.
    """
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError("An s3 URL names a bucket: s3://bucket/prefix is expected.")
    options = _options(parts)
    endpoint = options.get("endpoint_override", "")
    return Bucket(
        name=parts.netloc.rpartition("@")[2],
        prefix=unquote(parts.path).strip("/"),
        region=options.get("region", REGION_OF_OWN_STORES if endpoint else ""),
        scheme=options.get("scheme", "https"),
        endpoint=endpoint,
        access_key=unquote(parts.username or ""),
        secret_key=unquote(parts.password or ""),
    )


def _options(parts: SplitResult) -> dict[str, str]:
    options = dict(parse_qsl(parts.query))
    if unknown := sorted(options.keys() - OPTIONS):
        raise ValueError(f"An s3 URL has options nobody knows: {', '.join(unknown)}.")
    return options
