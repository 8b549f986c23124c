"""Bad batches, at a known step: what is found, what stays as it was, how the fit goes on."""

import copy
import logging
import math
import pickle
import re
import weakref

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from torch import nn
from torch.utils.data import DataLoader

from tests.callbacks.modules import (
    FEW_WORKERS,
    INF,
    NAN,
    Linear,
    Manual,
    TwoOptimizers,
    batches,
    half_precision,
    trainer,
)
from zoo import GradientClipping, GradientHistogram, NonFiniteError, NonFiniteGuard
from zoo.callbacks.nonfinite.locate_nonfinite import say_loss
from zoo.callbacks.nonfinite.microbatch_losses import MicrobatchLosses
from zoo.runs.events import read_events
from zoo.runs.gradient_records import read_gradients

pytestmark = FEW_WORKERS
GOOD, LAST = [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]
BAD = {"NaN": [NAN, 0.0, 0.0], "infinity": [0.0, 0.0, INF]}


def adam(parameters, lr):
    return torch.optim.AdamW(parameters, lr=lr, weight_decay=0.1)


def fit(tmp_path, module, data, *callbacks, **options):
    run = trainer(tmp_path, *callbacks, **options)
    run.fit(module, batches(*data))
    return run


def kinds(tmp_path):
    return [event.kind for event in read_events(tmp_path / "events.jsonl")]


def finite(checkpoint):
    states = [each for state in checkpoint["optimizer_states"] for each in state["state"].values()]
    moments = [value for state in states for value in state.values()]
    return all(value.isfinite().all() for value in [*checkpoint["state_dict"].values(), *moments])


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize("optimizer", [torch.optim.SGD, adam, torch.optim.LBFGS, torch.optim.Adagrad])
def test_a_bad_batch_stops_the_fit_before_it_changes_anything(tmp_path, bad, optimizer):
    module, clean = Linear(optimizer), Linear(optimizer)
    with pytest.raises(NonFiniteError, match=r"^step 1: .*GradientClipping with max_norm: 1\.0"):
        fit(tmp_path, module, [GOOD, bad, LAST], NonFiniteGuard())
    fit(tmp_path, clean, [GOOD])
    assert module.weights().tolist() == clean.weights().tolist()
    assert kinds(tmp_path) == ["nonfinite", "stop"]


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize("optimizer", [torch.optim.SGD, adam, torch.optim.LBFGS, torch.optim.Adagrad])
def test_with_skip_the_fit_is_the_one_without_the_bad_batches(tmp_path, bad, optimizer):
    module, clean, guard = Linear(optimizer), Linear(optimizer), NonFiniteGuard("skip")
    run = fit(tmp_path, module, [GOOD, bad, bad, LAST], guard)
    other = fit(tmp_path, clean, [GOOD, LAST])
    assert module.weights().tolist() == clean.weights().tolist()
    assert guard.skipped == 2
    assert kinds(tmp_path) == ["nonfinite", "skip"] * 2
    for mine, theirs in zip(run.optimizers, other.optimizers, strict=True):
        mine, theirs = (each.state_dict()["state"].get(0, {}) for each in (mine, theirs))
        assert mine.pop("func_evals", 0) >= theirs.pop("func_evals", 0)
        torch.testing.assert_close(mine, theirs)


@pytest.mark.parametrize("action", ["skip", "rollback"])
def test_a_run_without_bad_batches_is_bitwise_the_same(tmp_path, action):
    guarded, free = Linear(adam), Linear(adam)
    fit(tmp_path, guarded, [GOOD, LAST] * 5, NonFiniteGuard(action))
    fit(tmp_path, free, [GOOD, LAST] * 5)
    assert guarded.moves == free.moves
    assert not (tmp_path / "events.jsonl").exists()


