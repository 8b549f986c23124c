"""Files that are written whole or not at all, whatever ends the process that writes them.

It imports nothing heavy, as its tests start and kill processes by the hundred.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

PARTIAL = ".partial-"
"""How the name of an unfinished file begins; no other file is ever swept away."""


@contextmanager
def atomic_file(target: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which gets its name when the block ends, and is gone where that fails.

    It lies in the folder of its target, for a file can be renamed only within a file system. What killed
    processes have left there is swept away first.

    Args:
        target: The file's name; a file of that name stays until the new one is on the disk.

    Raises:
        OSError: the file cannot be written.
    """
    sweep(target.parent)
    partial, file = _opened(target.parent)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            partial.replace(target)  # while the lock is held
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _flush(target.parent)


def probe(folder: Path) -> None:
    """Looks whether files can be written to a folder, which is made if need be.

    Raises:
        OSError: they cannot.
    """
    folder.mkdir(parents=True, exist_ok=True)
    partial, file = _opened(folder)
    file.close()
    partial.unlink()


def claimed(path: Path, strict: bool = False) -> IO[bytes] | None:
    """A file that is this process's own until it is closed, made if it is not there; None if another has it.

    Args:
        path: The file.
        strict: Whether it is None, too, where a file system has no locks, and nobody knows who has it.

    Raises:
        OSError: it can be neither opened nor made.
    """
    file = path.open("a+b")
    try:
        _lock(file, waits=False)
    except BlockingIOError:
        file.close()
        return None
    except OSError:  # a file system without locks
        if strict:
            file.close()
            return None
    return file


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """A block in which one process at a time is; others wait. On a file system without locks none does.

    Args:
        path: The file whose lock it is, made if it is not there.

    Raises:
        OSError: it can be neither opened nor made.
    """
    with path.open("a+b") as file:
        with suppress(OSError):
            _lock(file, waits=True)
        yield


def sweep(folder: Path) -> None:
    """Removes the unfinished files of processes that are no more; what cannot be removed stays."""
    for path in folder.glob(f"{PARTIAL}*"):
        with suppress(OSError), path.open("r+b") as file:
            _lock(file, waits=False)
            path.unlink()


def _opened(folder: Path) -> tuple[Path, IO[bytes]]:
    """A new file that is locked; unlike one of tempfile, others may read it where the user's mask says so."""
    while True:
        path = folder / f"{PARTIAL}{secrets.token_hex(8)}"
        file = path.open("xb")
        with suppress(OSError):  # a file system without locks is one where nothing can be swept
            _lock(file, waits=True)
        if path.exists():  # else it was swept before it was locked
            return path, file
        file.close()


def _lock(file: IO[bytes], waits: bool) -> None:
    """Locks a file until it is closed, which the system does for a process that dies.

    Raises:
        OSError: somebody else has locked it, or the file system has no locks.
    """
    if os.name != "posix":  # Windows removes no file that is open, which does as well
        return
    import fcntl  # which Windows does not have

    fcntl.flock(file, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)


def _flush(folder: Path) -> None:
    """Has the folder's new name on the disk, where the system can tell."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
