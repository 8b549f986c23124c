"""A run from its recipe to its exit code."""

import os
import sys
from collections.abc import Sequence

from lightning.pytorch.utilities.exceptions import SIGTERMException

from zoo.callbacks.nonfinite.watch import NonFiniteError
from zoo.cli.errors import debugging
from zoo.cli.recipes.recipe import RecipeInputs
from zoo.cli.run.folder import FOLDER_VARIABLE
from zoo.cli.run.job import Job
from zoo.cli.run.lightning_cli import Cli
from zoo.cli.run.output import quiet
from zoo.cli.run.parser import prepare
from zoo.registry import printable

FAILED, INTERRUPTED, TERMINATED = 1, 130, 143


def run(job: Job, inputs: RecipeInputs, let_in: Sequence[str]) -> int:
    """Has Lightning do something with a recipe.

    Args:
        job: What.
        inputs: What the user gave, checked.
        let_in: Modules of the user that recipes may name.

    Returns:
        The exit code.

    Raises:
        UserError: says what is wrong, before any data is read.
    """
    prepare(let_in)
    with quiet():
        try:
            cli = Cli(job, inputs)
        except SIGTERMException:
            return TERMINATED
        except NonFiniteError as error:
            if debugging():
                raise
            print(f"zoo: error: {printable(str(error))}", file=sys.stderr)
            return FAILED
        finally:
            os.environ.pop(FOLDER_VARIABLE, None)  # the next run of this process has another
    return INTERRUPTED if cli.is_interrupted else 0
