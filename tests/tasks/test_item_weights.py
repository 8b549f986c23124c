"""Weights of items: one of weight 2 is as two of it, one of weight 0 as none, in value and gradient."""

import re

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.callbacks import Callback
from torch.utils.data import DataLoader

import zoo
from zoo.tasks import TASKS
from zoo.tasks.classes import balanced_weights
from zoo.tasks.item_weights import weighted_mean

pytestmark = pytest.mark.filterwarnings("ignore:.*does not have many workers")
QUIET = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
}
B, T, I = 6, 5, 3  # noqa: E741 (the axes)
WEIGHT = torch.tensor([2, 0, 1, 3, 0, 1])
ENCODER = {"cell": "gru", "hidden_size": 4}
LENGTHS = torch.tensor([5, 3, 1, 4, 5, 2])


def network(pooling="none", **sizes):
    return {"encoder": ENCODER, "pooling": pooling, "input_size": I, **sizes}


def random(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(len(shape)), dtype=torch.float64)


def whole(*shape, below=4):
    return torch.randint(below, shape, generator=torch.Generator().manual_seed(below))


def stepwise(y):
    """Targets, some of which do not count."""
    y[2, 0] = y[3, 1] = -100
    return y


X, SEQUENCES = random(B, T, I), {"x": random(B, T, I), "lengths": LENGTHS}
CLASSES = network("max", output_size=4)
DECODER = {"stack": ENCODER, "embedding_size": 3}


def translated():
    tokens = {"encoder": ENCODER, "pooling": "none", "vocab_size": 7, "embedding_size": 3, "output_size": 6}
    return zoo.SequenceToSequence(tokens, decoder=DECODER)


CASES = {
    "sequence_classifier": (lambda: zoo.SequenceClassifier(CLASSES), {**SEQUENCES, "y": whole(B)}),
    "sequence_classifier, smooth": (
        lambda: zoo.SequenceClassifier(CLASSES, label_smoothing=0.2),
        {**SEQUENCES, "y": whole(B)},
    ),
    "sequence_classifier, of steps": (
        lambda: zoo.SequenceClassifier(network(output_size=4), label_smoothing=0.2),
        {**SEQUENCES, "y": stepwise(whole(B, T))},
    ),
    "sequence_regressor": (
        lambda: zoo.SequenceRegressor(network("mean", output_size=2)),
        {**SEQUENCES, "y": random(B, 2)},
    ),
    "sequence_regressor, of steps": (
        lambda: zoo.SequenceRegressor(network(output_size=2)),
        {**SEQUENCES, "y": random(B, T, 2)},
    ),
    "sequence_tagger": (
        lambda: zoo.SequenceTagger(network(output_size=4)),
        {**SEQUENCES, "y": stepwise(whole(B, T))},
    ),
    "sequence_tagger, crf": (
        lambda: zoo.SequenceTagger(network(output_size=4), crf=True),
        {**SEQUENCES, "y": stepwise(whole(B, T))},
    ),
    "multi_label": (
        lambda: zoo.MultiLabel(network(output_size=4)),
        {**SEQUENCES, "y": whole(B, T, 4, below=2)},
    ),
    "multi_label, of sequences": (
        lambda: zoo.MultiLabel(network("max", output_size=4)),
        {**SEQUENCES, "y": whole(B, 4, below=2)},
    ),
    "pair_classifier": (
        lambda: zoo.PairClassifier(network("max", pairs=True, output_size=4)),
        {**SEQUENCES, "second": random(B, 3, I), "y": whole(B)},
    ),
    "ctc": (
        lambda: zoo.CTC(network(output_size=4)),
        {"x": X, "y": torch.tensor([[1, 2], [3, -100], [1, 1], [2, 3], [1, 2], [3, 1]])},
    ),
    "sequence_to_sequence": (
        translated,
        {"x": whole(B, T, below=7), "lengths": LENGTHS, "y": stepwise(whole(B, 3, below=6))},
    ),
    "forecaster": (
        lambda: zoo.Forecaster(
            network("last", input_size=1 + 2, output_size=2), forecast={"horizon": 2, "targets": 1}
        ),
        {"x": random(B, T, 2), "y": random(B, 2, 1)},
    ),
}


def double(make):
    """A task of a case in double precision, that logs and counts nothing."""
    torch.manual_seed(0)
    task = make().double().train()
    task.log = task._count = lambda *_, **__: None
    return task


def measured(task, batch):
    """The training loss of a batch, and its gradients."""
    task.zero_grad()
    loss = task._step(task._contract.check(batch, predicting=False, values=True), "train")
    loss.backward()
    return loss, [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in task.parameters()]


def chosen(batch, numbers):
    return {name: part[numbers] for name, part in batch.items()}


