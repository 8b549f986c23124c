"""What RecurrenceHealth logs, compared with what is computed here, and where it is logged."""

import copy
import csv
import math
import pickle

import numpy as np
import pytest
import torch
from lightning.pytorch import Callback
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import zoo
from callbacks.modules import FEW_WORKERS, Linear, batches, half_precision, trainer
from callbacks.recurrent import Adversaries, Chunks, Plain, Weighed, data, loader, stack, watchers
from callbacks.wandb_file import read_history
from zoo.callbacks.gradient_through_time import GradientThroughTime
from zoo.callbacks.recurrence_health import RecurrenceHealth

pytestmark = [
    FEW_WORKERS,
    # As it should be here: nothing of Lightning's own is logged.
    pytest.mark.filterwarnings("ignore:.*is smaller than the logging interval"),
]


def health(every_n_steps=1, **options):
    return RecurrenceHealth(every_n_steps=every_n_steps, **options)


def fit(tmp_path, module, given, *callbacks, **options):
    """The rows of metrics.csv by step, with what they hold; Lightning itself would log nothing here."""
    options = {"log_every_n_steps": 1000} | options
    trainer(tmp_path, *callbacks, logger=CSVLogger(tmp_path, name="run"), **options).fit(
        module, loader(given)
    )
    return rows(tmp_path)


def rows(tmp_path):
    path = tmp_path / "run" / "version_0" / "metrics.csv"
    if not path.exists():
        return {}
    found = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            values = {key: float(value) for key, value in row.items() if value and "/" in key}
            found.setdefault(int(row["step"]), {}).update(values)
    return {step: values for step, values in found.items() if values}


def replay(encoder, batch):
    """Outputs and forget gates of all valid steps of a one-layer LSTM, by its equations."""
    (cell,) = encoder.cells()
    outputs, gates = [], []
    with torch.no_grad():
        for x, length in zip(batch["x"], batch["lengths"], strict=True):
            h = c = torch.zeros(cell.hidden_size, dtype=x.dtype)
            for row in x[:length]:
                products = cell.weight_ih @ row + cell.bias + cell.weight_hh @ h
                i, f, g, o = products.chunk(4)
                c = f.sigmoid() * c + i.sigmoid() * g.tanh()
                h = o.sigmoid() * c.tanh()
                outputs.append(h)
                gates.append(f.sigmoid())
    return torch.stack(outputs), torch.stack(gates)


def test_states_units_and_gates_are_those_of_the_step(tmp_path):
    module, given = Weighed(stack(num_layers=1)), data(3, 3)
    found = fit(tmp_path, module, given, health(2))
    assert list(found) == [0, 2]
    for step, values in found.items():
        outputs, f = replay(module.before[step], given[step])
        assert values["layer_1/forward/state_norm"] == pytest.approx(float(outputs.square().mean().sqrt()))
        assert values["layer_1/forward/f/mean"] == pytest.approx(float(f.mean()))
        ends = ((f <= 0.05) | (f >= 0.95)).double().mean()
        assert values["layer_1/forward/f/saturated"] == pytest.approx(float(ends))
        horizons = -1 / f.log().mean(0)
        assert values["layer_1/forward/horizon"] == pytest.approx(float(horizons.median()))
        assert values["layer_1/forward/dead_units"] == 0


def test_updates_are_those_of_the_optimiser(tmp_path):
    module, given = Weighed(stack(num_layers=2, direction="bidirectional")), data(3, 6)
    found = fit(tmp_path, module, given, health())
    after = [*module.before[1:], module.encoder]
    for step, values in found.items():
        old, new = module.before[step], after[step]
        pairs = list(zip(old.layers[1].parameters(), new.layers[1].parameters(), strict=True))
        change = math.hypot(*(float((one - other).detach().norm()) for one, other in pairs))
        size = math.hypot(*(float(one.detach().norm()) for one, _ in pairs))
        assert values["layer_2/update_ratio"] == pytest.approx(change / size, rel=1e-5)
        cells = [each.layers[0].directions["backward_"].cell for each in (old, new)]
        one, other = (
            torch.cat([cell.weight_ih[9:], cell.weight_hh[9:], cell.bias[9:, None]], 1) for cell in cells
        )
        ratio = float((one - other).detach().norm() / one.detach().norm())
        assert values["layer_1/backward/o/update_ratio"] == pytest.approx(ratio, rel=1e-5)


