"""`zoo claims`: sentences about recurrent networks, measured."""

import argparse
from pathlib import Path
from typing import final

from zoo.claims import CLAIMS
from zoo.cli.cores import cores
from zoo.cli.errors import UserError
from zoo.cli.verbs.base import Arguments, OwnVerb, register_verb
from zoo.registry import nearest
from zoo.runs.atomic_file import probe

ABOUT = """\
Measures sentences about recurrent networks: what gradients do through time and depth, what gates, clipping,
direct connections and both directions do about it. Prints of each what is run, the rule that decides, the
numbers beside published ones, and the verdict; keeps a table, a page and pictures in a folder. What the
folder holds is not measured again, so that an interrupted command goes on.
"""


@final
@register_verb("claims")
class Claims(OwnVerb):
    """Measure what is said about recurrent networks: numbers, a rule, a verdict."""

    usage = "[ID ...] [--full] [--jobs N] [--root FILE] [--output FOLDER] [--animate] [--again] [--list]"

    def add_arguments(self, parser: Arguments) -> None:
        parser.description = ABOUT
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        add = parser.add_argument
        add("keys", nargs="*", metavar="ID", help="such as V1 or X2; by default all of them")
        add("--full", action="store_true", help="in the long form, for claims that have one")
        add("--jobs", type=int, default=cores(), metavar="N", help="processes that train at once (all cores)")
        add("--root", type=Path, metavar="FILE", help="labelled texts, for B1: rt-polarity.all and the like")
        add("--output", type=Path, default=Path("runs/claims"), metavar="FOLDER", help="(runs/claims)")
        add("--animate", action="store_true", help="write moving pictures, too: of V1, V3, X2 and D1")
        add("--again", action="store_true", help="measure also what the folder holds")
        add("--list", action="store_true", help="only list the claims")

    def act(self, given: argparse.Namespace) -> None:
        """Measures and prints.

        Raises:
            UserError: there is no such claim, or an option makes no sense.
        """
        from zoo.claims.base import in_order  # numpy and matplotlib, which help need not wait for

        known = in_order(CLAIMS.names())
        for key in given.keys:
            if key.lower() not in known:
                shown = [name.upper() for name in known]
                raise UserError(
                    f"unknown claim {key!r}{nearest(key.upper(), shown) or ';'} Known: {', '.join(shown)}"
                )
        keys = list(dict.fromkeys(key.lower() for key in given.keys)) or known
        if given.list:
            _list(keys)
        else:
            _measure(keys, given)


def _list(keys: list[str]) -> None:
    from zoo.claims.base import claim

    for key in keys:
        print(f"{key.upper():<4}{claim(key).says}")


def _measure(keys: list[str], given: argparse.Namespace) -> None:
    if given.jobs < 1:
        raise UserError(f"--jobs is {given.jobs}; expected a number of processes, from 1")
    _check_root(given.root, keys)
    _check_output(given.output)
    from zoo.claims.base import Resources, claim
    from zoo.claims.page import summary, told
    from zoo.claims.run import PAGE, measure_all

    claims = [claim(key, given.full) for key in keys]
    resources = Resources(jobs=given.jobs, root=given.root, moves=given.animate)
    found = measure_all(
        claims,
        resources,
        given.output,
        given.again,
        lambda record: print("\n".join(told(record)), flush=True),
    )
    print(summary(found[key] for key in keys))
    print(f"page       {given.output / PAGE}")


def _check_root(root: Path | None, keys: list[str]) -> None:
    """Refuses texts that nobody reads, or that cannot be read, before anything is measured."""
    if root is None:
        return
    if not any(CLAIMS[key].reads_texts for key in keys):
        asked = ", ".join(keys).upper()
        raise UserError(f"--root is {str(root)!r}, and {asked} reads no texts; expected B1, or no --root")
    try:
        root.open("rb").close()
    except OSError as error:
        reason = f"{error.strerror}; expected a file of labelled texts"
        raise UserError(f"--root is {str(root)!r}: {reason}") from error


def _check_output(folder: Path) -> None:
    try:
        probe(folder)
    except OSError as error:
        raise UserError(f"--output is {str(folder)!r}, which cannot be written: {error.strerror}") from error
