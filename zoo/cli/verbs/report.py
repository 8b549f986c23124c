"""`zoo report`: a page about runs. It imports neither Lightning nor, for its help, anything heavy."""

import argparse
from pathlib import Path
from typing import final

from zoo.cli.errors import UserError
from zoo.cli.verbs.base import Arguments, OwnVerb, register_verb


@final
@register_verb("report")
class Report(OwnVerb):
    """Write a page about runs: curves, gradients, clipping, a verdict."""

    usage = "RUN_FOLDER [RUN_FOLDER ...] [--output FILE]"

    def add_arguments(self, parser: Arguments) -> None:
        parser.description = (
            "Writes one HTML file about one run, or about several side by side: curves, gradients by "
            "layer, by gate and through time, clipping, what the guard did, a verdict, configuration, "
            "environment. It works for finished and for crashed runs, from the files in their folders "
            "alone, and the page needs no network."
        )
        parser.add_argument(
            "folders",
            nargs="*",
            type=Path,
            metavar="RUN_FOLDER",
            help="runs/NAME/version_K, or runs/NAME for its newest version",
        )
        parser.add_argument(
            "--output",
            nargs="?",
            const="",
            metavar="FILE",
            help="where the page goes; by default report.html in the run's folder, and of several runs "
            "A and B A_and_B.html in the folder above the first, so that each keeps a page of its own",
        )

    def act(self, given: argparse.Namespace) -> None:
        """Writes the page.

        Raises:
            UserError: an argument is missing, or the page cannot be written.
            ValueError: a folder holds no run.
        """
        if given.output == "":
            raise UserError("--output needs the name of a file, such as --output report.html")
        if not given.folders:
            raise UserError("report got no folder of a run; expected one such as runs/NAME/version_0")
        from zoo.report import write_report  # torch, which help need not wait for

        try:
            target = write_report(given.folders, None if given.output is None else Path(given.output))
        except OSError as error:
            reason = error.strerror or error
            raise UserError(f"the page cannot be written: {reason}: {error.filename}") from error
        print(f"report    {target}")
