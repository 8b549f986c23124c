"""`zoo inspect`: looks at the gradients of a few batches and says what a good teacher would."""

from argparse import SUPPRESS
from collections.abc import Mapping
from typing import Any, final

from jsonargparse import Namespace
from jsonargparse.typing import PositiveFloat
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.cli import LightningArgumentParser

from zoo.callbacks.gradient_clipping import GradientClipping
from zoo.callbacks.say import say
from zoo.cli.errors import UserError
from zoo.cli.run.examination import examined
from zoo.cli.run.inspection import Inspection
from zoo.cli.run.job import BuiltRun, Job
from zoo.cli.run.output import describe, told
from zoo.diagnostics.lag_record import span
from zoo.probe.probe import SECONDS
from zoo.verdict.facts import Learning
from zoo.verdict.formatting import brief
from zoo.verdict.judge import Finding, judge
from zoo.verdict.measured import network_in
from zoo.verdict.measurements import Measurements, Network
from zoo.verdict.rules import vanishing_time

TRYING = (
    ("try", bool, "Whether to train the recipe and each line of the advice briefly, and say which won."),
    ("steps", int, "With --try: how many steps each run takes (200)."),
    ("epochs", int, "With --try: how many epochs, in place of steps."),
    ("seeds", str, "With --try: how many seeds, the same for all (3), or a list: 4,7."),
    ("jobs", int, "With --try: runs at once, each in a process of its own (1)."),
)
"""Options of a trial of the advice, which is begun before this job (`zoo.cli.compare.tried`)."""
FADED = vanishing_time.RULE.threshold


@final
class InspectJob(Job):
    """Measures the gradients of a few batches; nothing is kept.

    Attributes:
        findings: What it has said.
    """

    name, method, folder = "inspect", "fit", ""

    def __init__(self) -> None:
        self.inspection: Inspection | None = None
        self.findings: list[Finding] = []
        self.arguments: dict[str, Any] = {}

    def add_arguments(self, parser: LightningArgumentParser) -> None:
        parser.add_argument("--batches", type=int, default=8, help="Batches of training data to look at.")
        parser.add_argument(
            "--probe",
            type=bool,
            default=True,
            help="Whether to look at the data, too, and to train copies for some steps, to see whether they "
            "learn, and what of the advice helps.",
        )
        parser.add_argument(
            "--probe_seconds",
            type=PositiveFloat,
            default=SECONDS,
            help="Seconds of the processor that these copies may take together (%(default)s).",
        )
        for name, kind, words in TRYING:
            parser.add_argument(f"--{name}", type=kind, default=SUPPRESS, help=words)

    def trainer(self, arguments: dict[str, Any], recipe: Mapping[str, Any], config: Namespace) -> Trainer:
        self.inspection, trainer = inspecting(arguments, network_in(recipe), config.batches)
        self.arguments = arguments
        return trainer

    def do(self, run: BuiltRun) -> None:
        """Measures, and prints what was found, with the checkpoint's weights where there is one."""
        assert self.inspection is not None
        if run.checkpoint is not None:
            run.model.load_state_dict(run.checkpoint["state_dict"])
        run.trainer.fit(run.model, datamodule=run.data)
        measured = self.inspection.measured
        if run.config.probe and run.data is not None:
            is_trained, seconds = run.checkpoint is not None, run.config.probe_seconds
            measured = examined(measured, run.model, run.data, self.arguments, is_trained, seconds)
        say("model", describe(run.model))
        weights = "as initialised" if run.checkpoint is None else f"of {run.config.ckpt_path}"
        batches = run.trainer.fit_loop.epoch_loop.batch_idx + 1
        say("looked at", f"{batches} batches of training data, weights {weights}")
        if measured.learning is not None:
            say("trained", _short_trainings(measured.learning))
        print()
        for line in table(measured):
            print(line)
        print()
        self.findings = judge(measured)
        for finding in self.findings:
            print(told(finding))


def inspecting(config: dict[str, Any], network: Network, batches: int) -> tuple[Inspection, Trainer]:
    """A trainer that measures a few batches, keeps nothing, and leaves the weights alone.

    Args:
        config: The Trainer's arguments, callbacks as a list; only what clips stays of them.
        network: What is looked at.
        batches: How many.

    Raises:
        UserError: there are none.
    """
    if batches < 1:
        raise UserError(f"--batches is {batches}; expected at least 1")
    clipping = [part for part in config["callbacks"] if isinstance(part, GradientClipping)]
    inspection = Inspection(network)
    callbacks: list[Callback] = [inspection, *clipping]
    changed = {
        "callbacks": callbacks,
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "limit_train_batches": batches,
        "limit_val_batches": 0,
        "num_sanity_val_steps": 0,
        "accumulate_grad_batches": 1,
        "max_epochs": 1,
        "max_steps": -1,
        "fast_dev_run": False,
    }
    return inspection, Trainer(**config | changed)


def _short_trainings(found: Learning) -> str:
    """How far they came."""
    if not found.is_cut:
        return f"copies for {found.taken} steps in all"
    steps = f"{found.taken} of {found.wanted} steps"
    return f"copies, cut short after {steps}: what takes more is not said; --probe_seconds gives it"


def table(measured: Measurements) -> list[str]:
    """One line for each direction of each layer, and for what else has a gradient."""
    rows = [("", "gradient", "span", "memory", "dead", "saturated")]
    ways: dict[str, list[str]] = {}
    for way in measured.gradients:
        ways.setdefault(way.partition("/")[0], []).append(way)
    for layer, rms in measured.layers.items():
        rows.append((layer, brief(rms), "", "", "", ""))
        for way in ways.get(layer.replace(" ", "_"), []):
            rows.append(("  " + way.partition("/")[2], "", *_of_way(measured, way)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(text.rjust(width) for text, width in zip(row[1:-1], widths[1:-1], strict=True)),
                row[-1],
            ]
        ).rstrip()
        for row in rows
    ]
    return [
        *lines,
        "",
        "gradient: root mean square over the layer's weights. span: steps back, beyond which lies less than",
        "1 % of the recurrent weights' gradient. memory: steps until 1/e of the state is left by itself.",
    ]


def _of_way(measured: Measurements, way: str) -> tuple[str, str, str, str]:
    by_lag = measured.weights.get(way, ())
    far, steps = span(by_lag, measured.rests.get(way, 0.0), FADED), len(measured.gradients[way])
    gates = measured.gates.get(way, {})
    return (
        f"{far} of {steps}" if far is not None else f"over {len(by_lag)} of {steps}" if by_lag else "",
        f"{measured.horizons[way]:.3g}",
        f"{measured.dead[way]:.0%}",
        "  ".join(f"{letter} {gate.saturated:.0%}" for letter, gate in gates.items()),
    )
