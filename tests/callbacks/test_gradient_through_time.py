"""What GradientThroughTime records, compared with autograd along a loop written here."""

import copy
import json
import math
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from lightning.pytorch import Callback
from lightning.pytorch.loggers import CSVLogger
from torch import nn
from torch.func import functional_call

import zoo
from callbacks.modules import FEW_WORKERS, Linear, batches, half_precision, trainer
from callbacks.recurrent import Adversaries, Chunks, Plain, Weighed, data, loader, stack, watchers
from zoo.callbacks.gradient_through_time import GradientThroughTime
from zoo.callbacks.recurrence_health import RecurrenceHealth
from zoo.runs.lag_records import read_lags

pytestmark = FEW_WORKERS

PNG = b"\x89PNG"


@pytest.fixture(autouse=True)
def _small_pictures(monkeypatch):
    """Most of the time of these tests would be spent on pixels."""
    monkeypatch.setattr("zoo.pictures.canvas.DPI", 20)


def through_time(every_n_steps=1, **options):
    return GradientThroughTime(every_n_steps=every_n_steps, **options)


def records(folder):
    return list(read_lags(folder / "through_time.jsonl"))


def expected(encoder, batch, sequences=None):
    """The record of the one layer of an encoder: norms of the state's and the weights' gradient by lag.

    One sequence after the other, one step after the other, with recurrent weights of its own for each step.
    """
    (layer,) = encoder.layers
    lags = int(batch["lengths"].max())
    found = {}
    for way in layer.ways():
        own, squares, counts, parts = (
            way.cell.weight_hh,
            [],
            torch.zeros(lags),
            torch.zeros(lags, *way.cell.weight_hh.shape),
        )
        squares = [torch.zeros(lags, dtype=torch.float64) for _ in way.cell.state_sizes]
        parts = parts.double()
        offset = way.cell.output_size if way.backward and len(layer.ways()) > 1 else 0
        for row in range(sequences or len(batch["x"])):
            length = int(batch["lengths"][row])
            order = range(length - 1, -1, -1) if way.backward else range(length)
            weights = [own.detach().clone().requires_grad_() for _ in order]
            state, errors, states = way.initial_state(1), [], []
            for t, weight in zip(order, weights, strict=True):
                output, state = functional_call(
                    way.cell, {"weight_hh": weight}, (batch["x"][row : row + 1, t], state)
                )
                states.append(state)
                wanted = batch["weights"][row, t, offset : offset + way.cell.output_size]
                errors.append((output[0] * wanted).sum() / len(batch["x"]))
            for part in range(len(squares)):
                after = [each[part] for each in states]
                slopes = torch.autograd.grad(sum(errors), after, retain_graph=True, allow_unused=True)
                for lag, slope in enumerate(reversed(slopes)):
                    squares[part][lag] += 0 if slope is None else slope.square().sum()
            for step, error in enumerate(errors):
                slopes = torch.autograd.grad(error, weights[: step + 1], retain_graph=True, allow_unused=True)
                for place, slope in enumerate(slopes):
                    parts[step - place] += 0 if slope is None else slope
            counts[:length] += 1
        name = "layer_1/backward" if way.backward else "layer_1/forward"
        found[name] = (
            [(each / counts).sqrt().tolist() for each in squares],
            parts.flatten(1).norm(dim=1).tolist(),
        )
    return found


def check(record, encoder, batch, factor=1.0, rel=1e-6, sequences=None):
    wanted = expected(encoder, batch, sequences)
    assert list(record.weight) == list(wanted)
    for key, (states, weight) in wanted.items():
        names = [key, *(f"{key}/{name}" for name in ("c",)[: len(states) - 1])]
        for name, norms in zip(names, states, strict=True):
            assert record.state[name] == pytest.approx([factor * norm for norm in norms], rel=rel), name
        assert record.weight[key] == pytest.approx([factor * norm for norm in weight], rel=rel, abs=1e-12)


@pytest.mark.parametrize("cell", ["lstm", "gru", "elman"])
@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
def test_the_numbers_are_those_of_autograd(tmp_path, cell, direction):
    module = Weighed(stack(cell, direction=direction, num_layers=1))
    given = data(3, module.encoder.output_size)
    trainer(tmp_path, through_time(2)).fit(module, loader(given))
    found = records(tmp_path)
    assert [record.step for record in found] == [0, 2]
    for record in found:
        check(record, module.before[record.step], given[record.step])
    assert (tmp_path / "through_time.png").read_bytes().startswith(PNG)


