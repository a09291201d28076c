"""Which commits made a state what it is, and how to go back to an earlier one.

A roll back is a commit of its own: it takes out what came since and brings back what was there, so that it
is visible, can be undone like any other commit, and conflicts with a publication that goes on at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pyarrow import fs
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from connectors.errors import LakeConflict, LakeUnavailable
from connectors.lake.hint import write_version_hint
from connectors.lake.inspect import ROLLED_BACK_BY, ROLLED_BACK_TO, files_by_path, property_of, snapshot_of
from connectors.lake.replace import replace_files


def effective(table: Table, snapshot: Snapshot | None) -> Iterator[Snapshot]:
    """The snapshot and the earlier ones whose work is part of it, newest first: what was rolled back is passed over."""
    known = {each.snapshot_id: each for each in table.metadata.snapshots}
    while snapshot is not None:
        yield snapshot
        target = property_of(snapshot, ROLLED_BACK_TO)
        before = int(target) if target else snapshot.parent_snapshot_id
        snapshot = known.get(before) if before is not None else None


def roll_back(load: Callable[[], Table], to: int, *, seen: int, by: str) -> int:
    """Makes the table hold again what it held at snapshot ``to``; the id of the commit that does so.

    ``seen`` is the snapshot that was current when a person decided: if another one is by now, nothing is changed.
    Nothing is committed either when both hold the same files. Raises UnknownSnapshot, LakeConflict, LakeUnavailable.
    """
    table = load()
    current = table.current_snapshot()
    if current is None or current.snapshot_id != seen:
        raise LakeConflict("The dataset changed in the meantime.")
    now, then = files_by_path(table, current), files_by_path(table, snapshot_of(table, to))
    drop = [file for path, file in now.items() if path not in then]
    add = [file for path, file in then.items() if path not in now]
    if not drop and not add:
        return seen
    _must_exist(table, add)
    # Raises CommitFailedException when somebody else commits in between: a conflict as well.
    snapshot_id = replace_files(table, drop, add, _properties(to, by))
    write_version_hint(table)
    return snapshot_id


def _properties(to: int, by: str) -> Mapping[str, str]:
    return {ROLLED_BACK_TO: str(to), ROLLED_BACK_BY: by}


def _must_exist(table: Table, files: list[DataFile]) -> None:
    """What is brought back left the table long ago: somebody may have cleared it away."""
    if not files or not isinstance(table.io, PyArrowFileIO):
        return
    scheme, netloc, _ = PyArrowFileIO.parse_location(files[0].file_path)
    paths = [PyArrowFileIO.parse_location(file.file_path)[2] for file in files]
    found = table.io.fs_by_scheme(scheme, netloc).get_file_info(paths)
    if gone := [info.path for info in found if info.type != fs.FileType.File]:
        raise LakeUnavailable(f"{len(gone)} data files of the snapshot are gone, {gone[0].rpartition('/')[2]} for one.")
