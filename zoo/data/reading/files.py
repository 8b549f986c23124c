"""Reading a user's files, with errors that say which file and which lines."""

import codecs
import logging
from pathlib import Path

from lightning.pytorch.utilities import rank_zero_only

from zoo.data.reading.faults import listed
from zoo.registry import nearest

BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")  # of utf-16
ONE_BYTE = ("iso8859-1", "iso8859-15", "cp1252", "cp1250", "mac-roman")
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
        ValueError: the file is empty, bytes are not valid in `encoding` or are NUL (with their lines), or
            there is no such encoding.
    """
    content = existing(path, path.name).read_bytes()
    try:
        text = content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}, {_undecodable(content, encoding, error)}") from None
    except LookupError:
        raise ValueError(f"encoding {encoding!r} is unknown; utf-8 and latin-1 are the usual ones") from None
    tell_garbled(path, content, encoding)
    if "\0" in text:
        raise ValueError(f"{path}, {_with_nul(content, text)}")
    if not text.strip():
        raise ValueError(f"{path} is empty, expected text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def tell_garbled(path: Path, content: bytes, encoding: str) -> None:
    """Says so where text in UTF-8 is read in an encoding of one byte a character, which garbles it."""
    if content.isascii() or codecs.lookup(encoding).name not in ONE_BYTE:
        return
    try:
        letters = content.decode("utf-8")
    except UnicodeDecodeError:
        return
    word = next(word for word in letters.split() if not word.isascii())
    garbled = word.encode().decode(encoding, errors="replace")
    tell(f"{path} is in UTF-8 and read as {encoding}: {word!r} becomes {garbled!r}; expected encoding: utf-8")


def _undecodable(content: bytes, encoding: str, error: UnicodeDecodeError) -> str:
    """Which lines are not in the encoding, and what to do."""
    lines = content.splitlines()
    wrong = [number for number, line in enumerate(lines, 1) if not _decodes(line, encoding)]
    if not wrong or not _decodes(b"\n", encoding):  # a line end of several bytes: lines cannot be told apart
        wrong = [content.count(b"\n", 0, error.start) + 1]
    what = f"line {wrong[0]}: byte 0x{content[error.start]:02x} is not {encoding}"
    if content[:2] in BYTE_ORDER_MARKS and error.start < 2:
        return f"{what}; the file begins as one in utf-16 does; give encoding: utf-16"
    return (
        f"{what}; {_share(wrong, len(lines))} such bytes; give the encoding of the file, for example "
        f"encoding: latin-1"
    )


def _with_nul(content: bytes, text: str) -> str:
    """Which lines hold NUL, and what to do."""
    lines = text.splitlines()
    wrong = [number for number, line in enumerate(lines, 1) if "\0" in line]
    what = f"line {wrong[0]}: there is a NUL character; {_share(wrong, len(lines))} such"
    if text.count("\0") * 3 < len(text):
        return f"{what}; expected text without them"
    order = "" if content[:2] in BYTE_ORDER_MARKS else "-le" if content[1] == 0 else "-be"
    return f"{what}, as a file in utf-16 does; give encoding: utf-16{order}"


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _share(lines: list[int], whole: int) -> str:
    if len(lines) == 1:
        return f"1 of {whole} lines has"
    return f"{len(lines)} of {whole} lines ({listed(lines)}) have"