def test_rollback_returns_to_the_state_the_fit_began_with_and_halves_the_rate(tmp_path):
    module, guard = Linear(), NonFiniteGuard("rollback")
    run = fit(tmp_path, module, [GOOD, [NAN, 0.0, 0.0], LAST], guard)
    assert module.weights().tolist() == [-2.0, -2.5, -3.0]  # half of LAST, and nothing of GOOD
    assert run.optimizers[0].param_groups[0]["lr"] == 0.5
    assert guard.rollbacks == 1
    found, done = read_events(tmp_path / "events.jsonl")
    assert (found.step, found.kind, done.kind) == (1, "nonfinite", "rollback")
    assert "the state that the fit began with, learning rate 0.5, rollback 1 of 3" in done.text


def test_rollback_returns_to_the_newest_checkpoint_and_rates_shrink_each_time(tmp_path):
    module, guard = Linear(), NonFiniteGuard("rollback", learning_rate_factor=0.1)
    saves = ModelCheckpoint(tmp_path, every_n_train_steps=2, save_last=True)
    bad = [NAN, 0.0, 0.0]
    data = [GOOD, GOOD, LAST, bad, bad, LAST]  # the second bad step saves before it, and after the rollback
    run = fit(tmp_path, module, data, saves, guard, enable_checkpointing=True)
    # Two steps with GOOD, back to them twice (once from the file that the first rollback led to), then LAST.
    expected = -2 * torch.tensor(GOOD) - 0.01 * torch.tensor(LAST)
    torch.testing.assert_close(module.weights(), expected)
    assert run.optimizers[0].param_groups[0]["lr"] == pytest.approx(0.01)
    assert "last.ckpt" in list(read_events(tmp_path / "events.jsonl"))[1].text


def test_rollbacks_are_bounded_and_then_it_stops(tmp_path):
    module = Linear()
    guard = NonFiniteGuard("rollback", max_rollbacks=2)
    with pytest.raises(NonFiniteError, match=r"stopped after 2 rollbacks"):
        fit(tmp_path, module, [GOOD, *[[NAN, 0.0, 0.0]] * 3, LAST], guard)
    assert module.weights().tolist() == [0.0, 0.0, 0.0]
    assert kinds(tmp_path) == ["nonfinite", "rollback"] * 2 + ["nonfinite", "stop"]


def test_skips_in_a_row_are_bounded_and_good_steps_begin_anew(tmp_path):
    bad = [NAN, 0.0, 0.0]
    guard = NonFiniteGuard("skip", max_skips_in_a_row=2)
    fit(tmp_path, Linear(), [bad, bad, GOOD, bad, bad], guard)
    with pytest.raises(NonFiniteError, match=r"stopped after 6 skips"):
        fit(tmp_path, Linear(), [bad] * 3, guard)


class Scheduled(Linear):
    """The rate shrinks tenfold with each step, and each scheduler of torch does it its own way."""

    def __init__(self, schedule):
        super().__init__()
        self.schedule = schedule

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=1.0)
        return [optimizer], [{"scheduler": self.schedule(optimizer), "interval": "step"}]


def sequential(optimizer):
    steps = torch.optim.lr_scheduler
    parts = [steps.ConstantLR(optimizer, 0.5, 2), steps.StepLR(optimizer, 1, 0.1)]
    return steps.SequentialLR(optimizer, parts, [1])


SCHEDULES = {
    "step": lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5),
    "lambda": lambda optimizer: torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step)),
    "cosine": lambda optimizer: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 4, 0.2),
    "cycle": lambda optimizer: torch.optim.lr_scheduler.OneCycleLR(optimizer, 2.0, total_steps=9),
    "sequence": sequential,
}


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
def test_the_whole_schedule_stays_smaller(tmp_path, schedule):
    plain, rolled = Scheduled(schedule), Scheduled(schedule)
    first = fit(tmp_path, plain, [GOOD] * 3)
    second = fit(tmp_path, rolled, [[NAN, 0.0, 0.0], *[GOOD] * 3], NonFiniteGuard("rollback"))
    expected = first.optimizers[0].param_groups[0]["lr"] / 2
    assert second.optimizers[0].param_groups[0]["lr"] == pytest.approx(expected)
    torch.testing.assert_close(rolled.weights(), plain.weights() / 2)


