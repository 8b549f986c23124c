"""Measures claims, one after the other, and keeps what is done after each."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from zoo.claims.animation import MovingClaim, animate
from zoo.claims.base import Claim, Resources
from zoo.claims.page import page
from zoo.claims.picture import picture, save
from zoo.claims.record import Record, fingerprint, read, write
from zoo.runs.atomic_file import atomic_file, claimed, probe

PAGE, BEGIN = "claims.md", "# Claims, measured\n"
LOCK = ".measuring"
"""A file that a command has for itself while it measures into a folder."""


def measure(claim: Claim, resources: Resources, folder: Path) -> Record:
    """Measures a claim and keeps its numbers, and then its pictures, in a folder.

    Raises:
        OSError: the folder cannot be written.
    """
    start = time.perf_counter()
    found = claim.measure(resources)
    record = Record.of(claim, found, resources, time.perf_counter() - start)
    write({**read(folder), claim.key: record}.values(), folder)
    save(picture(claim, found), folder / f"{claim.key.upper()}.png")
    if isinstance(claim, MovingClaim) and resources.moves:
        animate(claim, found, _moving(claim, folder))
    return record


def measure_all(
    claims: Sequence[Claim], resources: Resources, folder: Path, again: bool, tell: Callable[[Record], None]
) -> dict[str, Record]:
    """Measures those of several claims that the folder does not hold, and writes the page about all of it.

    A claim that it holds in its full form is not measured in the short one.

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
        ValueError: its table is broken, or another command measures into it.
    """
    probe(folder)
    lock = claimed(folder / LOCK)
    if lock is None:
        raise ValueError(f"another command measures into {folder}; expected it to end, or another --output")
    with lock:
        for claim in claims:
            before = None if again else _kept(claim, resources, folder)
            tell(measure(claim, resources, folder) if before is None else before)
    (folder / LOCK).unlink(missing_ok=True)
    records = read(folder)
    with atomic_file(folder / PAGE) as file:
        pictures = [path.name for path in folder.iterdir()]
        file.write(page(records, BEGIN, "", pictures).encode())
    return records


def _kept(claim: Claim, resources: Resources, folder: Path) -> Record | None:
    """What the folder holds of a claim, if that is what is asked for or more."""
    before = read(folder).get(claim.key)
    if before is None or not (before.is_full or before.fingerprint == fingerprint(claim, resources)):
        return None
    moves = isinstance(claim, MovingClaim) and resources.moves
    return None if moves and not _moving(claim, folder).is_file() else before


def _moving(claim: Claim, folder: Path) -> Path:
    return folder / f"{claim.key.upper()}.gif"