def test_only_the_first_sequences_are_looked_at_and_only_near_weight_gradients(tmp_path):
    module, given = Weighed(stack(num_layers=1)), data(1, 3)
    trainer(tmp_path, through_time(sequences=2, max_lag=1)).fit(module, loader(given))
    (record,) = records(tmp_path)
    wanted, weight = expected(module.before[0], given[0], sequences=2)["layer_1/forward"]
    assert record.state["layer_1/forward"] == pytest.approx(wanted[0], rel=1e-6)
    assert record.weight["layer_1/forward"] == pytest.approx(weight[:2], rel=1e-6)


def test_of_accumulated_batches_the_last_one_counts(tmp_path):
    module, given = Weighed(stack(num_layers=1)), data(4, 3)
    trainer(tmp_path, through_time(), accumulate_grad_batches=2).fit(module, loader(given))
    found = records(tmp_path)
    assert [record.step for record in found] == [0, 1]
    for record, last in zip(found, (1, 3), strict=True):
        check(record, module.before[last], given[last], factor=0.5)


def test_of_several_steps_in_a_batch_the_first_one_counts(tmp_path):
    module, given = Chunks(stack(num_layers=1)), data(3, 3)
    trainer(tmp_path, through_time(3)).fit(module, loader(given))
    found = records(tmp_path)
    assert [record.step for record in found] == [0, 4]
    for record, place in zip(found, (0, 2), strict=True):
        half = {key: value[:2] for key, value in given[place].items()}
        check(record, module.before[place], half)


def test_of_two_optimisers_that_counts_whose_loss_comes_from_the_stack(tmp_path):
    module, given = Adversaries(stack(num_layers=1)), data(2, 3)
    trainer(tmp_path, through_time()).fit(module, loader(given))
    found = records(tmp_path)
    assert [record.step for record in found] == [1, 3]
    for record, place in zip(found, (0, 1), strict=True):
        check(record, module.before[place], given[place])


def test_half_precision_is_recorded_unscaled(tmp_path):
    given = data(2, 3, dtype=torch.float32)
    module = Weighed(stack(num_layers=1, dtype=torch.float32), torch.optim.SGD, lr=0.01)
    trainer(tmp_path, through_time(), plugins=[half_precision(256.0)]).fit(module, loader(given))
    found = records(tmp_path)
    assert len(found) == 2
    for record, encoder, batch in zip(found, module.before, given, strict=True):
        exact = {key: value.double() if value.is_floating_point() else value for key, value in batch.items()}
        check(record, encoder.double(), exact, rel=0.02)


def test_brain_floats_are_recorded(tmp_path):
    given = data(1, 6, dtype=torch.float32)
    module = Weighed(stack(num_layers=2, direction="bidirectional", dtype=torch.float32))
    callbacks = through_time(), RecurrenceHealth(every_n_steps=1)
    trainer(tmp_path, *callbacks, precision="bf16-mixed").fit(module, loader(given))
    (record,) = records(tmp_path)
    assert all(norm > 0 for norms in record.state.values() for norm in norms)


@pytest.mark.parametrize("engine", ["auto", "reference", "eager"])
def test_training_is_not_changed_by_a_bit(tmp_path, engine):
    given = data(6, 6, dtype=torch.float32)
    trained = []
    for callbacks in ((), (through_time(2), RecurrenceHealth(every_n_steps=3, spectra_every_n_steps=1))):
        torch.manual_seed(0)
        options = {"direction": "bidirectional", "dropout": 0.3, "engine": engine}
        module = Plain(stack(num_layers=2, dtype=torch.float32, **options))
        trainer(tmp_path, *callbacks).fit(module, loader(given))
        trained.append([*module.state_dict().values(), torch.rand(3)])
    assert len(records(tmp_path)) == 3
    for one, other in zip(*trained, strict=True):
        assert torch.equal(one, other)


def test_each_layer_direction_and_tensor_of_the_state_has_its_key(tmp_path):
    encoder = stack(cell=["lstm", "gru"], num_layers=2, direction=["bidirectional", "backward"])
    trainer(tmp_path, through_time()).fit(Weighed(encoder), loader(data(1, 3)))
    line = json.loads((tmp_path / "through_time.jsonl").read_text())
    ways = ["layer_1/forward", "layer_1/backward", "layer_2/backward"]
    assert list(line) == ["step", "state", "weight", "error", "rest"]
    assert list(line["weight"]) == ways
    cells = ["layer_1/forward/c", "layer_1/backward/c"]
    assert sorted(line["state"]) == sorted([*ways, *cells])
    assert {len(norms) for norms in line["state"].values()} == {5}