def test_accumulated_gradients_are_left_out_together(tmp_path):
    module, guard = Linear(), NonFiniteGuard("skip")
    fit(tmp_path, module, [GOOD, GOOD, [NAN, 0.0, 0.0], GOOD, LAST, LAST], guard, accumulate_grad_batches=2)
    assert module.weights().tolist() == [-5.0, -7.0, -9.0]
    assert guard.skipped == 1


def test_manual_optimisation_is_checked_at_each_of_its_steps(tmp_path):
    module, guard = Manual(chunks=3), NonFiniteGuard("skip")
    fit(tmp_path, module, [GOOD, [NAN, 0.0, 0.0]], guard)
    assert module.weights().tolist() == [-3.0, -6.0, -9.0]
    assert guard.skipped == 3
    module, guard = Manual(chunks=3), NonFiniteGuard("rollback")
    fit(tmp_path, module, [GOOD, [NAN, 0.0, 0.0], LAST], guard)
    assert module.weights().tolist() == [-6.0, -7.5, -9.0]
    assert guard.rollbacks == 1  # one for the whole batch


def test_with_two_optimisers_only_the_one_that_is_hit_is_left_out(tmp_path):
    class OwnMicrobatchLosses(TwoOptimizers):
        def training_step(self, batch, index):
            for optimizer, part in zip(self.optimizers(), (slice(0, 2), slice(2, 3)), strict=True):
                optimizer.zero_grad()
                self.manual_backward((torch.cat([self.first, self.second])[part] * batch[part]).sum())
                optimizer.step()

    module, guard = OwnMicrobatchLosses(), NonFiniteGuard("skip")
    fit(tmp_path, module, [GOOD, [1.0, 1.0, NAN]], guard)
    assert module.weights().tolist() == [-2.0, -3.0, -3.0]
    assert guard.skipped == 1


class BadLoss(Linear):
    """The loss alone is infinite, and its gradient finite."""

    def loss(self, batch):
        return super().loss(batch) + (INF if batch[0] == 7 else 0.0)


@pytest.mark.parametrize(("accumulate", "place"), [(1, ""), (2, " in micro-batch 1 of 2")])
def test_a_bad_loss_with_good_gradients_is_found(tmp_path, accumulate, place):
    module = BadLoss()
    with pytest.raises(NonFiniteError, match=f"step 0: the loss is infinite{place}; stopped"):
        fit(tmp_path, module, [[7.0, 0.0, 0.0], GOOD], NonFiniteGuard(), accumulate_grad_batches=accumulate)
    assert module.weights().tolist() == [0.0, 0.0, 0.0]


class Breaks(torch.autograd.Function):
    """Passes values on, and NaN back."""

    @staticmethod
    def forward(context, value):
        return value.clone()

    @staticmethod
    def backward(context, gradient):
        return gradient * NAN


class Deep(pl.LightningModule):
    """Three layers with a running mean; what breaks, and where, depends on the first number of a batch."""

    def __init__(self, compiled=False, tied=False):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])
        self.norm = nn.BatchNorm1d(2)
        self.frozen = nn.Parameter(torch.ones(2), requires_grad=False)
        self.empty = nn.Parameter(torch.zeros(0))
        self.register_buffer("mask", torch.tensor([0.0, -INF]))
        if tied:
            self.layers[2].weight = self.layers[0].weight
        self.run = torch.compile(self.layers[1], backend="eager") if compiled else self.layers[1]

    def training_step(self, batch, index):
        x = self.layers[0](batch)
        x = self.run(x * 1e38 * 1e38 if batch[0, 0] == 7 else x)
        x = Breaks.apply(x) if batch[0, 0] == 8 else x
        return self.norm(self.layers[2](x)).square().mean() + (x[0, 0] * NAN if batch[0, 0] == 9 else 0.0)

    def configure_optimizers(self):
        return torch.optim.Adam([p for p in self.parameters() if p.requires_grad], lr=0.1)


