"""What GradientClipping does in a fit."""

import copy
import csv
import pickle
from pathlib import Path

import pytest
import torch
from lightning.pytorch.loggers import CSVLogger
from torch import nn

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
from zoo.callbacks.gradient_clipping import GradientClipping

pytestmark = FEW_WORKERS


def logged(logger):
    with Path(logger.log_dir, "metrics.csv").open() as file:
        return [{key: float(value) for key, value in row.items() if value} for row in csv.DictReader(file)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "neither"),
        ({"max_norm": 1.0, "max_value": 1.0}, "both"),
        ({"max_norm": 1.0, "min_value": -1.0}, "min_value does not belong to mode 'norm'"),
        ({"max_norm": -1.0}, "max_norm is -1.0; expected a number above 0"),
        ({"max_norm": 0.0}, "above 0"),
        ({"max_norm": NAN}, "above 0"),
        ({"max_value": -0.5}, "max_value is -0.5"),
        ({"max_value": NAN}, "above 0"),
        ({"max_value": 0.5, "min_value": 0.1}, "min_value is 0.1; expected a number below 0"),
        ({"max_value": 0.5, "min_value": NAN}, "below 0"),
    ],
)
def test_limits_that_make_no_sense_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        GradientClipping(**arguments)


def test_clipping_twice_is_refused_before_training(tmp_path):
    clipping = GradientClipping(max_norm=1.0)
    with pytest.raises(ValueError, match="drop gradient_clip_val"):
        trainer(tmp_path, clipping, gradient_clip_val=0.5).fit(Linear(), batches([1.0, 0.0, 0.0]))
    with pytest.raises(ValueError, match="keep one"):
        trainer(tmp_path, clipping, GradientClipping(max_value=1.0)).fit(Linear(), batches([1.0, 0.0, 0.0]))


def test_norm_and_value_reach_the_update(tmp_path):
    module = Linear()
    trainer(tmp_path, GradientClipping(max_norm=1.0)).fit(module, batches([3.0, 0.0, 4.0], [0.1, 0.2, 0.3]))
    assert module.moves[0] == pytest.approx([0.6, 0.0, 0.8])
    assert module.moves[1] == pytest.approx([0.1, 0.2, 0.3])
    module = Linear()
    clipping = GradientClipping(max_value=0.5, min_value=-0.25)
    trainer(tmp_path, clipping).fit(module, batches([3.0, -4.0, 0.125]))
    assert module.moves[0] == pytest.approx([0.5, -0.25, 0.125])
    module = Linear()
    trainer(tmp_path, GradientClipping(max_value=0.5)).fit(module, batches([3.0, -4.0, 0.125]))
    assert module.moves[0] == pytest.approx([0.5, -0.5, 0.125])


def test_accumulated_gradients_are_clipped_once(tmp_path):
    module = Linear()
    loader = batches([6.0, 0.0, 0.0], [0.0, 0.0, 8.0])
    trainer(tmp_path, GradientClipping(max_norm=1.0), accumulate_grad_batches=2).fit(module, loader)
    assert module.moves == [[0.0, 0.0, 0.0], pytest.approx([0.6, 0.0, 0.8])]


def test_each_step_of_manual_optimisation_is_clipped(tmp_path):
    module = Manual(chunks=3)
    trainer(tmp_path, GradientClipping(max_norm=1.0)).fit(module, batches([3.0, 0.0, 4.0]))
    assert module.moves == [pytest.approx([1.8, 0.0, 2.4])]


def test_each_optimiser_has_a_norm_of_its_own(tmp_path):
    module, logger = TwoOptimizers(), CSVLogger(tmp_path)
    fit = trainer(tmp_path, GradientClipping(max_norm=1.0), logger=logger)
    fit.fit(module, batches([3.0, 4.0, 0.5]))
    assert module.moves == [pytest.approx([0.6, 0.8, 0.5])]
    row = logged(logger)[0]
    assert row["gradient/norm_before/optimizer_0"] == pytest.approx(5.0)
    assert row["gradient/norm_before/optimizer_1"] == pytest.approx(0.5)
    assert row["gradient/clipped/optimizer_0"] == 1
    assert row["gradient/clipped/optimizer_1"] == 0


