"""Private names that classes of the zoo inherit or override: they break when the class above them changes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Inherited:
    """A name of another library's class that a class of the zoo calls or replaces.

    Attributes:
        owner: `module:Class`.
        name: The name.
        parameters: What it takes after `self`; None where it is no method.
        used_in: Where.
        instead: What would take its place.
    """

    owner: str
    name: str
    parameters: tuple[str, ...] | None
    used_in: str
    instead: str


CLI, PARSER = "lightning.pytorch.cli:LightningCLI", "jsonargparse:ArgumentParser"
LIGHT_CLI = "zoo/cli/run/lightning_cli.py"
ADDED = ("container", "nested_key", "param", "added_args")
INHERITED = (
    Inherited(CLI, "_parse_ckpt_path", (), LIGHT_CLI, "an option against overrides by checkpoints (#21455)"),
    Inherited(CLI, "_instantiate_trainer", ("config", "callbacks"), LIGHT_CLI, "instantiate_trainer"),
    Inherited(CLI, "_run_subcommand", ("subcommand",), LIGHT_CLI, "calling the Trainer with run=False"),
    Inherited(CLI, "_prepare_subcommand_kwargs", ("subcommand",), LIGHT_CLI, "the same"),
    Inherited(CLI, "_parser", ("subcommand",), LIGHT_CLI, "the same: there is one parser then"),
    Inherited(
        PARSER,
        "_add_signature_parameter",
        ADDED,
        "zoo/cli/run/parser.py",
        "a public place to change the type of a parameter",
    ),
    Inherited(
        "lightning.pytorch.callbacks:RichProgressBar",
        "_get_train_description",
        ("current_epoch",),
        "zoo/callbacks/epochs.py",
        "an option for the first number of an epoch",
    ),
    Inherited(
        "lightning.pytorch:Callback",
        "_generate_state_key",
        (),
        "zoo/callbacks/recurrence_health.py",
        "a text of one's own, under which older checkpoints would not be found",
    ),
    Inherited(
        "lightning.pytorch:LightningModule",
        "_trainer",
        None,
        "zoo/tasks/base.py",
        "`trainer`, which raises where there is none",
    ),
    Inherited(
        "lightning.pytorch.loggers:TensorBoardLogger",
        "_experiment",
        None,
        "zoo/cli/run/loggers.py",
        "`experiment`, which makes a writer where there is none",
    ),
    Inherited(
        "lightning.pytorch.loggers:WandbLogger",
        "_wandb_init",
        None,
        "zoo/tracking.py",
        "arguments of wandb.init that are the zoo's own",
    ),
    Inherited(
        "lightning.pytorch.loggers:WandbLogger",
        "_experiment",
        None,
        "zoo/tracking.py",
        "`experiment`, which begins a run where there is none",
    ),
    Inherited("torch.nn:Module", "_buffers", None, "zoo/cells/cell.py", "named_buffers"),
    Inherited("torch.nn:Module", "_parameters", None, "zoo/cells/cell.py", "named_parameters"),
)
