"""What a saved model can lose on its way into another process, and into another version of the zoo."""

import inspect
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import lightning.pytorch as pl
import pytest
import torch
from conformance.cases import ZOO_VARIANTS
from golden.frozen import predictions
from small_models import inputs, small

import zoo as library
from zoo.catalogue import MODELS
from zoo.model import PoolingName
from zoo.stack.spec import DIRECTIONS, MERGES
from zoo.tasks import TASKS
from zoo.tasks.forecast_spec import ForecastSpec
from zoo.tasks.optimisation import OPTIMIZERS, SCHEDULES
from zoo.wiring import WIRINGS

LOADS = Path(__file__).with_name("loads_checkpoints.py")
FROZEN = sorted((Path(__file__).parent.parent / "golden").glob("zoo_*"))
NEEDED = {
    "step_size": 3, "milestones": [2, 4], "T_max": 5, "T_0": 5, "base_lr": 0.01, "max_lr": 0.1, "gamma": 0.9,
    "total_steps": 10, "swa_lr": 0.01,
}  # fmt: skip
"""Values of the options that schedules cannot do without."""


def stack(**changes):
    """A small stack; the reference engine needs no compiler."""
    return library.StackSpec(**({"cell": "gru", "hidden_size": 4, "engine": "reference"} | changes))


def classifier(encoder=None, pooling="max", **options):
    network = {"encoder": encoder or stack(), "pooling": pooling, "input_size": 3, "output_size": 2}
    return library.SequenceClassifier(library.ModelSpec(**network), **options)


def forecaster(head, mode):
    """A forecaster of one step, whose network reads the value and its change."""
    spec = ForecastSpec(head=head, mode=mode, horizon=1, targets=1, quantiles=(0.1, 0.5, 0.9))
    size = {"point": 1, "quantile": 3, "student_t": 3}.get(head, 2)
    network = {"encoder": stack(), "pooling": "last" if mode == "direct" else "none"}
    return library.Forecaster(library.ModelSpec(**network, input_size=2, output_size=size), forecast=spec)


def optimizer(name):
    return library.OptimizerSpec(name=name)


def schedule(name):
    """A schedule with the options that it cannot do without."""
    options = {
        option: NEEDED[option]
        for option, parameter in inspect.signature(SCHEDULES[name]).parameters.items()
        if option in NEEDED and (parameter.default is inspect.Parameter.empty or option == "total_steps")
    }
    return library.ScheduleSpec(name=name, options=options)


def tasks():
    """Name -> every cell with each of its choices, wiring, direction, merge, pooling, optimiser and so on."""
    two = {"hidden_size": 4, "num_layers": 2}
    return {
        **{f"cell {name}": classifier(stack(cell=spec)) for name, spec in ZOO_VARIANTS.items()},
        **{f"wiring {name}": classifier(stack(**two, cell="lstm", wiring=name)) for name in WIRINGS.names()},
        **{f"direction {name}": classifier(stack(**two, direction=name)) for name in DIRECTIONS},
        **{f"merge {name}": classifier(stack(direction="bidirectional", merge=name)) for name in MERGES},
        **{f"pooling {name}": classifier(pooling=name) for name in PoolingName.__args__},
        **{
            f"optimizer {name}": classifier(optimizer=library.OptimizerSpec(name=name)) for name in OPTIMIZERS
        },
        **{f"schedule {name}": classifier(schedule=schedule(name)) for name in SCHEDULES},
        **{f"model {name}": small(name) for name in MODELS},
        "layers": classifier(stack(cell=("lstm", "gru"), hidden_size=(3, 5), num_layers=2, dropout=0.3)),
        "initial state": classifier(stack(learn_initial_state=True, recurrent_gradient_clip=1.0)),
        **{
            f"head {name} {mode}": forecaster(name, mode)
            for name in get_type_hints(ForecastSpec)["head"].__args__
            for mode in ("direct", "autoregressive")
        },
        "tagger": library.SequenceTagger(classifier(pooling="none").network, crf=True),
        "pairs": library.PairClassifier({**classifier().network.plain(), "pairs": True}),
        "regressor": library.SequenceRegressor(classifier().network),
        "several labels": library.MultiLabel(classifier(pooling="none").network),
        "transcriber": library.CTC(classifier(pooling="none").network, beam=2),
        "translator": library.SequenceToSequence(
            library.ModelSpec(encoder=stack(direction="bidirectional"), vocab_size=9, output_size=9),
            decoder=library.DecoderSpec(stack=stack(cell="lstm"), input_feeding=True),
            search=library.SearchSpec(beam=2),
        ),
        "tied": library.LanguageModel(
            library.ModelSpec(
                encoder=stack(), vocab_size=9, output_size=9, embedding_size=4, tie_weights=True
            )
        ),
    }


def save(trainer, task, folder, name):
    """Writes a checkpoint as Lightning does, and what the model gives for some input."""
    trainer.strategy.connect(task)
    trainer.save_checkpoint(folder / f"{name}.ckpt", weights_only=True)
    x = inputs(task.network)
    with torch.no_grad():
        predictions = task.eval()(*x)
    parts = {part: getattr(task, part) for part in ("network", "optimizer", "schedule")}
    plain = {key: None if part is None else part.plain() for key, part in parts.items()}
    torch.save(
        {"task": type(task).__name__, "x": x, "predictions": predictions, **plain}, folder / f"{name}.pt"
    )


def loaded(folder):
    """What fails to load in a fresh process that only did `import zoo`."""
    done = subprocess.run([sys.executable, LOADS, folder], capture_output=True, text=True, check=False)
    return done.stdout + (done.stderr if done.returncode else "")


def test_a_model_is_another_one_in_another_process(tmp_path):
    torch.manual_seed(0)
    made = tasks()
    assert {type(task) for task in made.values()} == {TASKS[name] for name in TASKS.names()}
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = pl.Trainer(accelerator="cpu", **quiet)
    for name, task in made.items():
        save(trainer, task, tmp_path, name.replace("/", "-"))
    assert loaded(tmp_path) == ""


@pytest.mark.parametrize("folder", FROZEN, ids=lambda folder: folder.name)
def test_an_old_checkpoint_is_of_no_use_to_a_new_zoo(zoo, tmp_path, folder):
    kept = Path(shutil.copytree(folder, tmp_path / "old/version_0")) / "checkpoints/last.ckpt"
    assert kept.stat().st_size < 30_000
    expected = json.loads((folder / "expected.json").read_text())["predictions"]
    torch.testing.assert_close(predictions(kept), torch.tensor(expected), rtol=1e-5, atol=1e-6)
    tested = zoo("test", "--ckpt_path", str(kept))
    assert tested.code == 0, tested.err
    assert "test/accuracy" in tested.out
    resumed = zoo("fit", "--ckpt_path", str(kept), "--trainer.max_epochs=3")
    assert resumed.code == 0, resumed.err
    newest = torch.load("runs/old/version_0/checkpoints/last.ckpt", weights_only=True)
    assert (newest["epoch"], newest["global_step"]) == (2, 12)


def test_an_old_checkpoint_is_of_another_class():
    checkpoint = FROZEN[0] / "checkpoints/last.ckpt"
    with pytest.raises(ValueError, match="is of a SequenceClassifier; expected one of a SequenceRegressor"):
        library.SequenceRegressor.load_from_checkpoint(checkpoint)


def test_this_version_has_no_checkpoint_that_later_ones_must_load():
    assert f"zoo_{library.__version__}" in [folder.name for folder in FROZEN]
