"""`zoo cache`: what compiled code is kept. It imports nothing heavy."""

from collections.abc import Iterable, Sequence

from zoo.cache import LIMIT, cache_folder, check_own, clear, libraries
from zoo.cli.errors import UserError
from zoo.registry import nearest

USAGE = """\
usage: zoo cache [--clear]

Says where the libraries are that engine 'c' has made, how many and how large. They are made again when
they are needed, in about a second each, and the least recently used go by themselves when there are too many.

  --clear   remove them; running processes go on
  ZOO_CACHE=FOLDER keeps them in another folder, which must be the user's own.
"""
CLEAR = "--clear"


def cache(arguments: Sequence[str]) -> int:
    """Runs `zoo cache`.

    Raises:
        UserError: it takes other arguments, or the folder is none or cannot be changed.
    """
    if any(argument in ("-h", "--help") for argument in arguments):
        print(USAGE, end="")
        return 0
    for argument in arguments:
        if argument != CLEAR:
            raise UserError(f"cache takes no {argument!r}{nearest(argument, [CLEAR])}; see zoo cache --help")
    try:
        print("\n".join(_cleared() if arguments else _told()))
    except OSError as error:
        raise UserError(f"compiled code: {error}") from error
    return 0


def _cleared() -> list[str]:
    folder = cache_folder()
    return [f"cleared   {_size(clear(folder).values())}: {folder}"]


def _told() -> list[str]:
    folder = cache_folder()
    lines = [
        f"cache     {folder}",
        f"kept      {_size(libraries(folder).values())} of at most {_bytes(LIMIT)}",
    ]
    if folder.exists():
        try:
            check_own(folder)
        except OSError as error:
            lines.append(f"not used  {error}")
    return lines


def _size(sizes: Iterable[int]) -> str:
    """How many libraries and how large they are together."""
    known = list(sizes)
    return f"{len(known)} {'library' if len(known) == 1 else 'libraries'}, {_bytes(sum(known))}"


def _bytes(count: int) -> str:
    return f"{count / 1e6:.3g} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
