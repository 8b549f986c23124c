"""Folders that are written whole or not at all."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from zoo.runs.atomic_file import PARTIAL, claimed

LOCK = ".lock"
OLD = ".old"
"""How the name of a folder ends that a new one is about to take the place of."""


@contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """A folder to write into, which gets its name when the block ends, and is gone where that fails.

    It is made beside its target. What killed processes have left there is swept away first.

    Args:
        target: The folder's name; one of that name stays until the new one is on the disk. A process that is
            killed between the two renames leaves the old one as `.partial-...old`.

    Raises:
        OSError: it cannot be written.
    """
    target = target.absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target.parent)
    partial = target.parent / f"{PARTIAL}{secrets.token_hex(8)}"
    partial.mkdir()
    lock = (partial / LOCK).open("a+b") if (own := claimed(partial / LOCK)) is None else own
    try:
        yield partial
        for path in partial.iterdir():
            _flush(path)
        (partial / LOCK).unlink()
        _rename(partial, target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    finally:
        lock.close()
    _flush(target.parent)


def _rename(partial: Path, target: Path) -> None:
    """Gives the new folder its name; the old one has it again where that fails."""
    if not target.exists():
        partial.rename(target)
        return
    old = partial.with_name(partial.name + OLD)
    target.rename(old)
    try:
        partial.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Removes what processes that are no more have left unfinished; what cannot be removed stays."""
    for folder in parent.glob(f"{PARTIAL}*"):
        if folder.is_dir() and not folder.name.endswith(OLD) and (folder / LOCK).exists():
            lock = claimed(folder / LOCK, strict=True)
            if lock is not None:
                shutil.rmtree(folder, ignore_errors=True)
                lock.close()


def _flush(path: Path) -> None:
    with suppress(OSError):  # a system that cannot open folders
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
