"""What is being done, on one line of a terminal; a spinner would take part in the race."""

import sys


def progress(text: str) -> None:
    """Says it in place of what was said before; nothing where nobody watches."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
