"""Ids of batches and datasets: a run's UUID as a ULID has it, and the first 24 digits of a dataset's."""

from __future__ import annotations

import re
import uuid

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BATCH = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
DATASET = re.compile(r"[0-9a-f]{24}")


def batch_id(run_uuid: uuid.UUID) -> str:
    """26 signs, as the ids of AEP's batches."""
    return "".join(CROCKFORD[run_uuid.int >> shift & 31] for shift in range(125, -1, -5))


def run_uuid(batch: str) -> uuid.UUID | None:
    """``None`` for what is no id of a batch."""
    if not BATCH.fullmatch(batch):
        return None
    number = 0
    for sign in batch:
        number = number << 5 | CROCKFORD.index(sign)
    return uuid.UUID(int=number)


def dataset_id(dataset_uuid: uuid.UUID) -> str:
    return dataset_uuid.hex[:24]


def dataset_range(dataset: str) -> tuple[uuid.UUID, uuid.UUID] | None:
    """The least and the greatest UUID that begin with an id; ``None`` for what is no id of a dataset."""
    if not DATASET.fullmatch(dataset):
        return None
    return uuid.UUID(hex=dataset + "0" * 8), uuid.UUID(hex=dataset + "f" * 8)