def deep_batches(*numbers):
    spread = torch.arange(8).view(4, 2) * 0.1
    return DataLoader([number + spread * (spread > 0) for number in map(float, numbers)], batch_size=None)


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")  # torch.compile looks at it
@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("tied", [False, True])
def test_the_layer_in_which_it_began_is_named(tmp_path, compiled, tied):
    sentences = {
        7: r"step 2: the loss is NaN, the first output .* is that of (layer 2 \(layers\.1|run \(run)\)",
        8: r"step 2: the gradient of layer 2 is NaN \(parameter layers\.1\.weight; [34] of \d parameters",
        9: r"step 2: the loss is NaN, the outputs of all layers are finite",
    }
    for number, sentence in sentences.items():
        module = Deep(compiled, tied)
        with pytest.raises(NonFiniteError, match=sentence):
            trainer(tmp_path, NonFiniteGuard()).fit(module, deep_batches(1, 2, number, 3))
        assert all(value.isfinite().all() for value in module.parameters())


@pytest.mark.parametrize("precision", ["32-true", "bf16-true", "bf16-mixed"])
@pytest.mark.parametrize("action", ["skip", "rollback"])
def test_running_means_recover_too(tmp_path, action, precision):
    module = Deep()
    run = trainer(tmp_path, NonFiniteGuard(action), precision=precision)
    run.fit(module, deep_batches(1, 7, 2, NAN, 3))
    assert module.norm.running_mean.isfinite().all()
    assert module.norm.num_batches_tracked == (3 if action == "skip" else 1)
    assert all(value.isfinite().all() for value in module.parameters())


def test_a_batch_that_holds_nan_is_named_as_the_cause(tmp_path):
    with pytest.raises(NonFiniteError, match="the batch itself holds NaN or infinity"):
        trainer(tmp_path, NonFiniteGuard()).fit(Deep(), deep_batches(1, NAN))


@pytest.mark.parametrize(
    ("numbers", "said", "unsaid"),
    [
        ((1, 7, 2), "the loss is NaN in micro-batch 2 of 3, the gradient of", "output|batch itself"),
        ((1, NAN, 2), "the loss is NaN in micro-batch 2 of 3.*the batch itself holds NaN", "output"),
        (
            (1, 2, 7),
            "the loss is NaN in micro-batch 3 of 3, the first output.*that of layer 2",
            "batch itself",
        ),
        (
            (7, 2, 7),
            "the loss is NaN in micro-batch 3 of 3, the first output.*that of layer 2",
            "batch itself",
        ),
        ((1, 8, 2), "the gradient of layer 2 is NaN", "loss|output|batch itself"),
    ],
)
def test_the_micro_batch_in_which_it_began_is_named(tmp_path, numbers, said, unsaid):
    run = trainer(tmp_path, NonFiniteGuard(), accumulate_grad_batches=3)
    with pytest.raises(NonFiniteError, match=f"step 1: {said}") as caught:
        run.fit(Deep(), deep_batches(1, 2, 3, *numbers))
    assert not re.search(unsaid, str(caught.value))


def test_a_loss_of_an_earlier_batch_or_of_another_process_is_told_as_such():
    losses, good = MicrobatchLosses(), torch.ones(())
    losses.add(good * NAN, "first batch")
    losses.let_go()
    losses.add(good, "second batch")
    assert math.isnan(float(losses.total))
    assert say_loss(losses.culprit(NAN, processes=1)) == "the loss is NaN in an earlier batch"
    assert say_loss(losses.culprit(INF, processes=2)) == "the loss is infinite in another process"
    losses.clear()
    assert losses.total == 0


class StepsItself(Manual):
    """Updates without telling the Trainer, so that no callback hears of it."""

    def training_step(self, batch, index):
        optimizer = self.optimizers(use_pl_optimizer=False)
        optimizer.zero_grad()
        self.manual_backward(self.loss(batch))
        optimizer.step()


