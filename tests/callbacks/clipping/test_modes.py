"""The modes of GradientClipping in a fit, against the oracles."""

import copy
import csv
import math
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning.pytorch.loggers import CSVLogger
from oracles.clipping import by_percentile, by_unit, norm_over
from torch import nn

from callbacks.modules import (
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
from zoo.callbacks.clipping.modes import OptimizerStep
from zoo.callbacks.clipping.norm_history import NormHistory
from zoo.callbacks.gradient_clipping import GradientClipping

pytestmark = FEW_WORKERS

STEPS = [[3.0, 0.0, 4.0], [0.3, 0.0, 0.4], [1.0, 2.0, 2.0], [0.0, 0.1, 0.0], [6.0, 0.0, 8.0], [0.5, 0.0, 0.0]]


def logged(logger):
    with Path(logger.log_dir, "metrics.csv").open() as file:
        return [{key: float(value) for key, value in row.items() if value} for row in csv.DictReader(file)]


def moves_by_percentile(steps, percentile, history=None):
    clipped = by_percentile([[np.array(step)] for step in steps], percentile, history)
    return [pytest.approx(step[0].tolist(), rel=1e-5) for step in clipped]


class Layered(Linear):
    """The first two weights are in layer 1, the third is the head; one parameter group for each."""

    def __init__(self, weight=0.0, **options):
        super().__init__(**options)
        self.layers = nn.ModuleList([nn.Module()])
        self.layers[0].weight = self.first
        self.head = nn.Module()
        self.head.weight = self.second
        with torch.no_grad():
            self.first.fill_(weight)
        # Named once, in their layers.
        del self.first, self.second

    def loss(self, batch):
        return (self.layers[0].weight * batch[:2]).sum() + (self.head.weight * batch[2:]).sum()

    def weights(self):
        return torch.cat([self.layers[0].weight, self.head.weight]).detach().clone()

    def configure_optimizers(self):
        return torch.optim.SGD([{"params": [parameter]} for parameter in self.parameters()], **self.options)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"mode": "layr", "max_norm": 1.0}, "mode is 'layr'; did you mean 'layer'"),
        ({"mode": "layer"}, "mode 'layer' of GradientClipping got no max_norm"),
        ({"mode": "value"}, "got no max_value"),
        (
            {"mode": "unit", "max_norm": 1.0},
            "max_norm does not belong to mode 'unit' .* max_ratio, eps, exclude",
        ),
        ({"mode": "group", "max_norm": 1.0, "percentile": 5.0}, "percentile does not belong to mode 'group'"),
        ({"max_norm": 1.0, "eps": 0.1}, "eps does not belong to mode 'norm'"),
        ({"max_norm": 1.0, "percentile": 10.0}, "both max_norm and percentile"),
        ({"mode": "layer", "max_norm": NAN}, "max_norm is nan; expected a number above 0"),
        ({"max_ratio": -0.1}, "max_ratio is -0.1"),
        ({"max_ratio": NAN}, "above 0"),
        ({"mode": "unit", "eps": 0.0}, "eps is 0.0"),
        (
            {"mode": "unit", "exclude": "head"},
            r"exclude is 'head'; expected a list of layers, as in \[head\]",
        ),
        ({"percentile": 0.0}, "percentile is 0.0; expected a number above 0 and at most 100"),
        ({"percentile": 101.0}, "at most 100"),
        ({"percentile": NAN}, "at most 100"),
        ({"mode": "percentile", "history": 0}, "history is 0; expected an integer of at least 1"),
    ],
)
def test_options_that_make_no_sense_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        GradientClipping(**arguments)


@pytest.mark.parametrize(("mode", "name"), [("layer", "layer_1"), ("group", "group_1")])
def test_layers_and_groups_are_clipped_each_by_itself(tmp_path, mode, name):
    module, logger = Layered(), CSVLogger(tmp_path)
    fit = trainer(tmp_path, GradientClipping(mode=mode, max_norm=1.0), logger=logger)
    fit.fit(module, batches([3.0, 4.0, 0.5], [0.3, 0.4, 2.0], [0.3, 0.4, 0.5]))
    assert module.moves == [
        pytest.approx(move) for move in ([0.6, 0.8, 0.5], [0.3, 0.4, 1.0], [0.3, 0.4, 0.5])
    ]
    rows = logged(logger)
    assert [row["gradient/coefficient"] for row in rows] == pytest.approx([0.2, 0.5, 1.0])
    assert [row[f"{name}/gradient/coefficient"] for row in rows] == pytest.approx([0.2, 1.0, 1.0])
    assert [row["gradient/clipped"] for row in rows] == [1, 1, 0]
    assert rows[0]["gradient/norm_before"] == pytest.approx(math.sqrt(25.25))
    assert rows[0]["gradient/norm_after"] == pytest.approx(math.sqrt(1.25))