@pytest.mark.parametrize("cell", zoo.list_cells())
def test_every_cell_can_be_watched(tmp_path, cell):
    module = Weighed(
        stack(cell, num_layers=1, direction="bidirectional").requires_grad_()
    )  # also what is not trained
    callbacks = through_time(), RecurrenceHealth(every_n_steps=1)
    trainer(tmp_path, *callbacks).fit(module, loader(data(1, module.encoder.output_size)))
    (record,) = records(tmp_path)
    assert all(any(norms) for key, norms in record.state.items() if key in record.weight)


def test_a_model_without_a_stack_is_told_so_once(tmp_path):
    given = batches(*[[1.0, 1.0, 1.0]] * 3)
    with pytest.warns(UserWarning, match="GradientThroughTime measures nothing: Linear has no rec") as told:
        trainer(tmp_path, through_time()).fit(Linear(), given)
    assert len([warning for warning in told if "measures nothing" in str(warning.message)]) == 1
    assert not list(tmp_path.iterdir())


def test_a_frozen_stack_leaves_nothing_and_hinders_nothing(tmp_path):
    class Frozen(Weighed):
        def __init__(self, encoder):
            super().__init__(encoder.requires_grad_(False))
            self.scale = nn.Parameter(torch.ones(1, dtype=torch.float64))

        def loss(self, batch):
            return super().loss(batch) * self.scale.sum()

    trainer(tmp_path, through_time()).fit(Frozen(stack()), loader(data(2, 3)))
    assert not list(tmp_path.iterdir())


def test_what_is_not_finite_is_null(tmp_path):
    given = data(2, 3)
    given[0]["weights"][0, 0] = math.inf
    trainer(tmp_path, through_time()).fit(Weighed(stack(num_layers=1)), loader(given))
    bad, after = records(tmp_path)
    assert math.isnan(bad.state["layer_1/forward"][-1])
    assert bad.state["layer_1/forward"][0] > 0
    assert all(map(math.isnan, after.state["layer_1/forward"]))
    assert '"layer_1/forward":[null,' in (tmp_path / "through_time.jsonl").read_text()
    assert (tmp_path / "through_time.png").exists()


def test_neither_the_sanity_check_nor_validation_is_recorded(tmp_path):
    class Validated(Weighed):
        def validation_step(self, batch, index):
            assert not watchers(self)
            return self.loss(batch)

    given = data(2, 3)
    module = Validated(stack(num_layers=1))
    trainer(tmp_path, through_time(), val_check_interval=1).fit(module, loader(given), loader(given))
    found = records(tmp_path)
    assert len(found) == 2
    check(found[1], module.before[1], given[1])


class Fails(Weighed):
    def __init__(self, encoder, error, when):
        super().__init__(encoder)
        self.error, self.when = error, when

    def training_step(self, batch, index):
        loss = self.loss(batch)
        if index == self.when:
            raise self.error
        return loss


@pytest.mark.parametrize(
    ("error", "raised"), [(RuntimeError("boom"), RuntimeError), (KeyboardInterrupt(), SystemExit)]
)
def test_a_fit_that_fails_leaves_its_records_and_picture_and_watches_no_more(tmp_path, error, raised):
    callback, module = through_time(), Fails(stack(), error, when=2)
    with pytest.raises(raised):
        trainer(tmp_path, callback).fit(module, loader(data(4, 3)))
    assert [record.step for record in records(tmp_path)] == [0, 1]
    assert (tmp_path / "through_time.png").exists()
    assert not watchers(module)
    trainer(tmp_path / "again", callback).fit(Weighed(stack()), loader(data(1, 3)))
    assert len(records(tmp_path / "again")) == 1


def test_a_fit_that_fails_at_once_leaves_nothing_and_hides_nothing(tmp_path):
    with pytest.raises(RuntimeError, match="boom"):
        trainer(tmp_path, through_time()).fit(Fails(stack(), RuntimeError("boom"), 0), loader(data(1, 3)))
    assert not list(tmp_path.iterdir())


def test_a_picture_that_cannot_be_drawn_does_not_fail_the_fit(tmp_path):
    (tmp_path / "through_time.png").mkdir()
    with pytest.warns(UserWarning, match="picture of the gradients through time could not be drawn"):
        trainer(tmp_path, through_time()).fit(Weighed(stack()), loader(data(1, 3)))