def test_batches_do_not_pile_up_where_no_update_is_told(tmp_path):
    class Counts(pl.Callback):
        def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
            seen.append(weakref.ref(batch))

        def on_train_batch_end(self, *_):
            alive.append(sum(each() is not None for each in seen))

    seen, alive = [], []
    fresh = DataLoader(range(8), batch_size=None, collate_fn=lambda _: torch.tensor(GOOD))
    trainer(tmp_path, NonFiniteGuard(), Counts()).fit(StepsItself(), fresh)
    assert max(alive) <= 2  # the batch in progress, and the one that is fetched ahead


def test_a_gradient_scaler_may_look_for_its_scale(tmp_path):
    module, precision = GradientAlone(), half_precision()
    fit(tmp_path, module, [[NAN, 0.0, 0.0], GOOD], NonFiniteGuard(), plugins=precision)
    assert module.weights().tolist() == [-1.0, -2.0, -3.0]
    assert precision.scaler.get_scale() == 512


def test_under_a_gradient_scaler_a_bad_loss_counts_and_the_scaler_comes_back(tmp_path):
    module, guard = BadLoss(), NonFiniteGuard("rollback")
    precision = half_precision()
    fit(tmp_path, module, [GOOD, [7.0, 0.0, 0.0], LAST], guard, plugins=precision)
    assert module.weights().tolist() == [-2.0, -2.5, -3.0]
    assert guard.rollbacks == 1
    assert precision.scaler.get_scale() == 1024


def test_a_scaler_that_has_come_down_to_one_is_no_excuse(tmp_path):
    bad = [NAN, 0.0, 0.0]
    with pytest.raises(NonFiniteError, match=r"step 2: .*gradient"):
        fit(tmp_path, GradientAlone(), [bad] * 5, NonFiniteGuard(), plugins=half_precision(4.0))


class GradientAlone(Linear):
    """The gradient is the batch, and the loss 0."""

    def loss(self, batch):
        linear = super().loss(batch.nan_to_num())
        wrong = Breaks.apply(self.first).sum() if batch.isnan().any() else 0.0
        return linear + 0 * wrong


class Overflows(Linear):
    """A finite gradient, which the learning rate makes overflow."""

    def __init__(self):
        super().__init__(lr=1e30)


def test_weights_that_overflow_are_found_before_a_checkpoint_is_written(tmp_path):
    huge = [1e20, 0.0, 0.0]
    saves = ModelCheckpoint(tmp_path / "kept", every_n_train_steps=1, save_last=True)
    with pytest.raises(
        NonFiniteError, match=r"step 2: first holds NaN or infinity since the update before|model holds"
    ):
        fit(
            tmp_path,
            Overflows(),
            [[0.0] * 3, huge, GOOD],
            saves,
            NonFiniteGuard("skip"),
            enable_checkpointing=True,
        )
    assert finite(torch.load(tmp_path / "kept/last.ckpt", weights_only=True))


def test_a_checkpoint_with_infinite_weights_is_refused(tmp_path):
    class Damages(pl.Callback):
        def on_train_batch_end(self, trainer, pl_module, *others):
            with torch.no_grad():
                pl_module.second.fill_(INF)

    saves = ModelCheckpoint(tmp_path / "kept", every_n_train_steps=1, save_last=True)
    with pytest.raises(NonFiniteError, match="holds NaN or infinity"):
        fit(
            tmp_path,
            Linear(),
            [GOOD, GOOD, GOOD],
            NonFiniteGuard(),
            Damages(),
            saves,
            enable_checkpointing=True,
        )
    assert not list((tmp_path / "kept").glob("*"))


def test_weights_that_overflow_are_rolled_back(tmp_path):
    module, guard = Overflows(), NonFiniteGuard("rollback")
    fit(tmp_path, module, [[1e-30, 0.0, 0.0], [1e20, 0.0, 0.0], [2e-30, 0.0, 0.0]], guard)
    assert guard.rollbacks == 1
    assert module.weights()[0].item() == pytest.approx(-1.0)