def test_the_layers_of_two_optimisers_are_logged_apart(tmp_path):
    logger = CSVLogger(tmp_path)
    fit = trainer(tmp_path, GradientClipping(mode="layer", max_norm=1.0), logger=logger)
    fit.fit(TwoOptimizers(), batches([3.0, 4.0, 0.5]))
    row = logged(logger)[0]
    assert row["model/gradient/coefficient/optimizer_0"] == pytest.approx(0.2)
    assert row["model/gradient/coefficient/optimizer_1"] == 1


def test_units_are_clipped_against_their_weights_and_the_head_is_not(tmp_path):
    module, logger = Layered(weight=3.0), CSVLogger(tmp_path)
    fit = trainer(tmp_path, GradientClipping(max_ratio=0.1), logger=logger)
    fit.fit(module, batches([3.0, 4.0, 9.0]))
    want = by_unit(np.array([3.0, 4.0]), np.array([3.0, 3.0]), 0.1).tolist()
    assert module.moves == [pytest.approx([*want, 9.0])]
    assert logged(logger)[0]["gradient/coefficient"] == pytest.approx(want[0] / 3)


def test_the_user_says_which_layers_are_excluded(tmp_path):
    module = Layered(weight=3.0)
    clipping = GradientClipping(mode="unit", max_ratio=0.1, eps=1.0, exclude=["layer 1"])
    trainer(tmp_path, clipping).fit(module, batches([3.0, 4.0, 9.0]))
    assert module.moves == [pytest.approx([3.0, 4.0, 0.1])]
    clipping = GradientClipping(mode="unit", exclude=["layer 2"])
    with pytest.raises(ValueError, match="exclude is 'layer 2'; did you mean 'layer 1'"):
        trainer(tmp_path, clipping).fit(Layered(), batches([3.0, 4.0, 9.0]))


def test_a_weight_that_the_head_shares_is_not_clipped_by_unit(tmp_path):
    module = Layered(weight=3.0)
    module.embedding = nn.Module()
    module.embedding.weight = module.head.weight
    trainer(tmp_path, GradientClipping(mode="unit")).fit(module, batches([0.0, 0.0, 9.0]))
    assert module.moves == [pytest.approx([0.0, 0.0, 9.0])]


@pytest.mark.parametrize("percentile", [10.0, 50.0, 100.0])
@pytest.mark.parametrize("history", [None, 2])
def test_the_limit_is_a_percentile_of_the_norms_so_far(tmp_path, percentile, history):
    module = Linear()
    clipping = GradientClipping(mode="percentile", percentile=percentile, history=history)
    trainer(tmp_path, clipping).fit(module, batches(*STEPS))
    assert module.moves == moves_by_percentile(STEPS, percentile, history)


def test_the_default_percentile_is_that_of_the_paper_and_clipping_is_counted_where_it_acts(tmp_path):
    module, logger = Linear(), CSVLogger(tmp_path)
    trainer(tmp_path, GradientClipping(mode="percentile"), logger=logger).fit(module, batches(*STEPS))
    assert module.moves == moves_by_percentile(STEPS, 10)
    rows = logged(logger)
    assert [row["gradient/clipped"] for row in rows] == [0, 0.0, 1, 0, 1, 1]
    after = [norm_over([np.array(move)]) for move in module.moves]
    assert [row["gradient/norm_after"] for row in rows] == pytest.approx(after, rel=1e-5)


def test_gradients_of_zero_are_no_trouble_to_any_mode(tmp_path):
    zeros = [[0.0, 0.0, 0.0]] * 3
    for options in ({"percentile": 10.0}, {"mode": "unit"}, {"mode": "layer", "max_norm": 1.0}):
        module = Linear()
        trainer(tmp_path, GradientClipping(**options)).fit(module, batches(*zeros))
        assert module.moves == zeros


