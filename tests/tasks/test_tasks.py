"""What the three tasks compute, log, refuse and keep."""

import math

import lightning.pytorch as pl
import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import EMAWeightAveraging, StochasticWeightAveraging
from sklearn.metrics import accuracy_score, f1_score
from torch.nn import functional as F
from torch.utils.data import DataLoader

import zoo

TINY = zoo.StackSpec(cell="gru", hidden_size=6)


def trainer(tmp_path, **options):
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    return pl.Trainer(default_root_dir=tmp_path, accelerator="cpu", **(quiet | options))


def loader(batches):
    return DataLoader(batches, batch_size=None, num_workers=0)


def classifier(**changes):
    network = {"encoder": TINY, "pooling": "max", "input_size": 3, "output_size": 4}
    return zoo.SequenceClassifier(zoo.ModelSpec(**(network | changes)))


def classified(sizes, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [
        {
            "x": torch.randn(size, 5, 3, generator=generator),
            "y": torch.randint(0, 4, (size,), generator=generator),
            "lengths": torch.randint(1, 6, (size,), generator=generator),
        }
        for size in sizes
    ]


def test_classification_metrics_are_those_of_scikit_learn(tmp_path):
    torch.manual_seed(0)
    task, batches = classifier(), classified([8, 8, 3])
    results = trainer(tmp_path).test(task, loader(batches), verbose=False)[0]
    task.eval()
    logits = torch.cat([task(batch["x"], batch["lengths"]) for batch in batches]).detach()
    y = torch.cat([batch["y"] for batch in batches])
    guesses = logits.argmax(-1)
    assert results["test/accuracy"] == pytest.approx(accuracy_score(y, guesses))
    assert results["test/macro_f1"] == pytest.approx(f1_score(y, guesses, average="macro"))
    assert results["test/loss"] == pytest.approx(float(F.cross_entropy(logits, y)), abs=1e-5)


def test_one_class_for_each_step_ignores_what_it_should(tmp_path):
    task = classifier(pooling="none")
    y = torch.tensor([[0, 1, -100], [2, -100, -100]])
    x = torch.randn(2, 3, 3)
    results = trainer(tmp_path).test(task, loader([{"x": x, "y": y}]), verbose=False)[0]
    logits = task.eval()(x).detach()
    valid = y != -100
    assert results["test/accuracy"] == pytest.approx(accuracy_score(y[valid], logits.argmax(-1)[valid]))
    assert results["test/loss"] == pytest.approx(float(F.cross_entropy(logits[valid], y[valid])), abs=1e-6)


def test_targets_that_do_not_fit_the_pooling_are_refused(tmp_path):
    with pytest.raises(ValueError, match="expected pooling 'none' for one class per step"):
        trainer(tmp_path).test(classifier(pooling="none"), loader(classified([2])), verbose=False)


def test_regression_metrics(tmp_path):
    torch.manual_seed(0)
    network = zoo.ModelSpec(encoder=TINY, pooling="none", input_size=3, output_size=2)
    task = zoo.SequenceRegressor(network)
    batch = {"x": torch.randn(3, 5, 3), "y": torch.randn(3, 5, 2), "lengths": torch.tensor([5, 2, 1])}
    results = trainer(tmp_path).test(task, loader([batch]), verbose=False)[0]
    predictions = task.eval()(batch["x"], batch["lengths"]).detach()
    errors = np.concatenate(
        [(predictions - batch["y"])[row, :length].numpy() for row, length in enumerate([5, 2, 1])]
    )
    assert results["test/mse"] == pytest.approx(np.square(errors).mean(), rel=1e-5)
    assert results["test/mae"] == pytest.approx(np.abs(errors).mean(), rel=1e-5)
    assert results["test/loss"] == pytest.approx(results["test/mse"])


def language_model(**changes):
    network = {"encoder": TINY, "vocab_size": 7, "output_size": 7}
    return zoo.LanguageModel(zoo.ModelSpec(**(network | changes)))


def stream(batch_size=2, chunks=4, steps=5, seed=0):
    """A text in chunks, each row going on where it ended."""
    tokens = torch.randint(
        0, 7, (batch_size, chunks * steps + 1), generator=torch.Generator().manual_seed(seed)
    )
    return tokens, [
        {
            "x": tokens[:, k * steps : (k + 1) * steps],
            "y": tokens[:, k * steps + 1 : (k + 1) * steps + 1],
            "starts": torch.full((batch_size,), k == 0),
        }
        for k in range(chunks)
    ]


def test_perplexity_over_chunks_is_that_of_the_whole_text(tmp_path):
    torch.manual_seed(0)
    task = language_model()
    tokens, batches = stream()
    results = trainer(tmp_path).test(task, loader(batches), verbose=False)[0]
    logits = task.eval()(tokens[:, :-1]).detach()
    nats = float(F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten()))
    assert results["test/loss"] == pytest.approx(nats, abs=1e-5)
    assert results["test/perplexity"] == pytest.approx(math.exp(nats), rel=1e-5)
    assert results["test/bits_per_character"] == pytest.approx(nats / math.log(2), rel=1e-5)