@pytest.mark.parametrize("case", CASES)
def test_a_weight_says_how_often_an_item_is_there(case):
    make, batch = CASES[case]
    task = double(make)
    repeated = torch.repeat_interleave(torch.arange(B), WEIGHT)
    expected, gradients = measured(task, chosen(batch, repeated))
    for weight in (WEIGHT.double(), WEIGHT, 0.25 * WEIGHT):
        loss, found = measured(task, {**batch, "weight": weight})
        torch.testing.assert_close(loss, expected, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(found, gradients, rtol=1e-10, atol=1e-12)
    assert max(float(each.abs().max()) for each in gradients) > 1e-3


@pytest.mark.parametrize("case", CASES)
def test_equal_weights_change_nothing_and_none_at_all_teach_nothing(case):
    make, batch = CASES[case]
    task = double(make)
    expected, gradients = measured(task, batch)
    loss, found = measured(task, {**batch, "weight": torch.full((B,), 3.0)})
    torch.testing.assert_close(loss, expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(found, gradients, rtol=1e-10, atol=1e-12)
    loss, found = measured(task, {**batch, "weight": torch.zeros(B)})
    assert loss.item() == 0
    assert all(bool((gradient == 0).all()) for gradient in found)


def test_every_task_weighs_items_or_refuses_to():
    cases = {case.partition(",")[0] for case in CASES}
    for name in TASKS.names():
        assert TASKS[name].weighs_items == (name in cases), name


@pytest.mark.parametrize("case", CASES)
def test_what_is_logged_of_validation_and_test_is_not_weighed(case):
    make, batch = CASES[case]
    task, losses = double(make).eval(), []
    task.log = lambda name, value, **_: losses.append(float(value))
    task._trainer = pl.Trainer(logger=False, enable_checkpointing=False)
    for weight in ({}, {"weight": WEIGHT}):
        task._step({**batch, **weight}, "train")
        for stage in ("val", "test"):
            task._step({**batch, **weight}, stage)
    own = len(losses) // 2
    assert losses[0] != losses[own]
    assert losses[1:own] == losses[own + 1 :]


def test_class_weights_count_the_weights_of_items(tmp_path):
    """Balanced classes: those of the data in which each item is as often as its weight says."""
    x, y, weight = X, whole(B, below=2), WEIGHT
    repeated = torch.repeat_interleave(torch.arange(B), weight)
    found = balanced_weights([y], 2, [weight])
    assert found.tolist() == pytest.approx(balanced_weights([y[repeated]], 2).tolist())
    ends = []
    for batch in ({"x": x, "y": y, "weight": weight}, chosen({"x": x, "y": y}, repeated)):
        pl.seed_everything(1, verbose=False)
        options = {"class_weights": "balanced", "label_smoothing": 0.1}
        task = zoo.SequenceClassifier(network("last", output_size=2), **options)
        trainer = pl.Trainer(max_epochs=2, precision="64-true", **QUIET)
        trainer.fit(task, Data(batch))
        ends.append(torch.cat([parameter.detach().flatten() for parameter in task.parameters()]))
    torch.testing.assert_close(*ends, rtol=1e-9, atol=1e-9)


class Data(pl.LightningDataModule):
    """Serves one batch."""

    def __init__(self, batch):
        super().__init__()
        self.batch = batch

    def train_dataloader(self):
        return DataLoader([self.batch], batch_size=None)

    val_dataloader = train_dataloader


class Gradients(Callback):
    """Keeps the gradients of each step."""

    def __init__(self):
        self.kept = []

    def on_before_optimizer_step(self, trainer, pl_module, optimizer):
        self.kept.append(torch.cat([p.grad.flatten() for p in pl_module.parameters() if p.grad is not None]))


def test_accumulated_batches_count_alike_whatever_their_weights(tmp_path):
    """What is said of accumulation: the mean of the weighted means of the batches."""
    batch = {"x": X.float(), "y": whole(B), "weight": WEIGHT.float()}
    parts = [chosen(batch, slice(0, 3)), chosen(batch, slice(3, 6))]
    found = []
    for accumulated in (1, 2):
        pl.seed_everything(1, verbose=False)
        task, kept = zoo.SequenceClassifier(CLASSES, {"name": "SGD", "lr": 1e-12}), Gradients()
        trainer = pl.Trainer(
            max_epochs=1, accumulate_grad_batches=accumulated, callbacks=[kept], limit_val_batches=0, **QUIET
        )
        trainer.fit(task, DataLoader(parts, batch_size=None), DataLoader(parts, batch_size=None))
        found.append(kept.kept)
    (each, together) = found
    torch.testing.assert_close(together[0], (each[0] + each[1]) / 2)


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf")])
def test_weights_that_are_none_are_refused(wrong):
    task = zoo.SequenceClassifier(CLASSES)
    weight = torch.ones(B)
    weight[2] = wrong
    with pytest.raises(ValueError, match=re.escape("got weight with values from ")) as caught:
        task._contract.check({**SEQUENCES, "x": X.float(), "y": whole(B), "weight": weight}, False, True)
    assert "weight (B,) of numbers of at least 0" in str(caught.value)


def test_a_task_that_weighs_nothing_refuses_weights():
    task = zoo.LanguageModel(zoo.ModelSpec(encoder=zoo.StackSpec(cell="gru"), vocab_size=7, output_size=7))
    tokens = whole(B, T, below=7)
    with pytest.raises(ValueError, match=r"got weight in .*expected none: a row is a part of a stream"):
        task._contract.check({"x": tokens, "y": tokens, "weight": WEIGHT}, False, True)


class Own(zoo.Task):
    """A task of a user's own, which knows nothing of weights."""

    output = "output_size"

    def metrics(self, output_size):
        raise NotImplementedError

    def _count_with(self, metrics):
        pass

    def _build(self):
        self.model = self.build_model()
        self._contract = self.contract()

    def _step(self, batch, stage):
        return self.predictions(batch).sum()


def test_a_task_of_ones_own_refuses_them_too():
    task = Own(network("last", output_size=2))
    with pytest.raises(ValueError, match=r"Own got weight in .*expected data without weights, for this task"):
        task._contract.check({"x": X.float(), "weight": WEIGHT}, False, True)


def test_an_item_of_no_weight_may_cost_anything():
    losses = torch.tensor([1.0, torch.inf, 3.0])
    assert weighted_mean(losses, torch.tensor([1.0, 0.0, 1.0])) == (2, 2)