def test_norms_that_are_not_finite_do_not_enter_the_history(tmp_path):
    steps = [STEPS[0], [NAN, 1.0, 1.0], STEPS[2], [INF, 0.0, 0.0], STEPS[4]]
    clipping = GradientClipping(percentile=50.0)
    module, logger = Linear(), CSVLogger(tmp_path)
    with pytest.warns(UserWarning, match="NaN or infinite in 2 steps"):
        trainer(tmp_path, clipping, logger=logger).fit(module, batches(*steps))
    assert logged(logger)[-1]["gradient/norm_after"] == pytest.approx(5)
    assert [row["gradient/nonfinite"] for row in logged(logger)] == [0, 1, 1, 2, 2]


ALL_MODES = [
    {"max_norm": 1.0},
    {"max_value": 0.5},
    {"mode": "layer", "max_norm": 1.0},
    {"mode": "group", "max_norm": 1.0},
    {"mode": "unit", "max_ratio": 0.1},
    {"mode": "percentile", "percentile": 30.0},
]


def moves_of(tmp_path, options, module, loader=None, **trainer_options):
    fit = trainer(tmp_path, GradientClipping(**options), **trainer_options)
    fit.fit(module, loader or batches(*STEPS))
    return module.moves


@pytest.mark.parametrize("options", ALL_MODES, ids=str)
@pytest.mark.parametrize("fused", [False, True])
def test_no_mode_sees_the_loss_scale(tmp_path, options, fused):
    scaled = moves_of(tmp_path, options, Layered(3.0, fused=fused), plugins=[half_precision()])
    plain = moves_of(tmp_path, options, Layered(3.0))
    assert scaled == [pytest.approx(move, rel=2e-3, abs=2e-3) for move in plain]
    assert plain != [pytest.approx(step) for step in STEPS]


@pytest.mark.parametrize("options", ALL_MODES, ids=str)
def test_every_mode_acts_once_on_accumulated_gradients(tmp_path, options):
    # Lightning divides the loss by the number of batches that are taken together.
    halves = batches(*[step for step in STEPS for _ in range(2)])
    moves = moves_of(tmp_path, options, Layered(3.0), halves, accumulate_grad_batches=2)
    assert moves[::2] == [[0.0, 0.0, 0.0]] * len(STEPS)
    assert moves[1::2] == [pytest.approx(move) for move in moves_of(tmp_path, options, Layered(3.0))]


@pytest.mark.parametrize("options", ALL_MODES, ids=str)
def test_every_mode_acts_on_each_step_of_manual_optimisation(tmp_path, options):
    manual = moves_of(tmp_path, options, Manual(chunks=1))
    assert manual == moves_of(tmp_path, options, Linear())


@pytest.mark.parametrize("options", ALL_MODES, ids=str)
def test_every_mode_can_be_copied_after_a_fit_without_the_model(tmp_path, options):
    clipping = GradientClipping(**options)
    trainer(tmp_path, clipping).fit(Linear(), batches(*STEPS))
    for copied in (copy.deepcopy(clipping), pickle.loads(pickle.dumps(clipping))):
        module = Linear()
        trainer(tmp_path, copied).fit(module, batches(*STEPS))
        assert module.moves == moves_of(tmp_path, options, Linear())
    assert b"Parameter" not in pickle.dumps(clipping)


class Odd(Linear):
    """Tied, frozen, unused and empty parameters, half precision, and a sparse gradient whose rows repeat."""

    def __init__(self):
        super().__init__()
        self.tied = self.first
        self.frozen = nn.Parameter(torch.ones(2), requires_grad=False)
        self.unused = nn.Parameter(torch.ones(2))
        self.empty = nn.ParameterList([torch.zeros(0), torch.zeros(0, 3), torch.zeros(3, 0)])
        self.coarse = nn.Parameter(torch.ones(2, 2, dtype=torch.bfloat16))
        self.table = nn.Embedding(3, 2, sparse=True)
        nn.init.constant_(self.table.weight, 10.0)

    def loss(self, batch):
        rows = self.table(torch.tensor([1, 1, 2])) * torch.tensor([3.0, 4.0])
        empty = sum(parameter.sum() for parameter in self.empty)
        return super().loss(batch) + empty + rows.sum() + self.coarse.float().sum()