def test_norms_and_the_share_of_clipped_steps_are_logged(tmp_path):
    logger = CSVLogger(tmp_path)
    loader = batches([3.0, 0.0, 4.0], [0.1, 0.0, 0.0], [6.0, 0.0, 8.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.1])
    fit = trainer(tmp_path, GradientClipping(max_norm=1.0), logger=logger, log_every_n_steps=2)
    fit.fit(Linear(), loader)
    rows = logged(logger)
    assert [row["step"] for row in rows] == [1, 3]
    assert [row["gradient/norm_before"] for row in rows] == pytest.approx([0.1, 2.0])
    assert [row["gradient/norm_after"] for row in rows] == pytest.approx([0.1, 1.0])
    assert [row["gradient/clipped"] for row in rows] == [0.5, 1.0]
    assert [row["gradient/nonfinite"] for row in rows] == [0, 0]
    assert float(fit.callback_metrics["gradient/norm_before"]) == pytest.approx(2.0)


@pytest.mark.parametrize("micro_batches", [1, 4])
def test_the_share_of_clipped_steps_is_that_of_steps_not_of_micro_batches(tmp_path, micro_batches):
    logger = CSVLogger(tmp_path)
    steps = [[3.0, 0.0, 4.0], [0.0, 2.0, 0.0], [6.0, 0.0, 8.0], [0.1, 0.0, 0.0]] * 2
    loader = batches(*[step for step in steps for _ in range(micro_batches)])
    options = {"log_every_n_steps": 4, "accumulate_grad_batches": micro_batches}
    fit = trainer(tmp_path, GradientClipping(max_norm=1.0), logger=logger, **options)
    fit.fit(Linear(), loader)
    rows = logged(logger)
    assert [row["gradient/clipped"] for row in rows] == [0.75, 0.75]
    assert [row["gradient/norm_before"] for row in rows] == pytest.approx([0.1, 0.1])


def test_an_infinite_limit_watches_and_changes_nothing(tmp_path):
    module, logger = Linear(), CSVLogger(tmp_path)
    trainer(tmp_path, GradientClipping(max_norm=INF), logger=logger).fit(module, batches([3.0, 0.0, 4.0]))
    assert module.moves == [[3.0, 0.0, 4.0]]
    assert logged(logger)[0]["gradient/norm_before"] == 5


def test_gradients_that_are_not_finite_are_counted_logged_and_told(tmp_path):
    logger = CSVLogger(tmp_path)
    loader = batches([3.0, 0.0, 4.0], [NAN, 1.0, 1.0], [INF, 1.0, 1.0])
    with pytest.warns(UserWarning, match="NaN or infinite in 2 steps"):
        trainer(tmp_path, GradientClipping(max_norm=1.0), logger=logger).fit(Linear(), loader)
    assert [row["gradient/nonfinite"] for row in logged(logger)] == [0, 1, 2]


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("limits", [{"max_norm": 1.0}, {"max_value": 0.5}])
def test_half_precision_gradients_are_clipped_as_if_they_had_not_been_scaled(tmp_path, fused, limits):
    module, logger = Linear(fused=fused), CSVLogger(tmp_path)
    fit = trainer(tmp_path, GradientClipping(**limits), logger=logger, plugins=[half_precision()])
    fit.fit(module, batches([3.0, 0.0, 4.0], [0.25, 0.0, 0.125]))
    assert module.moves[0] == pytest.approx([0.6, 0.0, 0.8] if "max_norm" in limits else [0.5, 0.0, 0.5])
    assert module.moves[1] == pytest.approx([0.25, 0.0, 0.125])
    row = logged(logger)[0]
    assert row["gradient/norm_before"] == pytest.approx(5)
    assert row["gradient/norm_after"] == pytest.approx(1 if "max_norm" in limits else 0.5**0.5)


