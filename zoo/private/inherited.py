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
    Inherited(
        owner=CLI,
        name="_parse_ckpt_path",
        parameters=(),
        used_in=LIGHT_CLI,
        instead="an option against overrides by checkpoints (#21455)",
    ),
    Inherited(
        owner=CLI,
        name="_instantiate_trainer",
        parameters=("config", "callbacks"),
        used_in=LIGHT_CLI,
        instead="instantiate_trainer",
    ),
    Inherited(
        owner=CLI,
        name="_run_subcommand",
        parameters=("subcommand",),
        used_in=LIGHT_CLI,
        instead="calling the Trainer with run=False",
    ),
    Inherited(
        owner=CLI,
        name="_prepare_subcommand_kwargs",
        parameters=("subcommand",),
        used_in=LIGHT_CLI,
        instead="the same",
    ),
    Inherited(
        owner=CLI,
        name="_parser",
        parameters=("subcommand",),
        used_in=LIGHT_CLI,
        instead="the same: there is one parser then",
    ),
    Inherited(
        owner=PARSER,
        name="_add_signature_parameter",
        parameters=ADDED,
        used_in="zoo/cli/run/parser.py",
        instead="a public place to change the type of a parameter",
    ),
    Inherited(
        owner="lightning.pytorch.callbacks:RichProgressBar",
        name="_get_train_description",
        parameters=("current_epoch",),
        used_in="zoo/callbacks/epochs.py",
        instead="an option for the first number of an epoch",
    ),
    Inherited(
        owner="lightning.pytorch:Callback",
        name="_generate_state_key",
        parameters=(),
        used_in="zoo/callbacks/recurrence_health.py",
        instead="a text of one's own, under which older checkpoints would not be found",
    ),
    Inherited(
        owner="lightning.pytorch:LightningModule",
        name="_trainer",
        parameters=None,
        used_in="zoo/tasks/counting.py",
        instead="`trainer`, which raises where there is none",
    ),
    Inherited(
        owner="lightning.pytorch.loggers:TensorBoardLogger",
        name="_experiment",
        parameters=None,
        used_in="zoo/cli/run/loggers.py",
        instead="`experiment`, which makes a writer where there is none",
    ),
    Inherited(
        owner="lightning.pytorch.loggers:WandbLogger",
        name="_wandb_init",
        parameters=None,
        used_in="zoo/tracking.py",
        instead="arguments of wandb.init that are the zoo's own",
    ),
    Inherited(
        owner="lightning.pytorch.loggers:WandbLogger",
        name="_experiment",
        parameters=None,
        used_in="zoo/tracking.py",
        instead="`experiment`, which begins a run where there is none",
    ),
    Inherited(
        owner="torch.nn:Module",
        name="_buffers",
        parameters=None,
        used_in="zoo/cells/cell.py",
        instead="named_buffers",
    ),
    Inherited(
        owner="torch.nn:Module",
        name="_parameters",
        parameters=None,
        used_in="zoo/cells/cell.py",
        instead="named_parameters",
    ),
)