def test_a_damaged_or_infinite_checkpoint_is_passed_over(tmp_path):
    class Damages(pl.Callback):
        def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
            paths = sorted((tmp_path / "kept").glob("*.ckpt"))
            if batch_idx == 2:
                paths[1].write_bytes(b"half a checkpoint")

    module, guard = Linear(), NonFiniteGuard("rollback")
    saves = ModelCheckpoint(tmp_path / "kept", every_n_train_steps=1, save_top_k=-1, monitor="step")
    fit(tmp_path, module, [GOOD, GOOD, [NAN, 0.0, 0.0]], Damages(), saves, guard, enable_checkpointing=True)
    assert module.weights().tolist() == [-1.0, -2.0, -3.0]


@pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`")
def test_a_run_goes_on_from_a_checkpoint_after_a_rollback(tmp_path):
    saves = ModelCheckpoint(tmp_path / "kept", save_last=True)
    module = Linear(adam)
    data = [GOOD, [NAN, 0.0, 0.0], LAST]
    fit(tmp_path, module, data, saves, NonFiniteGuard("rollback"), enable_checkpointing=True)
    path = tmp_path / "kept/last.ckpt"
    assert finite(torch.load(path, weights_only=True))
    resumed, guard = Linear(adam), NonFiniteGuard("rollback")
    run = trainer(tmp_path, guard, max_epochs=2)
    run.fit(resumed, batches(*data), ckpt_path=path, weights_only=True)
    assert guard.rollbacks == 2
    # The second epoch begins with half the rate; its rollback goes back to where it began.
    assert run.optimizers[0].param_groups[0]["lr"] == 0.25


def test_counts_and_rates_reach_the_loggers(tmp_path):
    logger = CSVLogger(tmp_path, name="", version="")
    fit(tmp_path, Linear(), [GOOD, [NAN, 0.0, 0.0], LAST], NonFiniteGuard("skip"), logger=logger)
    text = (tmp_path / "metrics.csv").read_text()
    assert "guard/skipped" in text.splitlines()[0]
    assert "1.0" in text


def test_it_says_what_it_does(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, logger="zoo"):
        fit(tmp_path, Linear(), [GOOD, [0.0, 0.0, NAN], LAST], NonFiniteGuard("skip"))
    (said,) = [record.message for record in caplog.records]
    assert said.startswith("step 1: the loss is NaN, the gradient of second is NaN") or "step 1" in said
    assert said.endswith("this update was left out, 1 so far")


@pytest.mark.parametrize("guard_first", [True, False])
def test_histograms_see_what_is_wrong_and_clipping_does_not(tmp_path, guard_first):
    parts = [GradientClipping(max_norm=1.0), GradientHistogram(every_n_steps=1)]
    parts.insert(0 if guard_first else 2, NonFiniteGuard("skip"))
    module = Linear()
    fit(tmp_path, module, [[3.0, 0.0, 4.0], [NAN, 0.0, 0.0]], *parts)
    assert module.weights().tolist() == pytest.approx([-0.6, 0.0, -0.8])
    records = list(read_gradients(tmp_path / "gradients.jsonl"))
    assert sum(summary.nonfinite for summary in records[1].before.values()) == 1


def test_fits_may_follow_each_other_and_copies_are_free(tmp_path):
    guard = NonFiniteGuard("skip")
    for each in (guard, guard, copy.deepcopy(guard), pickle.loads(pickle.dumps(guard))):
        module = Deep()
        trainer(tmp_path, each).fit(module, deep_batches(1, 7, 2))
        assert not module.norm._forward_pre_hooks
        copy.deepcopy(module)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"max_rollbacks": 0}, "max_rollbacks is 0; expected at least 1"),
        ({"max_skips_in_a_row": 0}, "max_skips_in_a_row is 0"),
        ({"learning_rate_factor": math.nan}, "learning_rate_factor is nan"),
        ({"learning_rate_factor": 0.0}, "above 0, at most 1"),
    ],
)
def test_arguments_out_of_range_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        NonFiniteGuard(**options)
