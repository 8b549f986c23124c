"""`zoo cache`: what compiled code is kept. It imports nothing heavy."""

import argparse
from collections.abc import Iterable
from typing import final

from zoo.cache import LIMIT, cache_folder, check_own, clear, libraries
from zoo.cli.errors import UserError
from zoo.cli.verbs.base import Arguments, OwnVerb, register_verb


@final
@register_verb("cache")
class Cache(OwnVerb):
    """Say how much compiled code is kept and where, or clear it."""

    usage = "[--clear]"

    def add_arguments(self, parser: Arguments) -> None:
        parser.description = (
            "Says where the libraries are that engine 'c' has made, how many and how large. They are "
            "made again when they are needed, in about a second each, and the least recently used go "
            "by themselves when there are too many."
        )
        parser.epilog = "ZOO_CACHE=FOLDER keeps them in another folder, which must be the user's own."
        parser.add_argument("--clear", action="store_true", help="remove them; running processes go on")

    def act(self, given: argparse.Namespace) -> None:
        """Prints it.

        Raises:
            UserError: the folder is none, or cannot be changed.
        """
        try:
            print("\n".join(_cleared() if given.clear else _told()))
        except OSError as error:
            raise UserError(f"compiled code: {error}") from error


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
