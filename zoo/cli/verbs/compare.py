"""`zoo compare`: recipes over seeds, or finished runs, in one table. Lightning is imported only for runs."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import final

from zoo.cli.compare.variants import variants
from zoo.cli.errors import UserError
from zoo.cli.recipes.allowlist import import_modules, let_in
from zoo.cli.recipes.listing import is_recipe
from zoo.cli.recipes.recipe import RecipeInputs
from zoo.cli.verbs.base import Arguments, Verb, register_verb
from zoo.cli.verbs.options import count, divided

USAGE = "RECIPE ... | RUN_FOLDER ... [--over PATH=a,b] [--params N] [--seeds K] [--OPTION VALUE ...]"
ABOUT = """\
Trains recipes, or variants of one, with several seeds, and puts them side by side: mean and standard
deviation, parameters, seconds, what the verdict says of gradients, a paired test, a picture. Every variant is
built once before the first is trained. Runs are kept in runs/compare-NAME: interrupted, the same command goes
on; more seeds or variants are added to those that are done. Folders of finished runs are only read.
"""
EXAMPLES = """\
examples:
  zoo compare digits_rows_lstm --over cell=elman,lstm,gru --params 20_000 --seeds 3 --jobs 2
  zoo compare digits_8_layers_plain digits_8_layers_residual --seeds 5 --trainer.max_epochs=10
  zoo compare digits_rows_lstm --over wiring=plain,residual --over optimizer.lr=0.003,0.01
  zoo compare runs/adding_problem_lstm runs/adding_problem_gru

PATH is an option of the recipe, of which the beginning may be left out: cell, encoder.cell and
model.network.encoder.cell are the same. Where several places of the model have such an option, the outermost
is meant. What is in braces is one value:
  --over "cell=lstm,{class_path: LSTMSpec, init_args: {forget_bias: 2.0}}"
Any option of `zoo fit`, such as --trainer.max_epochs=5, holds for all variants.

The metric is that of the test at the best checkpoint, of validation where nothing is tested. The test for
pairs flips signs of the differences between runs of the same seed. All variants are held against the first
(--against), not against the best, for what is chosen by its results looks better than it is.
"""


@final
@register_verb("compare")
class Compare(Verb):
    """Compare recipes, cells or finished runs over several seeds in one table."""

    takes_recipe = True

    def parser(self) -> Arguments:
        parser = Arguments(self.name, USAGE)
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.description, parser.epilog = ABOUT, EXAMPLES
        add = parser.add_argument
        add(
            "what",
            nargs="*",
            metavar="RECIPE | RUN_FOLDER",
            help="recipes by file or name; or folders of runs",
        )
        add("--over", action="append", default=[], metavar="PATH=a,b", help="what varies; several are a grid")
        add("--params", type=count, metavar="N", help="parameters of each encoder, which gives it its width")
        add(
            "--seeds",
            default="3",
            metavar="K",
            help="1 to K, the same for all variants (3), or a list: 4,7",
        )
        add(
            "--jobs",
            type=count,
            default=1,
            metavar="N",
            help="runs at once, each in a process of its own (1)",
        )
        add("--name", metavar="NAME", help="of the folder runs/compare-NAME; by default of recipe and paths")
        add("--metric", metavar="NAME", help="what is compared, such as test/loss; by default the task's own")
        add("--against", metavar="VARIANT", help="what the others are held against; by default the first")
        add("--retry", action="store_true", help="begin runs anew that have failed")
        add("--output", type=Path, metavar="FOLDER", help="of finished runs: where table and picture go")
        return parser

    def run(self, arguments: Sequence[str], allowed: Sequence[str]) -> int:
        mine, recipe_options = divided(arguments)
        given = self.parser().read(mine)
        options = RecipeInputs.of(recipe_options).options
        import_modules(allowed)
        let_in(allowed)
        if not given.what:
            raise UserError("compare got nothing; expected recipes (`zoo list recipes`) or folders of runs")
        folders = [name for name in given.what if Path(name).is_dir() and not is_recipe(name)]
        if not folders:
            found = variants(given.what, options, given.over, given.params)
            from zoo.cli.compare.compared import compare_recipes  # Lightning, for which no mistake waits

            return compare_recipes(given, found, allowed)
        _check_reads_only(given, folders, recipe_options)
        from zoo.cli.compare.told import compare_finished  # torch

        compare_finished([Path(name) for name in folders], given.metric, given.against, given.output)
        return 0


def _check_reads_only(given: argparse.Namespace, folders: Sequence[str], options: Sequence[str]) -> None:
    """Refuses options that make runs, where finished ones are to be read."""
    others = [name for name in given.what if name not in folders]
    if others:
        raise UserError(f"{folders[0]} is a folder of runs and {others[0]} is none; expected one kind")
    used = [
        name
        for name, is_used in (
            ("--over", given.over),
            ("--params", given.params),
            ("--name", given.name),
            ("--retry", given.retry),
            (options[0] if options else "", options),
        )
        if is_used
    ]
    if used:
        raise UserError(
            f"{folders[0]} is a folder of finished runs, and {used[0]} is for new ones; leave it out"
        )
