"""How to open a dataset elsewhere: programs that run as they are, written for the real place of the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

OPEN = """\
from pyiceberg.table import StaticTable

table = StaticTable.from_metadata({folder!r})
"""
PANDAS = """\
events = table.scan().to_pandas()
print(events)
"""
DUCKDB = """\
import duckdb

events = table.scan().to_arrow()
duckdb.sql("SELECT _day, count(*) AS events FROM events GROUP BY _day ORDER BY _day").show()
"""


@dataclass(frozen=True)
class Program:
    slug: str
    title: Any
    needs: str
    code: str


def programs(folder: str) -> list[Program]:
    """``folder`` is the table's; its version hint leads pyiceberg to the state that is current when it runs."""
    opened = OPEN.format(folder=folder)
    return [
        Program("pandas", _("pandas"), "pip install 'pyiceberg[pyarrow,pandas]'", f"{opened}{PANDAS}"),
        Program("duckdb", _("DuckDB"), "pip install 'pyiceberg[pyarrow]' duckdb", _imports_first(opened)),
    ]


def _imports_first(opened: str) -> str:
    first, rest = DUCKDB.split("\n\n", 1)
    return f"{first}\n{opened}{rest}"
