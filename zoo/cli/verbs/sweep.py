"""`zoo sweep`: search for the best options of a recipe; Lightning and Optuna are imported only for trials."""

import argparse
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import final

from zoo.cli.errors import UserError
from zoo.cli.recipes.allowlist import import_modules, let_in
from zoo.cli.recipes.listing import find
from zoo.cli.recipes.recipe import RecipeInputs
from zoo.cli.sweep.space import GIVEN, read_space
from zoo.cli.verbs.base import Arguments, Verb, register_verb
from zoo.cli.verbs.options import count, divided

USAGE = "--config RECIPE --over SPACE.yaml [--trials N] [--jobs N] [--wandb] [--OPTION VALUE ...]"
ABOUT = """\
Searches for options of a recipe with Optuna (TPE): trials are chosen by how those before them went, and given
up early where they are worse than the median of the others at the same epoch. The space is checked, and each
of its values built once, before the first trial. Everything is kept in runs/sweep-NAME: interrupted or
killed, the same command goes on, also within a trial; the same command once more, in another terminal, takes
trials from the same study.
"""
EXAMPLES = """\
space.yaml:
  cell: [lstm, gru, mgu]                          one of several
  num_layers: {low: 1, high: 4}                   whole numbers
  optimizer.lr: {low: 1e-4, high: 1e-1, log: true}
  params: 50_000                                  fixed: equal budgets for all

examples:
  zoo sweep --config digits_rows_lstm --over space.yaml --trials 30 --jobs 2
  zoo sweep --config digits_rows_lstm --over space.yaml --metric val/accuracy --trainer.max_epochs=10
  zoo sweep --config digits_rows_lstm --over space.yaml --wandb
  zoo fit --config runs/sweep-digits_rows_lstm/digits_rows_lstm_best.yaml
"""
NEEDED = "sweep needs the package optuna, which is not installed; pip install recurrent-zoo[sweep]"


@final
@register_verb("sweep")
class Sweep(Verb):
    """Search for the best options of a recipe, in several processes."""

    takes_recipe = True

    def parser(self) -> Arguments:
        parser = Arguments(self.name, USAGE)
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.description, parser.epilog = ABOUT, EXAMPLES
        add = parser.add_argument
        add("what", nargs="*", metavar="--config RECIPE", help="the recipe, by file or name")
        add("--over", type=Path, metavar="SPACE.yaml", help="what varies")
        add("--trials", type=count, default=20, metavar="N", help="trials in all, of all processes (20)")
        add("--jobs", type=count, default=1, metavar="N", help="trials at once, each in a process (1)")
        add("--name", metavar="NAME", help="of the folder runs/sweep-NAME; by default that of the recipe")
        add("--metric", default="val/loss", metavar="NAME", help="of validation at the best epoch (val/loss)")
        add("--goal", choices=("minimize", "maximize"), help="where the metric's name does not say it")
        add("--warmup", type=count, default=1, metavar="N", help="epochs before a trial may be given up (1)")
        add("--no-pruning", action="store_true", help="give no trial up")
        add(
            "--wandb",
            action="store_true",
            help="write the file of a sweep of W&B, and train nothing",
        )
        return parser

    def run(self, arguments: Sequence[str], allowed: Sequence[str]) -> int:
        mine, recipe_options = divided(arguments)
        given = self.parser().read(mine)
        if given.over is None or not given.what:
            missing = "--config RECIPE" if given.over is not None else "--over SPACE.yaml"
            raise UserError(f"sweep got no {missing}; expected zoo sweep {USAGE}")
        import_modules(allowed)
        let_in(allowed)
        inputs = RecipeInputs([find(name) for name in given.what], RecipeInputs.of(recipe_options).options)
        for key, value in inputs.options:
            if key in GIVEN and key != "seed_everything":
                raise UserError(f"--{key} is {value}, and in a search it {GIVEN[key]}; leave it out")
        space = read_space(given.over, inputs)
        if not given.wandb and find_spec("optuna") is None:
            raise UserError(NEEDED)
        if given.wandb:
            from zoo.cli.sweep.wandb_sweep import write_for_wandb  # Lightning, for which no mistake waits

            return write_for_wandb(given, inputs, space, allowed)
        from zoo.cli.sweep.swept import sweep_recipe  # as above

        return sweep_recipe(given, inputs, space, allowed)
