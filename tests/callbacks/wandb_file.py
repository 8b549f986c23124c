"""Reads the file of an offline W&B run: a LevelDB log of protobuf records."""

import json
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import wandb
from wandb.proto.wandb_internal_pb2 import Record

BLOCK, HEADER = 32768, 7
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4


def read_history(folder: Path) -> list[dict]:
    """Ends the run, and gives the rows that were logged as plain data."""
    wandb.finish()
    # `finish` may return while the process that writes the file still does so.
    wandb.teardown()
    (path,) = folder.rglob("run-*.wandb")
    return [_row(record.history.item) for record in _read(path, "history")]


def read_summary(folder: Path) -> dict:
    """What was put into the run's summary, of a run that has ended."""
    (path,) = folder.rglob("run-*.wandb")
    return {
        name: value
        for record in _read(path, "summary")
        for name, value in _row(record.summary.update).items()
    }


def _read(path: Path, kind: str) -> Iterator[Record]:
    """The records of a kind."""
    for data in _records(path.read_bytes()):
        record = Record()
        record.ParseFromString(data)
        if record.WhichOneof("record_type") == kind:
            yield record


def _row(items: Iterable) -> dict:
    """Values by name; what W&B spells as nested keys, a histogram's or an image's, as a dictionary."""
    row: dict = {}
    for item in items:
        *path, name = item.nested_key or [item.key]
        inner = row
        for part in path:
            inner = inner.setdefault(part, {})
        inner[name] = json.loads(item.value_json)
    return row


def _records(content: bytes) -> Iterator[bytes]:
    assert content[:4] == b":W&B"
    place, pieces = HEADER, []
    while place + HEADER <= len(content):
        if BLOCK - place % BLOCK < HEADER:
            place += BLOCK - place % BLOCK
            continue
        length, kind = struct.unpack("<HB", content[place + 4 : place + HEADER])
        pieces.append(content[place + HEADER : place + HEADER + length])
        place += HEADER + length
        if kind in (FULL, LAST):
            yield b"".join(pieces)
            pieces = []