def test_a_text_that_starts_anew_starts_from_the_initial_state(tmp_path):
    task = language_model()
    _, batches = stream(chunks=2)
    batches[1]["starts"] = torch.tensor([True, False])
    seen = trainer(tmp_path).predict(task, loader(batches))
    alone = task(batches[1]["x"]).log_softmax(-1)
    torch.testing.assert_close(seen[1][0], alone[0])
    assert not torch.allclose(seen[1][1], alone[1])


class States(pl.Callback):
    """Notes the state that each training step starts from."""

    def __init__(self):
        self.before = []

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        carried = pl_module._carried.get("train")
        self.before.append(None if carried is None else carried[0].h.clone())


def test_training_carries_its_state_detached_and_neither_validation_nor_the_sanity_check_leaks(tmp_path):
    torch.manual_seed(0)
    task, states = language_model(), States()
    _, batches = stream()
    _, others = stream(seed=1)
    fit = trainer(
        tmp_path, max_epochs=2, val_check_interval=2, callbacks=[states], enable_checkpointing=False
    )
    fit.fit(task, loader(batches), loader(others))
    assert states.before[0] is None  # after the sanity check
    assert states.before[4] is None  # a new epoch
    assert all(state is not None and not state.requires_grad for state in states.before[1:4])
    assert not torch.equal(states.before[1], states.before[2])


def test_the_state_in_a_checkpoint_is_where_training_goes_on(tmp_path):
    torch.manual_seed(0)
    _, batches = stream()
    fit = trainer(tmp_path, max_steps=2, enable_checkpointing=False, limit_val_batches=0)
    task = language_model()
    fit.fit(task, loader(batches), loader(batches))
    task._carried["train"] = task.model.initial_state(2)
    task._carried["train"][0].h.fill_(0.5)
    fit.save_checkpoint(tmp_path / "half.ckpt")
    plain = torch.load(tmp_path / "half.ckpt", weights_only=True)
    assert torch.equal(plain["carried_state"][0][0], torch.full((2, 6), 0.5))
    again = zoo.LanguageModel.load_from_checkpoint(tmp_path / "half.ckpt", weights_only=True)
    state = again._initial_state("train", 2, None)
    assert torch.equal(state[0].h, torch.full((2, 6), 0.5))
    assert torch.equal(again._initial_state("val", 2, None)[0].h, torch.zeros(2, 6))


@pytest.mark.parametrize("direction", ["bidirectional", "backward", "alternating"])
def test_a_language_model_refuses_an_encoder_that_sees_the_future(direction):
    encoder = zoo.StackSpec(hidden_size=4, num_layers=2, direction=direction)
    with pytest.raises(ValueError, match="left context"):
        language_model(encoder=encoder)


def test_a_language_model_predicts_every_step():
    with pytest.raises(ValueError, match="got pooling 'max', expected 'none'"):
        language_model(pooling="max")


TASKS = [
    classifier,
    lambda: zoo.SequenceRegressor(
        zoo.ModelSpec(encoder=TINY, pooling="mean", input_size=3, output_size=2),
        zoo.OptimizerSpec(name="SGD", lr=0.1, options={"momentum": 0.9}),
        zoo.ScheduleSpec(name="StepLR", options={"step_size": 3}),
    ),
    language_model,
]


@pytest.mark.parametrize("make", TASKS, ids=["classifier", "regressor", "language model"])
def test_a_checkpoint_is_plain_data_and_gives_the_same_model(make, tmp_path):
    torch.manual_seed(0)
    task = make()
    run = trainer(tmp_path)
    run.strategy.connect(task)
    run.save_checkpoint(tmp_path / "task.ckpt")
    again = type(task).load_from_checkpoint(tmp_path / "task.ckpt", weights_only=True)
    assert (again.network, again.optimizer, again.schedule) == (task.network, task.optimizer, task.schedule)
    for (name, old), (_, new) in zip(task.state_dict().items(), again.state_dict().items(), strict=True):
        assert torch.equal(old, new), name


def test_sizes_come_from_the_data(tmp_path):
    task = zoo.SequenceClassifier(zoo.ModelSpec(encoder=TINY, pooling="max"))
    trainer(tmp_path, fast_dev_run=True).fit(task, datamodule=zoo.Digits())
    assert (task.network.input_size, task.network.output_size) == (8, 10)
    assert task.hparams["network"]["output_size"] == 10


def test_sizes_that_contradict_the_data_are_refused(tmp_path):
    with pytest.raises(ValueError, match="input_size is 3, but the data has 8"):
        trainer(tmp_path, fast_dev_run=True).fit(classifier(), datamodule=zoo.Digits())


