"""`zoo push`: an exported model into other hands."""

import argparse
from pathlib import Path
from typing import final

from zoo.cli.errors import UserError
from zoo.cli.verbs.base import Arguments, OwnVerb, register_verb


@final
@register_verb("push")
class Push(OwnVerb):
    """Hand an exported model on: to the Hugging Face hub, or to a shared folder."""

    usage = "FOLDER TARGET [--private] [--replace]"

    def add_arguments(self, parser: Arguments) -> None:
        parser.description = (
            "Hands on a folder that `zoo export` has written, after a look whether it is whole. To the hub "
            "it goes as the user whom `hf auth login` knows; its README.md is the model card there."
        )
        parser.add_argument("folder", type=Path, metavar="FOLDER", help="an exported model")
        parser.add_argument(
            "target",
            metavar="TARGET",
            help="user/name on the hub, or a folder, which begins with ./, ../, ~ or /",
        )
        parser.add_argument("--private", action="store_true", help="show a new repository to nobody else")
        parser.add_argument("--replace", action="store_true", help="take the place of an earlier folder")

    def act(self, given: argparse.Namespace) -> None:
        from zoo.pretrained.hub import is_path, push  # torch, which help need not wait for

        if given.private and is_path(given.target):
            raise UserError(f"--private is for the hub, and {given.target} is a folder; expected one of them")
        if given.replace and not is_path(given.target):
            raise UserError(
                f"--replace is for folders, and {given.target} is on the hub, which keeps what was before; "
                f"expected one of them"
            )

        try:
            where = push(given.folder, given.target, private=given.private, replace=given.replace)
        except ValueError as error:
            raise UserError(str(error)) from error
        except OSError as error:
            raise UserError(f"{given.target} cannot be written: {error.strerror or error}") from error
        print(f"pushed    {where}")
