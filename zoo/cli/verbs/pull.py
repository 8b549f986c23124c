"""`zoo pull`: an exported model out of other hands."""

import argparse
from pathlib import Path
from typing import final

from zoo.cli.errors import UserError
from zoo.cli.verbs.base import Arguments, OwnVerb, register_verb


@final
@register_verb("pull")
class Pull(OwnVerb):
    """Fetch an exported model: from the Hugging Face hub, or from a shared folder."""

    usage = "SOURCE [FOLDER] [--revision REVISION] [--replace]"

    def add_arguments(self, parser: Arguments) -> None:
        parser.description = (
            "Fetches a model that was handed on by `zoo push`, and looks whether it is whole. It is data: "
            "nothing in it runs. `zoo.load(FOLDER)` reads it."
        )
        parser.add_argument(
            "source", metavar="SOURCE", help="user/name on the hub, or a folder, which begins with ./, ~ or /"
        )
        parser.add_argument(
            "folder", nargs="?", type=Path, metavar="FOLDER", help="where it goes; by default ./name"
        )
        parser.add_argument("--revision", metavar="REVISION", help="a branch, a tag or a commit on the hub")
        parser.add_argument("--replace", action="store_true", help="take the place of an earlier folder")

    def act(self, given: argparse.Namespace) -> None:
        folder = given.folder or Path(Path(given.source).name)
        from zoo.pretrained.hub import is_path, pull  # torch, which help need not wait for

        if given.revision and is_path(given.source):
            raise UserError(
                f"--revision is for the hub, and {given.source} is a folder; expected one of them"
            )

        try:
            pull(given.source, folder, revision=given.revision, replace=given.replace)
        except ValueError as error:
            raise UserError(str(error)) from error
        except OSError as error:
            raise UserError(f"{folder} cannot be written: {error.strerror or error}") from error
        print(f"pulled    {folder}\nuse it    zoo.load({str(folder)!r})")
