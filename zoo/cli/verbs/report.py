"""`zoo report`: a page about runs. It imports neither Lightning nor, for its help, anything heavy."""

from collections.abc import Sequence
from pathlib import Path

from zoo.cli.errors import UserError
from zoo.registry import nearest

USAGE = """\
usage: zoo report RUN_FOLDER [RUN_FOLDER ...] [--output FILE]

Writes one HTML file about one run, or about several side by side: curves, gradients by layer, by gate and
through time, clipping, what the guard did, a verdict, configuration, environment. It works for finished and
for crashed runs, from the files in their folders alone, and the page needs no network.

  RUN_FOLDER      runs/NAME/version_K, or runs/NAME for its newest version
  --output FILE   where the page goes; by default report.html in the run's folder, and of several runs A and B
                  A_and_B.html in the folder above the first, so that each keeps a page of its own
"""
OUTPUT = "--output"


def report(arguments: Sequence[str]) -> int:
    """Runs `zoo report`.

    Raises:
        UserError: it takes other arguments.
        ValueError: a folder holds no run.
        OSError: the page cannot be written.
    """
    if any(argument in ("-h", "--help") for argument in arguments):
        print(USAGE, end="")
        return 0
    folders, output = _parsed(arguments)
    from zoo.report import write_report  # torch, which help need not wait for

    try:
        target = write_report(folders, output)
    except OSError as error:
        raise UserError(f"the page cannot be written: {error.strerror or error}: {error.filename}") from error
    print(f"report    {target}")
    return 0


def _parsed(arguments: Sequence[str]) -> tuple[list[Path], Path | None]:
    folders: list[Path] = []
    output: Path | None = None
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if name == OUTPUT:
            value = value if equals else next(rest, "")
            if not value:
                raise UserError(f"{OUTPUT} needs the name of a file, such as {OUTPUT} report.html")
            output = Path(value)
        elif argument.startswith("-"):
            raise UserError(f"unknown option {argument!r}{nearest(name, [OUTPUT])}; see zoo report --help")
        else:
            folders.append(Path(argument))
    if not folders:
        raise UserError("report got no folder of a run; expected one such as runs/NAME/version_0")
    return folders, output