def test_a_resumed_fit_adds_to_the_file_and_keeps_the_rhythm(tmp_path):
    given, checkpoint = loader(data(5, 3)), tmp_path / "at_5.ckpt"
    first = trainer(tmp_path, through_time(2))
    first.fit(Weighed(stack()), given)
    first.save_checkpoint(checkpoint)
    resumed = trainer(tmp_path, through_time(2), max_epochs=2)
    resumed.fit(Weighed(stack()), given, ckpt_path=checkpoint, weights_only=True)
    assert [record.step for record in records(tmp_path)] == [0, 2, 4, 6, 8]


def test_a_trial_run_writes_nothing(tmp_path):
    trainer(tmp_path, through_time(), fast_dev_run=True).fit(Weighed(stack()), loader(data(1, 3)))
    assert not list(tmp_path.iterdir())


class Copies(Callback):
    """Copies the callback in the middle of a step."""

    def on_before_backward(self, trainer, pl_module, loss):
        original = next(each for each in trainer.callbacks if isinstance(each, GradientThroughTime))
        self.copies = [copy.deepcopy(original), pickle.loads(pickle.dumps(original))]


def test_copies_of_a_callback_at_work_are_new_and_leave_the_original_alone(tmp_path):
    copier = Copies()
    trainer(tmp_path, through_time(), copier).fit(Weighed(stack()), loader(data(2, 3)))
    assert len(records(tmp_path)) == 2
    for index, copied in enumerate(copier.copies):
        trainer(tmp_path / str(index), copied).fit(Weighed(stack()), loader(data(1, 3)))
        assert len(records(tmp_path / str(index))) == 1


COMPILED = """
import sys
import torch
from pathlib import Path
from callbacks.modules import trainer
from callbacks.recurrent import Plain, data, loader, stack
from zoo.callbacks.gradient_through_time import GradientThroughTime

for name, backend in (("plain", None), ("compiled", "eager")):
    torch.manual_seed(0)
    encoder = stack(num_layers=1)
    module = Plain(torch.compile(encoder, backend=backend) if backend else encoder)
    trainer(Path(sys.argv[1]) / name, GradientThroughTime(2)).fit(module, loader(data(4, 3)))
    torch.save(encoder.state_dict(), Path(sys.argv[1]) / f"{name}.pt")
"""


def test_a_compiled_stack_is_watched_like_any_other(tmp_path):
    # Apart, for torch's tracer does not understand the checks of types that come with these tests.
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    arguments = [sys.executable, "-W", "ignore", "-c", COMPILED, str(tmp_path)]
    subprocess.run(arguments, env=environment, check=True, capture_output=True)
    for compiled, plain in zip(records(tmp_path / "compiled"), records(tmp_path / "plain"), strict=True):
        assert compiled.step == plain.step
        for key, norms in plain.state.items():
            assert compiled.state[key] == pytest.approx(norms, rel=1e-6)
    weights = [torch.load(tmp_path / f"{name}.pt") for name in ("plain", "compiled")]
    for name, weight in weights[0].items():
        torch.testing.assert_close(weights[1][name], weight, rtol=1e-9, atol=1e-12)


def test_a_language_model_that_carries_its_state_is_watched(tmp_path):
    network = {"encoder": zoo.StackSpec(hidden_size=4), "vocab_size": 5, "output_size": 5, "pooling": "none"}
    tokens = torch.randint(5, (3, 2, 7), generator=torch.Generator().manual_seed(0))
    given = [{"x": each[:, :-1], "y": each[:, 1:]} for each in tokens]
    trainer(tmp_path, through_time()).fit(zoo.LanguageModel(network), loader(given), loader(given))
    found = records(tmp_path)
    assert [len(record.state["layer_1/forward"]) for record in found] == [6, 6, 6]
    farthest = [record.weight["layer_1/forward"][-1] for record in found]
    assert farthest[0] == 0  # of zeros, the state that training begins with
    assert min(farthest[1:]) > 0


def test_the_files_lie_in_the_folder_of_the_run(tmp_path):
    fit = trainer(tmp_path, through_time(file="lags.jsonl"), logger=CSVLogger(tmp_path, name="run"))
    fit.fit(Weighed(stack()), loader(data(1, 3)))
    folder = tmp_path / "run" / "version_0"
    assert {"lags.jsonl", "lags.png", "metrics.csv"} <= {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"every_n_steps": 0}, "every_n_steps is 0"),
        ({"sequences": 0}, "sequences is 0"),
        ({"max_lag": -1}, "max_lag is -1; expected at least 0"),
        ({"file": "elsewhere/g.jsonl"}, "without a folder"),
        ({"file": "g.txt"}, "ends in .jsonl"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        GradientThroughTime(**arguments)
