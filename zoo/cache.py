"""The folder of compiled libraries: which of them are whole, how large they are, which have to go.

It imports nothing heavy, so that `zoo cache` comes at once.
"""

import hashlib
import os
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

LIMIT = 64_000_000
"""Bytes of libraries that are kept; a library has about 25,000."""
LIBRARY = re.compile(r"[a-z]+(-[a-z0-9]+)?-[0-9a-f]{24}(-[a-z]+)?\.so")
"""What the files of libraries are called; no other file is ever removed."""
UNFINISHED = "compiling-"
"""How the folders begin in which a library is made before it gets its name."""
ABANDONED = 3600.0
"""Seconds after which whoever began to compile has surely ended."""
SEAL = hashlib.sha256().digest_size


def cache_folder() -> Path:
    """Where compiled libraries are kept: `$ZOO_CACHE`, or `zoo` in the user's cache folder.

    Raises:
        OSError: there is no home.
    """
    own = os.environ.get("ZOO_CACHE")
    try:
        general = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError as error:
        raise OSError(f"there is no folder for compiled code: {error}; set ZOO_CACHE") from error
    return Path(own) if own else general / "zoo"


def kept_folder() -> Path:
    """`cache_folder()`, made if need be.

    Raises:
        OSError: it cannot be made, or others may write to it.
    """
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    check_own(folder)
    return folder


def check_own(folder: Path) -> None:
    """Refuses a folder that anybody else may write to, for what lies there is run.

    Raises:
        OSError: others may write to it, or it is none.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file; set ZOO_CACHE to a folder")
    status = folder.stat()
    if os.name == "posix" and (status.st_uid != os.getuid() or status.st_mode & 0o022):
        raise OSError(f"others can write to {folder}, where compiled code is kept; set ZOO_CACHE to another")


def keep(made: Path, library: Path) -> None:
    """Gives a library that was just made its name, with a digest at its end that is_whole looks at.

    The digest lies in the file itself, after all that is ever loaded, so that both come and go at once.

    Raises:
        OSError: it cannot be written.
    """
    content, sealed = made.read_bytes(), made.with_name(library.name)
    # a new file: one that is open may not be written to (Windows), nor run once it was (macOS)
    with sealed.open("xb") as file:
        file.write(content + _digest(content, library.name))
        file.flush()
        os.fsync(file.fileno())
    sealed.replace(library)
    _flush(library.parent)
    _prune(library)


def is_whole(library: Path) -> bool:
    """Whether this is what was kept under its name, all of it; such a library counts as used now."""
    try:
        content = library.read_bytes()
        if content[-SEAL:] != _digest(content[:-SEAL], library.name):
            return False
        made = library.stat().st_mtime_ns
    except OSError:
        return False
    with suppress(OSError):  # another process may remove it, or the folder be read-only
        os.utime(library, ns=(time.time_ns(), made))
    return True


def libraries(folder: Path) -> dict[Path, int]:
    """The libraries in a folder and their sizes in bytes, the least recently used first."""
    found = []
    for path in folder.glob("*.so"):
        with suppress(OSError):  # another process may remove it
            status = path.stat()
            if LIBRARY.fullmatch(path.name):
                found.append((status.st_atime_ns, path, status.st_size))
    return {path: size for _, path, size in sorted(found)}


def clear(folder: Path) -> dict[Path, int]:
    """Removes all libraries, which no process notices: who has one keeps it, who needs one makes it anew.

    Returns:
        Those that are gone, and their sizes in bytes.

    Raises:
        OSError: one cannot be removed.
    """
    found = libraries(folder)
    for path in found:
        path.unlink(missing_ok=True)
    _sweep(folder)
    return found


def _prune(newest: Path) -> None:
    """Removes the least recently used libraries beyond the limit; what cannot be removed stays."""
    found = libraries(newest.parent)
    excess = sum(found.values()) - LIMIT
    for path, size in found.items():
        if excess > 0 and path != newest:
            with suppress(OSError):
                path.unlink()
            excess -= size
    _sweep(newest.parent)


def _sweep(folder: Path) -> None:
    """Removes what processes that were ended while they compiled have left."""
    for path in folder.glob(f"{UNFINISHED}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > ABANDONED:
                shutil.rmtree(path, ignore_errors=True)


def _digest(content: bytes, name: str) -> bytes:
    return hashlib.sha256(name.encode() + b"\0" + content).digest()


def _flush(folder: Path) -> None:
    """Has the folder's new name on the disk."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