@pytest.mark.parametrize("fused", [False, True])
def test_an_overflow_still_reaches_the_gradient_scaler(tmp_path, fused):
    module, precision, logger = Linear(fused=fused), half_precision(1024.0), CSVLogger(tmp_path)
    fit = trainer(tmp_path, GradientClipping(max_norm=1.0), plugins=[precision], logger=logger)
    fit.fit(module, batches([INF, 1.0, 1.0], [3.0, 0.0, 4.0]))
    assert module.moves == [[0.0, 0.0, 0.0], pytest.approx([0.6, 0.0, 0.8])]
    assert precision.scaler.get_scale() == 512
    row = logged(logger)[-1]
    assert (row["gradient/scaler_skipped"], row["gradient/nonfinite"]) == (1, 0)


def test_what_no_scale_helps_against_is_no_business_of_the_scaler(tmp_path):
    logger = CSVLogger(tmp_path)
    options = {"plugins": [half_precision(4.0)], "logger": logger}
    fit = trainer(tmp_path, GradientClipping(max_norm=1.0), **options)
    with pytest.warns(UserWarning, match="NaN or infinite in 1 steps"):
        fit.fit(Linear(), batches(*[[NAN, 1.0, 1.0]] * 3))
    rows = logged(logger)
    assert [row["gradient/scaler_skipped"] for row in rows] == [1, 2, 2]
    assert [row["gradient/nonfinite"] for row in rows] == [0, 0, 1]


def test_mixed_and_true_bfloat16(tmp_path):
    for precision in ("bf16-mixed", "bf16-true"):
        module = Linear()
        trainer(tmp_path, GradientClipping(max_norm=1.0), precision=precision).fit(
            module, batches([3.0, 0.0, 4.0])
        )
        assert module.moves[0] == pytest.approx([0.6, 0.0, 0.8], rel=1e-2)


class Odd(Linear):
    """Tied, frozen, unused and empty parameters, and a sparse gradient whose rows repeat."""

    def __init__(self):
        super().__init__()
        self.tied = self.first
        self.frozen = nn.Parameter(torch.ones(2), requires_grad=False)
        self.unused = nn.Parameter(torch.ones(2))
        self.empty = nn.Parameter(torch.zeros(0))
        self.table = nn.Embedding(3, 1, sparse=True)

    def loss(self, batch):
        rows = self.table(torch.tensor([1, 1])).sum()
        return super().loss(batch) + self.empty.sum() + rows


def test_odd_parameters_are_clipped_or_left_alone_as_they_should(tmp_path):
    module = Odd()
    table = module.table.weight.detach().clone()
    # The embedding's row has gradient 2: the norm is that of (4, 4, 0) and 2, which is 6.
    trainer(tmp_path, GradientClipping(max_norm=3.0)).fit(module, batches([4.0, 4.0, 0.0]))
    assert module.moves[0] == pytest.approx([2.0, 2.0, 0.0])
    assert (table - module.table.weight.detach()).squeeze().tolist() == pytest.approx([0.0, 1.0, 0.0])
    assert module.unused.tolist() == [1.0, 1.0]


def test_fits_may_follow_each_other_and_copies_are_free(tmp_path):
    clipping = GradientClipping(max_norm=1.0)
    trainer(tmp_path, clipping).fit(Linear(), batches([3.0, 0.0, 4.0]))
    for copied in (clipping, copy.deepcopy(clipping), pickle.loads(pickle.dumps(clipping))):
        module = Linear()
        trainer(tmp_path, copied).fit(module, batches([3.0, 0.0, 4.0]))
        assert module.moves[0] == pytest.approx([0.6, 0.0, 0.8])


def test_validation_needs_no_clipping_and_is_not_refused(tmp_path):
    fit = trainer(tmp_path, GradientClipping(max_norm=1.0), gradient_clip_val=1.0)
    fit.validate(Validated(), batches([3.0, 0.0, 4.0]), verbose=False)
