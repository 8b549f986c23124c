"""`zoo init`: from a file to a recipe."""

import argparse
import shlex
from pathlib import Path
from typing import final

from zoo.cli.errors import UserError
from zoo.cli.verbs.base import Arguments, OwnVerb, register_verb
from zoo.registry import nearest


@final
@register_verb("init")
class Init(OwnVerb):
    """Look at your data, and write a recipe for it."""

    usage = "FILE_OR_FOLDER [--target COLUMN] [--id COLUMN] [--time COLUMN] [--output RECIPE] [--dry-run]"

    def add_arguments(self, parser: Arguments) -> None:
        parser.description = (
            "Looks at a file, or at a folder with files for training, validating and testing; says what it "
            "found and what it guessed; and writes a complete recipe with a first model beside it, and the "
            "command that trains that."
        )
        parser.add_argument("path", type=Path, metavar="FILE_OR_FOLDER", help="the data")
        parser.add_argument(
            "--target", metavar="COLUMN", help="the column to predict, by name or number from 0"
        )
        parser.add_argument("--id", metavar="COLUMN", help="the column that says which series a row is of")
        parser.add_argument("--time", metavar="COLUMN", help="the column of the times of rows")
        parser.add_argument(
            "--output",
            type=Path,
            metavar="RECIPE",
            help="the recipe to write; by default DATA.yaml beside the data",
        )
        parser.add_argument("--dry-run", action="store_true", help="print the recipe, and write nothing")

    def act(self, given: argparse.Namespace) -> None:
        if not given.path.exists():  # before anything slow is imported
            names = [entry.name for entry in given.path.parent.glob("*")]
            raise UserError(
                f"there is no {given.path.name} in {given.path.parent}{nearest(given.path.name, names)}"
            )
        from zoo.init.found import Asked, written  # forms of data, which help need not wait for
        from zoo.init.look import look

        recipe = given.output or given.path.parent / f"{given.path.stem}.yaml"
        command = shlex.join(["zoo", "fit", "--config", str(recipe)])
        try:
            found = look(given.path, Asked(target=given.target, id=given.id, time=given.time))
        except (ValueError, OSError) as error:
            raise UserError(str(error)) from error
        text = written(found, command)
        if given.dry_run:
            print(text, end="")
            return
        if recipe.exists():
            raise UserError(f"{recipe} exists; expected another name (--output), or none there")
        try:
            recipe.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UserError(f"cannot write {recipe}: {error.strerror}") from error
        for line in (found.what, *found.facts, *found.guesses):
            print(line)
        print(f"\nwritten   {recipe}\ntrain it  {command}")
