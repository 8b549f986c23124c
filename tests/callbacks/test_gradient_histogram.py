"""What GradientHistogram records, whatever else happens in the fit."""

import copy
import pickle

import lightning.pytorch as pl
import numpy as np
import pytest
import torch
from lightning.pytorch import Callback
from lightning.pytorch.loggers import CSVLogger
from torch import nn
from torch.utils.data import DataLoader

from callbacks.modules import (
    FEW_WORKERS,
    INF,
    NAN,
    Linear,
    Manual,
    TwoOptimizers,
    Validated,
    batches,
    half_precision,
    trainer,
)
from zoo import Digits, ModelSpec, SequenceClassifier, StackSpec
from zoo.callbacks.gradient_clipping import GradientClipping
from zoo.callbacks.gradient_histogram import GradientHistogram
from zoo.runs.gradient_records import read_gradients

pytestmark = FEW_WORKERS

PNG = b"\x89PNG"


def histogram(every_n_steps=1, **options):
    return GradientHistogram(every_n_steps=every_n_steps, **options)


def records(folder):
    return list(read_gradients(folder / "gradients.jsonl"))


def norms(summaries):
    return [summary.norm for summary in summaries.values()]


def test_both_moments_are_measured_per_parameter(tmp_path):
    trainer(tmp_path, histogram(), GradientClipping(max_norm=1.0)).fit(Linear(), batches([3.0, 0.0, 4.0]))
    (record,) = records(tmp_path)
    assert (record.step, record.optimizer) == (0, 0)
    assert list(record.before) == ["first", "second"]
    assert norms(record.before) == pytest.approx([3.0, 4.0])
    assert norms(record.after) == pytest.approx([0.6, 0.8])
    edges = 10 ** np.array(record.bins.edges)
    for summaries, values in ((record.before, (3.0, 4.0)), (record.after, (0.6, 0.8))):
        for summary, value in zip(summaries.values(), values, strict=True):
            np.testing.assert_array_equal(summary.counts, np.histogram([value], edges)[0])
    assert record.before["first"].zero == 1
    assert (tmp_path / "gradients.png").read_bytes().startswith(PNG)


class Halve(Callback):
    """Somebody else's clipping."""

    def on_before_optimizer_step(self, trainer, pl_module, optimizer):
        for parameter in pl_module.parameters():
            parameter.grad.mul_(0.5)


@pytest.mark.parametrize("order", ["first", "last"])
def test_the_order_of_the_callbacks_does_not_matter(tmp_path, order):
    others = [GradientClipping(max_norm=1.0), Halve()]
    callbacks = [histogram(), *others] if order == "first" else [*others, histogram()]
    fit = trainer(tmp_path, *callbacks)
    fit.fit(Linear(), batches([3.0, 0.0, 4.0]))
    (record,) = records(tmp_path)
    assert norms(record.before) == pytest.approx([3.0, 4.0])
    assert norms(record.after) == pytest.approx([0.3, 0.4])
    assert sorted(map(type, fit.callbacks), key=str) == sorted(map(type, callbacks), key=str)


def test_the_clipping_of_the_trainer_is_seen(tmp_path):
    trainer(tmp_path, histogram(), gradient_clip_val=1.0).fit(Linear(), batches([30.0, 0.0, 40.0]))
    (record,) = records(tmp_path)
    assert norms(record.before) == pytest.approx([30.0, 40.0])
    assert norms(record.after) == pytest.approx([0.6, 0.8], rel=1e-4)


def test_an_optimiser_that_writes_into_the_gradients_is_seen_before_it_does(tmp_path):
    module = Linear(momentum=0.9, nesterov=True, foreach=True)
    trainer(tmp_path, histogram()).fit(module, batches([3.0, 0.0, 4.0], [3.0, 0.0, 4.0]))
    for record in records(tmp_path):
        assert norms(record.after) == pytest.approx([3.0, 4.0])


def test_a_closure_is_evaluated_no_more_often_than_the_optimiser_asks(tmp_path):
    module = Linear(torch.optim.LBFGS, max_iter=1)
    trainer(tmp_path, histogram()).fit(module, batches([3.0, 0.0, 4.0]))
    assert [norms(record.after) for record in records(tmp_path)] == [pytest.approx([3.0, 4.0])]


def test_every_n_steps_begins_with_the_first(tmp_path):
    trainer(tmp_path, histogram(3)).fit(Linear(), batches(*[[1.0, 2.0, 3.0]] * 8))
    assert [record.step for record in records(tmp_path)] == [0, 3, 6]


