"""The snapshot that swaps data files for others.

pyiceberg's ``delete(filter)`` decides from column bounds whether a file can be dropped whole. Bounds of
strings are cut to 16 characters by default, so for a longer dataflow id it cannot decide and rewrites
files, and it makes two snapshots of what is one change. Here the files to
drop are named one by one, which touches metadata only, and one snapshot holds both halves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.manifest import DataFile, ManifestContent, ManifestFile
from pyiceberg.table import Table, Transaction
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update.snapshot import _ManifestMergeManager, _OverwriteFiles

MERGE_TARGET_BYTES = 8 * 1024 * 1024
MERGE_AT = "commit.manifest.min-count-to-merge"
"""Table property: manifests of a snapshot from which on they are merged."""
MERGE_AT_DEFAULT = "30"


class _ReplaceFiles(_OverwriteFiles):
    """An overwrite whose manifests do not pile up.

    pyiceberg's overwrite carries the manifests of earlier deletions along for ever and never merges.
    """

    def _process_manifests(self, manifests: list[ManifestFile]) -> list[ManifestFile]:
        live = [manifest for manifest in manifests if self._matters(manifest)]
        data = [manifest for manifest in live if manifest.content == ManifestContent.DATA]
        others = [manifest for manifest in live if manifest.content != ManifestContent.DATA]
        merge_at = int(self._transaction.table_metadata.properties.get(MERGE_AT, MERGE_AT_DEFAULT))
        merger = _ManifestMergeManager(MERGE_TARGET_BYTES, merge_at, merge_enabled=True, snapshot_producer=self)
        return merger.merge_manifests(data) + others

    def _matters(self, manifest: ManifestFile) -> bool:
        # A manifest that only lists deletions is the business of the snapshot that deleted, and of no later one.
        mine = manifest.added_snapshot_id == self._snapshot_id
        return mine or manifest.has_added_files() or manifest.has_existing_files()


class SingleCommit(Transaction):
    """A transaction that stages once, commits once or fails, and never copies the metadata to look at it.

    pyiceberg copies it some twenty times per commit, which costs seconds once there are hundreds of snapshots. What it
    reads after the staging is the table's UUID, which no update changes.
    """

    @property
    def table_metadata(self) -> TableMetadata:
        return self._table.metadata

    def _rebuild_snapshot_updates(self) -> None:
        # pyiceberg would repeat the commit on a newer state without asking whether the work is still ours.
        raise CommitFailedException("Somebody else committed first.")


def replace_files(
    table: Table, drop: Iterable[DataFile], add: Iterable[DataFile], properties: Mapping[str, str]
) -> int:
    """Commits one snapshot without ``drop`` and with ``add``; returns its id.

    The commit succeeds only if the table's current snapshot is still the one of ``table``.
    Raises pyiceberg's CommitFailedException if it is not; the table is then unchanged.
    """
    with SingleCommit(table) as transaction:
        producer = _ReplaceFiles(Operation.OVERWRITE, transaction, table.io, snapshot_properties=dict(properties))
        for file in drop:
            producer.delete_data_file(file)
        for file in add:
            producer.append_data_file(file)
        producer.commit()
    return producer.snapshot_id