def test_spectra_have_a_rhythm_of_their_own(tmp_path):
    module, given = Weighed(stack(num_layers=1)), data(7, 3)
    found = fit(tmp_path, module, given, health(2, spectra_every_n_steps=3))
    key = "layer_1/forward/g/spectral_radius"
    assert [step for step, values in found.items() if key in values] == [0, 4, 6]
    for step in (0, 4, 6):
        weight = module.before[step].cells()[0].weight_hh[6:9].detach().numpy()
        assert found[step][key] == pytest.approx(np.abs(np.linalg.eigvals(weight)).max())
        largest = found[step]["layer_1/forward/g/largest_singular_value"]
        assert largest == pytest.approx(np.linalg.norm(weight, 2))


def test_the_keys_name_layer_direction_gate_and_what(tmp_path):
    encoder = stack(cell=["lstm", "gru"], num_layers=2, direction=["bidirectional", "forward"])
    network = {"encoder": encoder.spec, "pooling": "max", "input_size": 2, "output_size": 3}
    given = [{"x": torch.randn(4, 5, 2), "y": torch.tensor([0, 1, 2, 0])}]
    task = zoo.SequenceClassifier(network)
    logger = CSVLogger(tmp_path, name="run")
    trainer(tmp_path, health(), logger=logger).fit(task, loader(given), loader(given))
    ways = {"layer_1/forward": "ifgo", "layer_1/backward": "ifgo", "layer_2/forward": "rzn"}
    of_gates = ("saturated", "mean", "update_ratio", "spectral_radius", "largest_singular_value")
    wanted = {f"{way}/{what}" for way in ways for what in ("state_norm", "dead_units", "horizon")}
    wanted |= {f"{way}/{gate}/{what}" for way, gates in ways.items() for gate in gates for what in of_gates}
    wanted |= {f"{layer}/update_ratio" for layer in ("layer_1", "layer_2", "head")}
    found = {key for key in rows(tmp_path)[0] if not key.startswith(("train/", "val/"))}
    assert found == wanted


def test_nothing_is_lost_between_the_logs_of_lightning(tmp_path):
    callbacks = health(3), GradientThroughTime(every_n_steps=2)
    found = fit(tmp_path, Weighed(stack()), data(7, 3), *callbacks)
    assert [step for step, values in found.items() if "layer_1/forward/state_norm" in values] == [0, 3, 6]
    reached = [step for step, values in found.items() if "layer_1/forward/gradient_reach" in values]
    assert sorted(reached) == [0, 2, 4, 6]
    assert all(0 <= found[step]["layer_1/forward/gradient_beyond_1"] <= 1 for step in reached)


def test_tensorboard_holds_what_the_csv_file_holds(tmp_path):
    logger = TensorBoardLogger(tmp_path, name="board")
    callbacks = health(2, detail="gate"), GradientThroughTime(every_n_steps=2, detail="gate")
    loggers = [CSVLogger(tmp_path, name="run"), logger]
    options = {"logger": loggers, "log_every_n_steps": 1000}
    trainer(tmp_path, *callbacks, **options).fit(Weighed(stack()), loader(data(3, 3)))
    events = EventAccumulator(logger.log_dir, size_guidance={"scalars": 0, "images": 0})
    events.Reload()
    for step, values in rows(tmp_path).items():
        for key, value in values.items():
            (kept,) = [event.value for event in events.Scalars(key) if event.step == step]
            assert kept == pytest.approx(value, rel=1e-6)
    assert [event.step for event in events.Images("gradients_through_time")] == [2]


def test_wandb_holds_what_the_csv_file_holds(tmp_path, monkeypatch):
    for name in ("DIR", "CACHE_DIR", "CONFIG_DIR", "DATA_DIR", "ARTIFACT_DIR"):
        folder = tmp_path / name.lower()
        folder.mkdir()
        monkeypatch.setenv(f"WANDB_{name}", str(folder))
    logger = zoo.WandbLogger(project="trial", save_dir=str(tmp_path), offline=True)
    callbacks = health(2, detail="gate"), GradientThroughTime(every_n_steps=2, detail="gate")
    options = {"logger": [CSVLogger(tmp_path, name="run"), logger], "log_every_n_steps": 1000}
    trainer(tmp_path, *callbacks, **options).fit(Weighed(stack()), loader(data(3, 3)))
    logger.finish()
    kept = read_history(tmp_path)
    for step, values in rows(tmp_path).items():
        merged = {
            key: value for row in kept if row["trainer/global_step"] == step for key, value in row.items()
        }
        assert {key: merged[key] for key in values} == pytest.approx(values)
    (picture,) = (row["gradients_through_time"] for row in kept if "gradients_through_time" in row)
    assert picture["_type"] == "image-file"


