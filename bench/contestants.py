"""What is compared. Each runs in a process of its own: ``python -m bench.contestants NAME URL DAY …``.

It prints ``ready`` when everything is imported, starts when a line comes in, and prints one JSON object:
``seconds`` (wall), ``cpu`` (user and system seconds), ``peak`` (bytes of resident memory), ``events``.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from typing import Any

Contest = Callable[[], int]
FIELDS = {
    "distinct_id": "distinct_id",
    "$insert_id": "insert_id",
    "$import": "import",
    "item_id": "item_id",
    "item_name": "item_name",
    "item_price": "item_price",
    "$mp_api_endpoint": "mp_api_endpoint",
    "$mp_api_timestamp_ms": "mp_api_timestamp_ms",
    "mp_processing_time_ms": "mp_processing_time_ms",
    "time": "time",
    "$city": "city",
    "$browser": "browser",
    "$os": "os",
}


def gunzip(url: str, days: Sequence[str]) -> Contest:
    """The physical limit: take the bytes off the wire and decompress them, nothing else."""
    import requests
    from isal import isal_zlib

    def run() -> int:
        lines = 0
        for day in days:
            answer = requests.get(f"{url}/api/2.0/export", params={"from_date": day}, stream=True, timeout=60)
            inflate = isal_zlib.decompressobj(wbits=31)
            for chunk in answer.raw.stream(1 << 18, decode_content=False):
                lines += inflate.decompress(chunk).count(b"\n")
        return lines

    return run


def script(url: str, days: Sequence[str]) -> Contest:
    """What an engineer writes in an afternoon: requests, json.loads, pandas, one Parquet file a day."""
    import pandas as pd
    import requests

    def load(day: str, folder: str) -> int:
        answer = requests.get(f"{url}/api/2.0/export", params={"from_date": day}, timeout=60)
        rows = []
        # As bytes: the answer names no charset, and as text requests would take it for Latin-1.
        for line in answer.content.split(b"\n"):
            if line:
                record = json.loads(line)
                properties = record["properties"]
                row = {name: properties.get(source) for source, name in FIELDS.items()}
                rows.append({"event": record["event"], **row})
        frame = pd.DataFrame(rows)
        frame["item_price"] = frame["item_price"].astype("string")
        frame["distinct_id"] = frame["distinct_id"].astype("string")
        frame["timestamp"] = pd.to_datetime(pd.to_numeric(frame["time"], errors="coerce"), unit="s", utc=True)
        frame["time"] = frame["time"].astype("string")
        unique = frame.drop_duplicates(["event", "distinct_id", "time", "insert_id"])
        unique.to_parquet(f"{folder}/{day}.parquet", compression="zstd")
        return len(rows)

    def run() -> int:
        with tempfile.TemporaryDirectory() as folder:
            return sum(load(day, folder) for day in days)

    return run


class _WithoutPandas(MetaPathFinder):
    """The product is installed without pandas, which Arrow loads wherever it finds it, 40 MB of it."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def engine(url: str, days: Sequence[str]) -> Contest:
    """The product: one worker that works on the run named in BENCH_RUN until it has ended."""
    sys.meta_path.insert(0, _WithoutPandas())
    import django

    django.setup()
    from django.utils import timezone

    from dataflows import stores
    from dataflows.models import Run
    from dataflows.runs import engine as runs

    run_id = int(os.environ["BENCH_RUN"])
    flow = Run.objects.get(pk=run_id).dataflow
    # What a worker that has worked before has imported, opened and connected.
    flow.reads_from.open()
    stores.lake().open(flow.writes_to.table).schema  # noqa: B018
    runs.plan_of(Run.objects.get(pk=run_id))

    def run() -> int:
        while not Run.objects.get(pk=run_id).is_finished:
            if runs.advance(run_id, clock=timezone.now) is runs.Next.LATER:
                time.sleep(0.05)
        return int(Run.objects.get(pk=run_id).received)

    return run


CONTESTANTS = {"gunzip": gunzip, "script": script, "engine": engine}


def main(name: str, url: str, *days: str) -> None:
    contest = CONTESTANTS[name](url, days)
    print("ready", flush=True)
    sys.stdin.readline()
    began, cpu = time.perf_counter(), _cpu()
    events = contest()
    told: dict[str, Any] = {
        "seconds": time.perf_counter() - began,
        "cpu": _cpu() - cpu,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "events": events,
    }
    print(json.dumps(told), flush=True)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(*sys.argv[1:])