@pytest.mark.parametrize("options", ALL_MODES, ids=str)
def test_odd_parameters_are_no_trouble_to_any_mode(tmp_path, options):
    module = Odd()
    trainer(tmp_path, GradientClipping(**options)).fit(module, batches([3.0, 4.0, 0.1]))
    assert all(parameter.isfinite().all() for parameter in module.parameters())
    assert module.unused.tolist() == module.frozen.tolist() == [1.0, 1.0]
    assert module.table.weight[0].tolist() == [10.0, 10.0]


def test_the_rows_of_a_sparse_gradient_are_clipped_against_their_own_weights(tmp_path):
    module = Odd()
    with torch.no_grad():
        module.table.weight[2] = 0.5
    weight = module.table.weight.detach().clone()
    trainer(tmp_path, GradientClipping(max_ratio=0.1)).fit(module, batches([0.0, 0.0, 0.0]))
    gradient = np.array([[0.0, 0.0], [6.0, 8.0], [3.0, 4.0]])
    want = by_unit(gradient, weight.double().numpy(), 0.1)
    np.testing.assert_allclose((weight - module.table.weight.detach()).numpy(), want, rtol=1e-5)


def run_in_parts(tmp_path, options, parts):
    """The moves of a fit that is stopped after each part, and resumed from its checkpoint in new objects."""
    moves, path = [], None
    for epochs in parts:
        module = Linear()
        fit = trainer(tmp_path, GradientClipping(**options), max_epochs=epochs)
        fit.fit(module, batches(*STEPS), ckpt_path=path, weights_only=True)
        moves += module.moves
        path = tmp_path / f"{epochs}.ckpt"
        fit.save_checkpoint(path)
    return moves, torch.load(path, weights_only=True)


@pytest.mark.parametrize("history", [None, 4])
def test_a_resumed_run_clips_exactly_as_one_that_never_stopped(tmp_path, history):
    options = {"mode": "percentile", "percentile": 40.0, "history": history}
    whole, end = run_in_parts(tmp_path, options, [3])
    resumed, resumed_end = run_in_parts(tmp_path, options, [1, 2, 3])
    assert resumed == whole
    assert whole == moves_by_percentile(STEPS * 3, 40, history)
    assert resumed_end["gradient_norms"] == end["gradient_norms"]
    assert len(end["gradient_norms"][0]) == (4 if history else 18)


def test_each_optimiser_has_a_history_of_its_own(tmp_path):
    module = TwoOptimizers()
    trainer(tmp_path, GradientClipping(percentile=50.0)).fit(module, batches(*STEPS))
    first = by_percentile([[np.array(step[:2])] for step in STEPS], 50)
    second = by_percentile([[np.array(step[2:])] for step in STEPS], 50)
    for move, a, b in zip(module.moves, first, second, strict=True):
        assert move == pytest.approx([*a[0], *b[0]], rel=1e-5)


def test_a_checkpoint_of_another_mode_can_be_resumed(tmp_path):
    fit = trainer(tmp_path, GradientClipping(max_norm=1.0), max_epochs=1)
    fit.fit(Linear(), batches(*STEPS))
    fit.save_checkpoint(tmp_path / "norm.ckpt")
    module = Linear()
    fit = trainer(tmp_path, GradientClipping(percentile=50.0), max_epochs=2)
    fit.fit(module, batches(*STEPS), ckpt_path=tmp_path / "norm.ckpt", weights_only=True)
    assert module.moves == moves_by_percentile(STEPS, 50)


@pytest.mark.parametrize("options", ALL_MODES[:-1], ids=str)
def test_only_percentiles_make_the_host_wait(options):
    # A tensor without data stands for one on a device: asking for its value raises.
    parameters = [nn.Parameter(torch.ones(shape, device="meta")) for shape in [(4, 3), (4,), (), (0, 3)]]
    for parameter in parameters:
        parameter.grad = torch.ones_like(parameter)
    gradients = {parameter: parameter.grad for parameter in parameters}
    for scale in (1.0, torch.ones((), device="meta")):
        step = OptimizerStep(torch.optim.SGD(parameters), gradients, {}, scale, NormHistory())
        clip, _ = GradientClipping(**options).mode.clip(step)
        assert clip.acted.is_meta