def test_accumulation_is_one_step(tmp_path):
    loader = batches([6.0, 0.0, 0.0], [0.0, 0.0, 8.0])
    trainer(tmp_path, histogram(), accumulate_grad_batches=2).fit(Linear(), loader)
    (record,) = records(tmp_path)
    assert norms(record.before) == pytest.approx([3.0, 4.0])


def test_manual_optimisation_is_counted_by_steps_and_not_by_batches(tmp_path):
    loader = batches([3.0, 0.0, 4.0], [6.0, 0.0, 8.0])
    trainer(tmp_path, histogram(2), GradientClipping(max_norm=1.0)).fit(Manual(chunks=3), loader)
    found = records(tmp_path)
    assert [record.step for record in found] == [0, 2, 4]
    assert [norms(record.before)[0] for record in found] == pytest.approx([3.0, 3.0, 6.0])
    assert all(norms(record.after) == pytest.approx([0.6, 0.8]) for record in found)


def test_each_of_two_optimisers_is_recorded_with_its_own_parameters(tmp_path):
    trainer(tmp_path, histogram(2)).fit(TwoOptimizers(), batches(*[[1.0, 0.0, 2.0]] * 3))
    found = [(record.optimizer, record.step, list(record.before)) for record in records(tmp_path)]
    assert found == [(0, 0, ["first"]), (1, 1, ["second"]), (0, 4, ["first"]), (1, 5, ["second"])]


@pytest.mark.parametrize("fused", [False, True])
def test_half_precision_is_recorded_unscaled(tmp_path, fused):
    fit = trainer(tmp_path, histogram(), GradientClipping(max_norm=1.0), plugins=[half_precision()])
    fit.fit(Linear(fused=fused), batches([3.0, 0.0, 4.0], [INF, 0.0, 4.0], [3.0, 0.0, 4.0]))
    first, overflow, last = records(tmp_path)
    for record in (first, last):
        assert norms(record.before) == pytest.approx([3.0, 4.0])
        assert norms(record.after) == pytest.approx([0.6, 0.8])
    assert overflow.before["first"].nonfinite == 1
    assert norms(overflow.before) == pytest.approx([0.0, 4.0])
    # The scaler itself skips the update; a fused optimiser is called and does so within.
    assert norms(overflow.after) == pytest.approx([0.0, 4.0]) if fused else overflow.after is None


class Odd(Linear):
    """NaN, zeros, frozen, unused, empty, tied, and a type without a histogram of its own."""

    def __init__(self):
        super().__init__()
        self.tied = self.first
        self.frozen = nn.Parameter(torch.ones(2), requires_grad=False)
        self.unused = nn.Parameter(torch.ones(2))
        self.empty = nn.Parameter(torch.zeros(0))
        self.brief = nn.Parameter(torch.zeros(2, dtype=torch.bfloat16))

    def loss(self, batch):
        return super().loss(batch) + self.empty.sum() + (self.brief * 3).sum()


def test_odd_parameters_and_values_survive(tmp_path):
    trainer(tmp_path, histogram()).fit(Odd(), batches([NAN, -INF, 0.0], [0.0, 0.0, 0.0]))
    bad, zero = records(tmp_path)
    assert list(bad.before) == ["first", "second", "empty", "brief"]
    assert bad.before["first"].nonfinite == 2
    assert bad.before["second"].zero == 1
    assert bad.before["empty"].finite == 0
    assert bad.after["brief"].norm == pytest.approx(18**0.5)
    assert zero.before["first"].zero == 2
    assert (tmp_path / "gradients.png").exists()


