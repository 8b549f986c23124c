"""Packages that come with an extra."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def needed(package: str, extra: str, what: str) -> Iterator[None]:
    """Says, where an import within it fails, what installs the package.

    Args:
        package: What is imported.
        extra: The extra of the zoo that brings it.
        what: What it is needed for, as the beginning of a sentence.

    Raises:
        ValueError: it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != package:
            raise
        raise ValueError(
            f"{what}, and {package} is not installed; pip install 'recurrent-zoo[{extra}]'"
        ) from error