def test_each_optimiser_answers_for_what_it_trains(tmp_path):
    found = fit(tmp_path, Adversaries(stack()), data(2, 3), health())
    # The first optimiser steps before the stack has run, and trains nothing of it.
    assert list(found) == [1, 3]
    for values in found.values():
        assert values["layer_1/update_ratio"] > 0
        assert values["layer_1/forward/state_norm"] > 0


def test_of_several_steps_in_a_batch_the_first_one_counts(tmp_path):
    module, given = Chunks(stack(num_layers=1)), data(1, 3)
    (values,) = fit(tmp_path, module, given, health()).values()
    half = {key: value[:2] for key, value in given[0].items()}
    outputs, _ = replay(module.before[0], half)
    assert values["layer_1/forward/state_norm"] == pytest.approx(float(outputs.square().mean().sqrt()))
    # Adam's first step moves each weight by the learning rate, two steps would move it further.
    weights = torch.cat([part.detach().flatten() for part in module.before[0].parameters()])
    moved = 0.05 * math.sqrt(len(weights))
    assert values["layer_1/update_ratio"] == pytest.approx(moved / float(weights.norm()), rel=1e-3)


def test_an_update_that_the_scaler_skips_has_no_ratio(tmp_path):
    given = data(2, 3, dtype=torch.float32)
    given[0]["weights"][0, 0] = math.inf
    module = Plain(stack(num_layers=1, dtype=torch.float32), torch.optim.SGD, lr=0.01)
    found = fit(tmp_path, module, given, health(), plugins=[half_precision(256.0)])
    assert "layer_1/update_ratio" not in found[0]
    assert found[0]["layer_1/forward/state_norm"] > 0
    assert found[1]["layer_1/update_ratio"] > 0


def test_what_is_not_finite_is_left_out(tmp_path):
    given = data(2, 3)
    given[0]["weights"][0, 0] = math.inf
    found = fit(tmp_path, Plain(stack(num_layers=1)), given, health())
    assert all(math.isfinite(value) for values in found.values() for value in values.values())
    assert "layer_1/update_ratio" not in found[0]
    assert "layer_1/forward/state_norm" not in found.get(1, {})


class Late(Callback):
    """Fails between the measurement and the update."""

    def on_before_optimizer_step(self, trainer, pl_module, optimizer):
        if trainer.global_step == 1:
            raise RuntimeError("boom")


def test_a_fit_that_fails_leaves_what_was_measured(tmp_path):
    module = Plain(stack(num_layers=1))
    with pytest.raises(RuntimeError, match="boom"):
        fit(tmp_path, module, data(3, 3), health(), Late())
    found = rows(tmp_path)
    assert list(found) == [0, 1]
    assert "layer_1/forward/state_norm" in found[1]
    assert "layer_1/update_ratio" in found[0]
    assert "layer_1/update_ratio" not in found[1]
    assert not watchers(module)


class Copies(Callback):
    """Copies the callback in the middle of a step."""

    def on_before_backward(self, trainer, pl_module, loss):
        original = next(each for each in trainer.callbacks if isinstance(each, RecurrenceHealth))
        self.copies = [copy.deepcopy(original), pickle.loads(pickle.dumps(original))]


def test_copies_of_a_callback_at_work_are_new_and_no_hook_is_left_behind(tmp_path):
    copier, given = Copies(), data(2, 3)
    logger = CSVLogger(tmp_path, name="run")
    first = trainer(tmp_path, health(), copier, logger=logger)
    first.fit(Plain(stack()), loader(given))
    assert list(rows(tmp_path)) == [0, 1]
    assert not first.optimizers[0]._optimizer_step_post_hooks
    for index, copied in enumerate(copier.copies):
        assert list(fit(tmp_path / str(index), Plain(stack()), given, copied)) == [0, 1]


def test_a_model_without_a_stack_is_told_so(tmp_path):
    with pytest.warns(UserWarning, match="RecurrenceHealth measures nothing: Linear has no recurrent layer"):
        trainer(tmp_path, health()).fit(Linear(), batches([1.0, 1.0, 1.0]))


@pytest.mark.parametrize("name", ["every_n_steps", "sequences", "spectra_every_n_steps"])
def test_arguments_that_make_no_sense_are_refused(name):
    with pytest.raises(ValueError, match=f"{name} is 0; expected an integer of at least 1"):
        RecurrenceHealth(**{name: 0})
