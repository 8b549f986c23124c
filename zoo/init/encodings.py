"""How text files are encoded, as far as their bytes say it."""

import codecs
from collections.abc import Sequence
from functools import partial
from itertools import islice
from pathlib import Path

HEAD = 1 << 20
"""Bytes of a file that are looked at to tell what it is."""
PIECES = 64
"""How many times as many are looked at to tell its encoding."""
MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16", codecs.BOM_UTF8: "utf-8"}
CONTROLS = bytes(range(0x80, 0xA0))
"""Control characters in latin-1, letters and quotes in cp1252, which is what is meant then."""
ONE_BYTE = ("latin-1", "cp1252")
"""Encodings that take any letters for some of theirs."""
MOST_FOREIGN = 0.3
"""Share of letters beyond ASCII up to which a text may be in a language that these are for."""


def encoding_of(paths: Sequence[Path]) -> str | None:
    """The encoding of files that belong together; None where the first is no text.

    Raises:
        ValueError: some are in UTF-8 and others are not.
    """
    head = _head(paths[0])
    marked = next((name for mark, name in MARKS.items() if head.startswith(mark)), None)
    if marked is not None:
        return marked
    if b"\0" in head:
        return _of_two_bytes(head)
    others = [path for path in paths if not _decodes(path, "utf-8")]
    if not others:
        return "utf-8"
    unlike = [path for path in paths if path not in others and not _head(path).isascii()]
    if unlike:
        raise ValueError(f"{unlike[0]} is in UTF-8, and {others[0]} is not; expected one encoding for all")
    is_windows = any(_head(path).translate(None, CONTROLS) != _head(path) for path in others)
    return "cp1252" if is_windows and all(_decodes(path, "cp1252") for path in others) else "latin-1"


def is_guess(paths: Sequence[Path], encoding: str | None) -> bool:
    """Whether an encoding was taken for want of a better one: the letters of a file seem to be of another."""
    return encoding in ONE_BYTE and any(_foreign(_head(path), encoding) > MOST_FOREIGN for path in paths)


def _foreign(head: bytes, encoding: str) -> float:
    """The share of letters that are beyond ASCII."""
    letters = "".join(filter(str.isalpha, head.decode(encoding, errors="ignore")))
    return sum(not letter.isascii() for letter in letters) / max(1, len(letters))


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def _of_two_bytes(head: bytes) -> str | None:
    """UTF-16 without a mark, where nearly every second byte is 0."""
    for place, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        bytes_ = head[place::2]
        if bytes_.count(0) > 0.9 * len(bytes_) and not head[1 - place :: 2].count(0):
            return name
    return None


def _decodes(path: Path, encoding: str) -> bool:
    """Whether the beginning of a file is in an encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            for piece in islice(iter(partial(file.read, HEAD), b""), PIECES):
                decoder.decode(piece)
        except UnicodeDecodeError:
            return False
    return True
