"""Lightning's command line as the zoo needs it: what a recipe names is built, and a job done with it."""

import json
import re
import shutil
from pathlib import Path
from typing import Any, NoReturn, final

import yaml
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.cli import ArgsType, LightningArgumentParser, LightningCLI
from lightning.pytorch.trainer.states import TrainerStatus
from lightning.pytorch.utilities.exceptions import SIGTERMException
from lightning_utilities.core.rank_zero import rank_zero_only

from zoo.callbacks.save_on_signal import StoppedBySignalError
from zoo.callbacks.say import say
from zoo.cli.errors import FailedError, UserError, WrongTypeError, explained, is_mistake, lost_worker, of_disk
from zoo.cli.recipes.check import without_places
from zoo.cli.recipes.merge import as_list
from zoo.cli.recipes.recipe import LAST, PRINT, RecipeInputs
from zoo.cli.recipes.resolve import named
from zoo.cli.run.checkpoints import last_checkpoint, read_checkpoint
from zoo.cli.run.defaults import completed
from zoo.cli.run.folder import RunRecord, new_folder, runs_of
from zoo.cli.run.job import BuiltRun, Job
from zoo.cli.run.launched import check_takes_all, with_all_of_them
from zoo.cli.run.loggers import EventFile, with_local
from zoo.cli.run.output import EpochLines, on_terminal
from zoo.cli.run.parser import MODE, Parser
from zoo.cli.run.resuming import check_matches, other_recipe, take_over
from zoo.registry import check_choice
from zoo.tracking import WandbLogger

ABOUT = """\
A recipe (`zoo list recipes`) names model, data and trainer; every value of it is also an option. Parts have
names (`zoo list`), and --model.help NAME, --data.help NAME, --trainer.callbacks.help NAME show their options.
"""
KEPT = ("seed_everything", "model", "data", "trainer", "test_after_fit")
"""What of the configuration makes the recipe of a run."""