def test_optimiser_and_schedule_are_those_of_the_spec(tmp_path):
    task = TASKS[1]()
    made = task.configure_optimizers()
    assert type(made["optimizer"]) is torch.optim.SGD
    assert made["optimizer"].param_groups[0]["momentum"] == 0.9
    assert made["lr_scheduler"]["scheduler"].step_size == 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: zoo.OptimizerSpec(name="Adm"), "optimizer is 'Adm'; did you mean 'Adam'"),
        (lambda: zoo.OptimizerSpec(lr=-1.0), "lr is -1.0"),
        (lambda: zoo.OptimizerSpec(lr=float("nan")), "lr is nan"),
        (lambda: zoo.OptimizerSpec(weight_decay=-0.1), "weight_decay is -0.1"),
        (lambda: zoo.OptimizerSpec(name="SGD", options={"momntum": 1}), "did you mean 'momentum'"),
        (lambda: zoo.ScheduleSpec(name="StepLR"), "StepLR needs the option 'step_size'"),
        (lambda: zoo.ScheduleSpec(name="StepRL"), "did you mean 'StepLR'"),
    ],
)
def test_bad_optimisers_get_one_sentence(make, message):
    with pytest.raises(ValueError, match="expected") as caught:
        make()
    assert message in str(caught.value)


def test_weight_decay_spares_what_a_cell_spares():
    kept, spared = torch.nn.Parameter(torch.ones(1)), torch.nn.Parameter(torch.ones(1))
    optimizer = zoo.OptimizerSpec(name="SGD", lr=1.0, weight_decay=0.5).build([kept, spared], [spared])
    kept.grad, spared.grad = torch.zeros(1), torch.zeros(1)
    optimizer.step()
    assert (kept.item(), spared.item()) == (0.5, 1.0)


@pytest.mark.parametrize("name", ["AdamW", "SGD"])
def test_no_weight_decay_means_none(name):
    """AdamW's own default is 0.01."""
    optimizer = zoo.OptimizerSpec(name=name).build([torch.nn.Parameter(torch.ones(1))], [])
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.0]


def test_weight_decay_is_refused_where_the_optimiser_has_none():
    with pytest.raises(ValueError, match="LBFGS has none"):
        zoo.OptimizerSpec(name="LBFGS", weight_decay=0.1)


def test_a_monitor_is_refused_where_nothing_looks_at_it():
    with pytest.raises(ValueError, match="StepLR looks at no metric"):
        zoo.ScheduleSpec(name="StepLR", options={"step_size": 1}, monitor="val/accuracy")


def test_the_loss_of_an_epoch_weighs_batches_by_what_counts(tmp_path):
    task = classifier(pooling="none")
    few, many = torch.full((2, 5), -100), torch.randint(0, 4, (2, 5))
    few[0, 0] = 1
    batches = [{"x": torch.randn(2, 5, 3), "y": y} for y in (few, many)]
    results = trainer(tmp_path).test(task, loader(batches), verbose=False)[0]
    task.eval()
    logits = torch.cat([task(batch["x"]).flatten(0, 1) for batch in batches]).detach()
    y = torch.cat([few.flatten(), many.flatten()])
    assert results["test/loss"] == pytest.approx(float(F.cross_entropy(logits, y)), abs=1e-5)


def test_steps_beyond_the_end_of_a_sequence_count_for_nothing(tmp_path):
    task = classifier(pooling="none")
    x, y = torch.randn(2, 5, 3), torch.randint(0, 4, (2, 5))
    lengths = torch.tensor([5, 2])
    ignored = y.clone()
    ignored[1, 2:] = -100
    results = [
        trainer(tmp_path).test(task, loader([{"x": x, "y": each, "lengths": lengths}]), verbose=False)[0]
        for each in (y, ignored)
    ]
    assert results[0] == results[1]


def test_batches_of_different_lengths_are_counted_together(tmp_path):
    task = zoo.SequenceRegressor(zoo.ModelSpec(encoder=TINY, pooling="none", input_size=3, output_size=2))
    batches = [{"x": torch.randn(2, steps, 3), "y": torch.randn(2, steps, 2)} for steps in (5, 7)]
    assert trainer(tmp_path).test(task, loader(batches), verbose=False)[0]["test/mse"] > 0


def test_open_sizes_without_sized_data_get_one_sentence(tmp_path):
    task = zoo.SequenceClassifier(zoo.ModelSpec(encoder=TINY, pooling="max"))
    with pytest.raises(ValueError, match="cannot be built"):
        trainer(tmp_path).test(task, loader(classified([2])), verbose=False)


@pytest.mark.filterwarnings("ignore:.*does not have many workers")
@pytest.mark.parametrize(
    "average", [lambda: EMAWeightAveraging(decay=0.5), lambda: StochasticWeightAveraging(0.1, 1)]
)
def test_weights_of_a_network_that_the_data_sizes_can_be_averaged(tmp_path, average):
    task = zoo.SequenceRegressor({"encoder": TINY, "pooling": "last"})
    data = zoo.AddingProblem(length=4, batch_size=4, steps_per_epoch=3, val_size=4)
    ends = {}

    class Before(pl.Callback):
        def on_train_batch_end(self, trainer, module, *_):
            ends["trained"] = module.model.head.weight.detach().clone()

    options = {"max_epochs": 3, "enable_checkpointing": False, "limit_val_batches": 0}
    trainer(tmp_path, callbacks=[Before(), average()], **options).fit(task, data)
    assert not torch.equal(task.model.head.weight, ends["trained"])
