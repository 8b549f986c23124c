"""Measures claims, one after the other, and keeps what is done after each."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from zoo.claims.animation import MovingClaim, animate
from zoo.claims.base import Claim, Resources
from zoo.claims.page import page
from zoo.claims.picture import picture, save
from zoo.claims.record import Record, read, write
from zoo.runs.atomic_file import atomic_file, probe

PAGE, BEGIN = "claims.md", "# Claims, measured\n"


def measure(claim: Claim, resources: Resources, folder: Path) -> Record:
    """Measures a claim and keeps its numbers and its picture in a folder.

    Raises:
        OSError: the folder cannot be written.
    """
    start = time.perf_counter()
    found = claim.measure(resources)
    record = Record.of(claim, found, time.perf_counter() - start)
    save(picture(claim, found), folder / f"{claim.key.upper()}.png")
    if isinstance(claim, MovingClaim) and resources.moves:
        animate(claim, found, folder / f"{claim.key.upper()}.gif")
    write({**read(folder), claim.key: record}.values(), folder)
    return record


def measure_all(
    claims: Sequence[Claim], resources: Resources, folder: Path, again: bool, tell: Callable[[Record], None]
) -> dict[str, Record]:
    """Measures those of several claims that the folder does not hold, and writes the page about all of it.

    Args:
        claims: The claims.
        resources: What they may use.
        folder: Where the table, the pictures and the page are.
        again: Whether those that it holds are measured anew.
        tell: Is given each of the claims' records, as soon as there is one.

    Returns:
        All records of the folder.

    Raises:
        OSError: the folder cannot be written.
    """
    probe(folder)
    for claim in claims:
        before = read(folder).get(claim.key)
        done = before is not None and before.ran == claim.ran and not again
        tell(before if before is not None and done else measure(claim, resources, folder))
    records = read(folder)
    with atomic_file(folder / PAGE) as file:
        pictures = [path.name for path in folder.iterdir()]
        file.write(page(records, BEGIN, "", pictures).encode())
    return records