@final
class Cli(LightningCLI):
    """One run: what the recipe names is built, and a job done with it.

    Args:
        job: What is done.
        inputs: What the user gave.

    Raises:
        UserError: says what is wrong, before any data is read.
    """

    def __init__(self, job: Job, inputs: RecipeInputs) -> None:
        self.job, self.inputs, self.method = job, inputs, job.method
        self.folder: Path | None = None
        self.checkpoint: dict[str, Any] | None = None
        self.is_interrupted = False
        usage = f"zoo {job.name} [--config RECIPE] [--OPTION VALUE ...]"
        options = {"parser_mode": MODE, "usage": usage, "description": ABOUT, "dump_header": []}
        super().__init__(
            save_config_callback=None,
            seed_everything_default=1,
            parser_kwargs={"parser_mode": MODE, "prog": "zoo", self.method: options},
            parser_class=Parser,
            args={"subcommand": self.method, self.method: inputs.as_typed},
            auto_configure_optimizers=False,
            load_from_checkpoint_support=False,
        )

    def subcommands(self) -> dict[str, set[str]]:  # type: ignore[override]  # only what is needed is built
        """The command, and the arguments of the Trainer's method that the command line does not have."""
        skipped = {"model", "dataloaders", "train_dataloaders", "val_dataloaders", "datamodule"}
        return {self.method: {*skipped, "weights_only", "verbose", "return_predictions"}}

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        parser.add_argument(
            "--test_after_fit",
            type=bool,
            default=True,
            help="Whether `fit` ends with a test of the best checkpoint.",
        )
        self.job.add_arguments(parser)

    def parse_arguments(self, parser: LightningArgumentParser, args: ArgsType) -> None:
        """Reads the checkpoint, then gives the recipe its types and defaults."""
        assert isinstance(args, dict)
        self._show_help(parser)
        path = self.inputs.merged.get("ckpt_path")
        if path not in (None, LAST):
            self.checkpoint = read_checkpoint(str(path))
        try:
            self.config = parser.parse_object(args)
        except WrongTypeError as error:
            key = self.inputs.key_of(error.got)
            raise UserError(
                f"{self.inputs.place(key)}{key} is {error.got!r}; expected {error.expected}"
            ) from error
        for asked in self.inputs.shown:
            self._print_config(asked.partition("=")[2])

    def _show_help(self, parser: LightningArgumentParser) -> None:
        """Ends the command with the help that was asked for, if any was."""
        asked = [each for each in self.inputs.shown if not each.startswith(f"--{PRINT}")]
        if asked:
            recipe = ["--config", json.dumps(self.inputs.as_typed)] if self.inputs.merged else []
            parser.parse_args([self.method, *recipe, *asked])

    def _print_config(self, flags: str) -> NoReturn:
        """Ends the command with the whole configuration as a recipe."""
        known = ("skip_default", "skip_unset")
        for flag in filter(None, flags.split(",")):
            check_choice(f"--{PRINT}", flag, known)
        plain = self._plain("skip_default" in flags, "skip_unset" in flags)
        print(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True), end="")
        raise SystemExit(0)

    def _plain(self, skip_default: bool = False, skip_unset: bool = False) -> dict[str, Any]:
        """The configuration as plain data."""
        parser, config = self._parser(self.method), self.config[self.method]
        text = parser.dump(config, skip_default=skip_default, skip_unset=skip_unset)
        plain: dict[str, Any] = json.loads(text)
        return plain

    def _parse_ckpt_path(self) -> None:
        """Reads the checkpoint; unlike Lightning's, lets it override nothing."""
        path = self.config[self.method].ckpt_path
        if str(path) == LAST:
            self._take_last()
        elif path is not None:
            self.checkpoint = self.checkpoint or read_checkpoint(str(path))
        elif self.job.needs_checkpoint:
            raise UserError(
                f"{self.job.name} needs trained weights; name a checkpoint, such as "
                f"--ckpt_path runs/NAME/version_0/checkpoints/last.ckpt"
            )
        for key, _ in self.inputs.options:
            if self.job.needs_checkpoint and key.startswith(("model.optimizer", "model.schedule")):
                raise UserError(
                    f"--{key} makes no difference to {self.job.name}, which does not train; leave it out"
                )

    def _take_last(self) -> None:
        """Takes the newest checkpoint of the recipe's runs; a fit without any begins anew."""
        config = self.config[self.method]
        runs = self._runs(config.trainer.default_root_dir)
        found = last_checkpoint(runs)
        if found is None and not self.job.goes_on:
            raise UserError(f"there is no checkpoint in {runs}; {self.job.name} needs one")
        config.ckpt_path, self.checkpoint = (None, None) if found is None else (str(found[0]), found[1])
        if found is None:
            say("from", f"the beginning: there is no checkpoint in {runs} yet")

    def instantiate_classes(self) -> None:
        """Builds model, data and trainer; a value that they refuse is the user's mistake."""
        try:
            super().instantiate_classes()
        except (ValueError, TypeError, LookupError, OSError, MisconfigurationException) as error:
            text = str(explained(error))
            named = re.match(r"(\w+) is ", text)
            raise UserError(f"{self.inputs.place(named[1]) if named else ''}{text}") from error

    def _instantiate_trainer(self, config: dict[str, Any], callbacks: list[Callback]) -> Trainer:
        recipe = self._recipe()
        if self.checkpoint is not None:
            self._compare(self.checkpoint, recipe)
        config["callbacks"] = [*as_list(config["callbacks"]), *callbacks, *self.job.callbacks]
        if self.job.on_one_device:
            config["devices"] = _one_device(self.job, config["devices"])
        config = with_all_of_them(config)
        own = self.job.trainer(config, recipe, self.config[self.method])
        if own is not None:
            return own
        if config["logger"] is not False and not config["fast_dev_run"]:
            self.folder = new_folder(self._runs(config["default_root_dir"]), self.job.folder)
            config["logger"] = with_local(config["logger"], self.folder)
            config["callbacks"].append(RunRecord(self.folder, recipe))
        config["callbacks"].append(EpochLines(self.folder, lines=not on_terminal()))
        try:
            trainer = Trainer(**completed(config, self.model, self.folder))
            check_takes_all(trainer, self.job.name)
        except BaseException:
            if self.folder is not None and not rank_zero_only.rank:  # type: ignore[attr-defined]
                self.folder.rmdir()
            raise
        return trainer

    def _compare(self, checkpoint: dict[str, Any], recipe: dict[str, Any]) -> None:
        """Refuses a checkpoint of another model, and says what else of the recipe is not as it was."""
        path = str(self.config[self.method].ckpt_path)
        check_matches(checkpoint, path, self.model, resumes=self.job.goes_on)
        if not self.job.goes_on:
            take_over(checkpoint, self.model, self.datamodule)
        elif (changed := other_recipe(checkpoint, path, recipe)) is not None:
            say("resumed", f"{path}; {changed}")

    def _recipe(self) -> dict[str, Any]:
        """The whole configuration as a recipe, with every default; not where this run was told to write."""
        recipe = {key: named(value) for key, value in self._plain().items() if key in KEPT}
        return recipe | {"trainer": without_places(recipe["trainer"])}

    def _runs(self, root: str | None) -> Path:
        """The folder of the recipe's runs, or that of the job."""
        return self.job.runs or runs_of(self.inputs.files, root)

    def _run_subcommand(self, subcommand: str) -> None:
        try:
            self.job.do(self._built())
        except MisconfigurationException as error:
            self._drop_folder()
            raise UserError(str(error)) from error
        except OSError as error:
            self._refused(error)
        except (UserError, ValueError, LookupError) as error:
            if isinstance(error, UserError) or is_mistake(error):
                self._drop_folder()
            raise
        except (SIGTERMException, StoppedBySignalError):
            raise
        except SystemExit:
            self.is_interrupted = self.trainer.state.status == TrainerStatus.INTERRUPTED
            if not self.is_interrupted:
                raise
        finally:
            for logger in self.trainer.loggers:
                if isinstance(logger, WandbLogger | EventFile):
                    logger.finish()

    def _built(self) -> BuiltRun:
        return BuiltRun(
            trainer=self.trainer,
            model=self.model,
            data=self.datamodule,
            folder=self.folder,
            config=self.config[self.method],
            options=self._prepare_subcommand_kwargs(self.method),
            checkpoint=self.checkpoint,
        )

    def _refused(self, error: OSError) -> NoReturn:
        """Ends a run that cannot read or write what it has to; after its first step that is no mistake."""
        if self.folder is not None and not self.folder.is_dir():
            raise FailedError(
                f"the folder of the run, {self.folder}, is gone: it was removed or renamed during the run"
            ) from error
        if self._has_begun():
            raise FailedError(lost_worker(error) or of_disk(error)) from error
        self._drop_folder()
        raise error

    def _has_begun(self) -> bool:
        """Whether a step of training has been taken."""
        before = 0 if self.checkpoint is None else self.checkpoint["global_step"]
        return bool(self.trainer.global_step > before)

    def _drop_folder(self) -> None:
        """Leaves no folder behind of a run that was ended before its first step.

        Of several processes the first one does; others need not know which it was, and could take another's.
        """
        is_first = not rank_zero_only.rank  # type: ignore[attr-defined]  # an attribute of the function
        if is_first and self.folder is not None and not self._has_begun():
            shutil.rmtree(self.folder, ignore_errors=True)


def _one_device(job: Job, devices: Any) -> Any:
    """The one device that a job runs on.

    Raises:
        UserError: several are asked for.
    """
    if devices in ("auto", 1, "1"):
        return 1
    if isinstance(devices, list) and len(devices) == 1:
        return devices
    raise UserError(
        f"trainer.devices is {devices!r}, and {job.name} {job.why_one_device}; expected --trainer.devices=1"
    )
