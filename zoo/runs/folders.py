"""Which run a path means, and what its run is called on a page beside others."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from zoo.registry import nearest
from zoo.runs.events import EVENTS
from zoo.runs.gradient_records import JOURNAL
from zoo.runs.lag_records import THROUGH_TIME
from zoo.runs.metrics_file import METRICS

KEPT = ("config.yaml", METRICS, JOURNAL, THROUGH_TIME, EVENTS)
"""A folder with one of these is that of a run."""

VERSION = re.compile(r"version_(\d+)$")


def find_run(path: Path) -> Path:
    """The folder of a run: the path itself, or the newest version in it that a run has left something in.

    Raises:
        ValueError: there is no such folder, or it holds no run.
    """
    if not path.exists():
        raise ValueError(f"no folder {str(path)!r}{_instead(path)}")
    if not path.is_dir():
        such = f", such as {str(path.parent)!r}" if _is_run(path.parent) else ""
        raise ValueError(f"{str(path)!r} is a file; expected the folder of a run{such}")
    if _is_run(path):
        return path
    versions = sorted(path.glob("version_*"), key=_version)
    found = [version for version in versions if _is_run(version)]
    if found:
        return found[-1]
    runs = sorted(str(file.parent) for name in KEPT for file in path.glob(f"*/version_*/{name}"))
    several = f"; it holds those of several runs, such as {runs[-1]!r}" if runs else ""
    files = f"{', '.join(KEPT[:-1])} or {KEPT[-1]}"
    raise ValueError(f"{str(path)!r} is not the folder of a run{several}; expected one with {files}")


def checkpoint_in(folder: Path) -> Path:
    """The best checkpoint of a run, or its last one.

    Raises:
        ValueError: there is none.
    """
    run = find_run(folder)
    best = sorted((run / "checkpoints").glob("best*.ckpt"))
    others = sorted((run / "checkpoints").glob("*.ckpt"), key=lambda path: path.stat().st_mtime_ns)
    if not others:
        raise ValueError(f"{run} has no checkpoint; expected one in {run / 'checkpoints'}")
    return (best or others)[-1]


def names(folders: Sequence[Path]) -> list[str]:
    """What to call runs: by their recipe, and where that is not enough by version and by folder."""
    where = [folder.resolve() for folder in folders]
    short = [path.parent.name if VERSION.match(path.name) else path.name for path in where]
    twice = Counter(short)
    longer = [
        name if twice[name] == 1 or name == path.name else f"{name} {path.name.replace('_', ' ')}"
        for name, path in zip(short, where, strict=True)
    ]
    again = Counter(longer)
    return [
        name if again[name] == 1 else f"{name} in {_outside(path)}"
        for name, path in zip(longer, where, strict=True)
    ]


def _outside(path: Path) -> str:
    """The folder around the folder `runs` that a run lies in, or around the run."""
    return (path.parents[2] if path.parent.parent.name == "runs" else path.parent).name


def _is_run(path: Path) -> bool:
    return path.is_dir() and any((path / name).is_file() for name in KEPT)


def _version(path: Path) -> int:
    match = VERSION.match(path.name)
    return int(match[1]) if match else -1


def _instead(path: Path) -> str:
    """What there is in its place: the nearest name where the path ends to exist, or all names there."""
    above = path
    while not above.is_dir():
        wanted, above = above.name, above.parent
    there = sorted(entry.name for entry in above.iterdir() if entry.is_dir())
    listing = f"; {str(above)!r} has {', '.join(there[:5]) or 'no folders'}"
    return nearest(wanted, there) or listing
