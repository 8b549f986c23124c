"""Reading a user's files, with errors that say which file and which line."""

import logging
from pathlib import Path

from lightning.pytorch.utilities import rank_zero_only

from zoo.registry import nearest

logger = logging.getLogger(__name__)


@rank_zero_only
def tell(message: str) -> None:
    """Tells the user something about the data; where several processes train, only the first one does."""
    logger.info(message)


def existing(path: Path, what: str) -> Path:
    """Returns `path` if it is a file.

    Raises:
        FileNotFoundError: it is not; names what was looked for, and the nearest name in the folder.
    """
    if path.is_file():
        return path
    if path.is_dir():
        raise FileNotFoundError(f"{path} is a folder, expected a file")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no {what} in {path.parent}, which is not a folder")
    names = [entry.name for entry in path.parent.iterdir()]
    raise FileNotFoundError(f"there is no {what} in {path.parent}{nearest(path.name, names)}")


def read_text(path: Path, encoding: str) -> str:
    r"""Reads a text file whole, with `\n` for any line end.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is empty, a byte is not valid in `encoding` (with its line), or there is no such
            encoding.
    """
    content = existing(path, path.name).read_bytes()
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{path}, line {line}: byte 0x{content[error.start]:02x} is not {encoding}; "
            f"give the encoding of the file, for example encoding: latin-1"
        ) from None
    except LookupError:
        raise ValueError(f"encoding {encoding!r} is unknown; utf-8 and latin-1 are the usual ones") from None
    if not text.strip():
        raise ValueError(f"{path} is empty, expected text")
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