class Words(pl.LightningModule):
    """Torch's own layers in a plain module: sparse, compiled, tied, frozen, in bfloat16, and one NaN."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(9, 3, sparse=True)
        self.lstm = torch.compile(nn.LSTM(3, 2, bidirectional=True), backend="eager")
        self.gru = nn.GRU(4, 2).to(torch.bfloat16)
        self.gru.bias_hh_l0 = self.gru.bias_ih_l0
        self.frozen = nn.GRU(4, 2).requires_grad_(requires_grad=False)
        self.kept = {}

    def training_step(self, batch, index):
        out, _ = self.lstm(self.embedding(batch))
        self.gru.weight_hh_l0.register_hook(lambda gradient: gradient.index_fill(0, torch.tensor([5]), NAN))
        return self.gru(out.to(torch.bfloat16))[0].float().sum() + self.frozen(out)[0].sum()

    def on_after_backward(self):
        parameters = self.named_parameters()
        self.kept = {name: part.grad.clone() for name, part in parameters if part.requires_grad}

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def test_gates_of_a_plain_module_with_layers_of_torch_are_recorded_apart(tmp_path):
    module = Words()
    loader = DataLoader([torch.tensor([[1, 2], [1, 5], [7, 1]])], batch_size=None)
    trainer(tmp_path, histogram()).fit(module, loader)
    (record,) = records(tmp_path)
    edges = 10 ** np.array(record.bins.edges)
    gradients = {name.replace("_orig_mod.", ""): gradient for name, gradient in module.kept.items()}
    found = dict(record.before)
    for name, gates in (("lstm.weight_hh_l0_reverse", "ifgo"), ("gru.bias_ih_l0", "rzn")):
        for rows, gate in zip(gradients[name].float().chunk(len(gates)), gates, strict=True):
            summary = found.pop(f"{name}:{gate}")
            np.testing.assert_array_equal(summary.counts, np.histogram(rows.abs().numpy(), edges)[0])
    assert found["gru.weight_hh_l0:n"].nonfinite == 2
    assert found["gru.weight_hh_l0:r"].nonfinite == 0
    assert found["embedding.weight"].finite == 4 * 3
    assert not any(name.startswith("frozen") for name in found)
    assert list(record.after) == list(record.before)


def test_the_arrays_hold_the_records(tmp_path):
    loader = batches(*[[1.0, 0.0, float(step)] for step in range(4)])
    trainer(tmp_path, histogram(2), GradientClipping(max_norm=0.5)).fit(Linear(), loader)
    with np.load(tmp_path / "gradients.npz", allow_pickle=False) as arrays:
        assert arrays["steps"].tolist() == [0, 2]
        for row, record in enumerate(records(tmp_path)):
            np.testing.assert_array_equal(arrays["norm_before"][row], norms(record.before))
            counts = [summary.counts for summary in record.after.values()]
            np.testing.assert_array_equal(arrays["counts_after"][row], counts)


def test_training_is_the_same_bit_for_bit(tmp_path):
    def weights(folder, *callbacks):
        torch.manual_seed(0)
        encoder = StackSpec(cell="lstm", hidden_size=4)
        task = SequenceClassifier(ModelSpec(encoder=encoder, input_size=8, output_size=10, pooling="max"))
        fit = trainer(tmp_path / folder, *callbacks, GradientClipping(max_norm=0.1), limit_train_batches=3)
        fit.fit(task, Digits(batch_size=8))
        return task.state_dict()

    plain, watched = weights("plain"), weights("watched", histogram())
    assert all(torch.equal(plain[name], watched[name]) for name in plain)
    (first, *_) = records(tmp_path / "watched")
    assert "model.encoder.layers.0.directions.forward_.cell.weight_hh:f" in first.before


def test_a_run_of_nothing_but_nan_is_drawn(tmp_path):
    trainer(tmp_path, histogram()).fit(Linear(), batches(*[[NAN, NAN, NAN]] * 2))
    assert (tmp_path / "gradients.png").exists()


def test_neither_the_sanity_check_nor_validation_is_recorded(tmp_path):
    loader = batches([3.0, 0.0, 4.0])
    trainer(tmp_path, histogram()).fit(Validated(), loader, loader)
    assert len(records(tmp_path)) == 1


class Fails(Linear):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def loss(self, batch):
        if batch[0] < 0:
            raise self.error
        return super().loss(batch)


@pytest.mark.parametrize(
    ("error", "raised"), [(RuntimeError("boom"), RuntimeError), (KeyboardInterrupt(), SystemExit)]
)
def test_a_fit_that_fails_leaves_its_records_and_picture(tmp_path, error, raised):
    callback = histogram()
    with pytest.raises(raised):
        trainer(tmp_path, callback).fit(Fails(error), batches([1.0, 1.0, 1.0], [-1.0, 0.0, 0.0]))
    assert len(records(tmp_path)) == 1
    assert {"gradients.png", "gradients.npz"} <= {path.name for path in tmp_path.iterdir()}
    trainer(tmp_path / "again", callback).fit(Linear(), batches([1.0, 1.0, 1.0]))
    assert len(records(tmp_path / "again")) == 1


def test_a_fit_that_fails_at_once_leaves_nothing_and_hides_nothing(tmp_path):
    with pytest.raises(RuntimeError, match="boom"):
        trainer(tmp_path, histogram()).fit(Fails(RuntimeError("boom")), batches([-1.0, 0.0, 0.0]))
    assert not list(tmp_path.iterdir())


def test_a_picture_that_cannot_be_drawn_does_not_fail_the_fit(tmp_path):
    (tmp_path / "gradients.png").mkdir()
    with pytest.warns(UserWarning, match="picture of the gradients could not be drawn"):
        trainer(tmp_path, histogram()).fit(Linear(), batches([1.0, 1.0, 1.0]))


def test_arrays_that_cannot_be_written_do_not_fail_the_fit(tmp_path):
    (tmp_path / "gradients.npz").mkdir()
    with pytest.warns(UserWarning, match="arrays of the gradients could not be written"):
        trainer(tmp_path, histogram()).fit(Linear(), batches([1.0, 1.0, 1.0]))
    assert (tmp_path / "gradients.png").exists()


def test_no_hook_is_left_behind(tmp_path):
    fit = trainer(tmp_path, histogram())
    fit.fit(Linear(), batches([1.0, 1.0, 1.0]))
    assert not fit.optimizers[0]._optimizer_step_pre_hooks


def test_one_module_may_be_fitted_again(tmp_path):
    module, callback = Linear(), histogram()
    for name in ("one", "two"):
        trainer(tmp_path / name, callback).fit(module, batches([1.0, 1.0, 1.0], [2.0, 2.0, 2.0]))
        assert [record.step for record in records(tmp_path / name)] == [0, 1]


class Copies(Callback):
    """Copies the histogram callback in the middle of a fit."""

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        original = next(callback for callback in trainer.callbacks if isinstance(callback, GradientHistogram))
        self.copies = [copy.deepcopy(original), pickle.loads(pickle.dumps(original))]


def test_copies_of_a_callback_at_work_are_new_and_leave_the_original_alone(tmp_path):
    copier = Copies()
    trainer(tmp_path, histogram(), copier).fit(Linear(), batches(*[[1.0, 1.0, 1.0]] * 3))
    assert len(records(tmp_path)) == 3
    for index, copied in enumerate(copier.copies):
        trainer(tmp_path / str(index), copied).fit(Linear(), batches([1.0, 1.0, 1.0]))
        assert len(records(tmp_path / str(index))) == 1


def test_a_resumed_fit_adds_to_the_file_and_keeps_the_rhythm(tmp_path):
    loader, checkpoint = batches(*[[1.0, 1.0, 1.0]] * 5), tmp_path / "at_5.ckpt"
    first = trainer(tmp_path, histogram(2))
    first.fit(Linear(), loader)
    first.save_checkpoint(checkpoint)
    resumed = trainer(tmp_path, histogram(2), max_epochs=2)
    resumed.fit(Linear(), loader, ckpt_path=checkpoint, weights_only=True)
    assert [record.step for record in records(tmp_path)] == [0, 2, 4, 6, 8]


def test_a_trial_run_writes_nothing(tmp_path):
    trainer(tmp_path, histogram(), fast_dev_run=True).fit(Linear(), batches([1.0, 1.0, 1.0]))
    assert not list(tmp_path.iterdir())


def test_the_files_lie_in_the_folder_of_the_run(tmp_path):
    logger = CSVLogger(tmp_path, name="run")
    fit = trainer(tmp_path, histogram(file="g.jsonl"), logger=logger)
    fit.fit(Linear(), batches([1.0, 1.0, 1.0]))
    folder = tmp_path / "run" / "version_0"
    assert {"g.jsonl", "g.npz", "g.png"} <= {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"every_n_steps": 0}, "every_n_steps is 0"),
        ({"max_exponent": -12}, "max_exponent is -12; expected more than min_exponent, -12"),
        ({"bins_per_decade": 0}, "bins_per_decade is 0; expected 1 to 34"),
        ({"bins_per_decade": 40}, "bins_per_decade is 40; expected 1 to 34"),
        ({"file": "elsewhere/g.jsonl"}, "without a folder"),
        ({"file": "g.txt"}, "ends in .jsonl"),
        (
            {"detail": "gates"},
            "detail is 'gates'; did you mean 'gate'\\? expected one of summary, layer, gate",
        ),
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        GradientHistogram(**arguments)
