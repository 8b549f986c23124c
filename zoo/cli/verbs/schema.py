"""`zoo schema`: what editors need to complete and check recipes."""

import argparse
import json
from pathlib import Path
from typing import final

from zoo.cli.errors import UserError
from zoo.cli.verbs.base import Arguments, OwnVerb, register_verb

ABOUT = """\
Prints the JSON schema of recipes: every part by its names, every option with its type and what it is. An
editor that knows YAML (VS Code with the YAML extension, Neovim and Emacs with yaml-language-server, PyCharm)
completes recipes by it and marks what is misspelt. Parts of your own are in it with --allow-import.
"""
USE = """\
use:
  zoo schema --output recipe.schema.json
and as a line of a recipe:
  # yaml-language-server: $schema=recipe.schema.json
"""


@final
@register_verb("schema")
class SchemaOfRecipes(OwnVerb):
    """Print the JSON schema of recipes, for editors."""

    usage = "[--output FILE]"

    def add_arguments(self, parser: Arguments) -> None:
        parser.description, parser.epilog = ABOUT, USE
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.add_argument(
            "--output", type=Path, metavar="FILE", help="where it goes, instead of being printed"
        )

    def act(self, given: argparse.Namespace) -> None:
        """Prints or writes it.

        Raises:
            UserError: it cannot be written, or would take the place of another file than a schema.
        """
        if given.output is not None and given.output.suffix != ".json":
            raise UserError(f"--output is {given.output}; expected a file that ends in .json, as schemas do")
        from zoo.cli.schema.document import Document  # Lightning, which help need not wait for

        text = json.dumps(Document().whole(), indent=1, ensure_ascii=False)
        if given.output is None:
            print(text)
            return
        try:
            given.output.write_text(f"{text}\n", encoding="utf-8")
        except OSError as error:
            raise UserError(f"--output {given.output} cannot be written: {error.strerror}") from error
        print(f"schema    {given.output}")
