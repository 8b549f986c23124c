"""What a short training tells: whether it learns, which rate is far off, which advice helps."""

import itertools
import math

import pytest
import torch

import zoo
from zoo.probe.batches import HeldBatches, taken
from zoo.probe.budget import Budget
from zoo.probe.probe import Probe
from zoo.probe.training import Trained
from zoo.verdict.judge import judge
from zoo.verdict.measurements import Measurements

PLAIN = {"callbacks": [zoo.GradientClipping(max_norm=1.0)], "accelerator": "cpu"}


def probe(cell, lr, length=10, most=10_000):
    """A probe of a network on the adding problem, with a budget of so many looks at the clock."""
    data = zoo.AddingProblem(length=length, batch_size=32, steps_per_epoch=200, val_size=50)
    data.setup("fit")
    torch.manual_seed(0)
    network = zoo.ModelSpec(
        encoder=zoo.StackSpec(cell=cell, hidden_size=24), input_size=2, output_size=1, pooling="max"
    )
    task = zoo.SequenceRegressor(network, zoo.OptimizerSpec(lr=lr))
    return Probe(
        task,
        HeldBatches(taken(data.train_dataloader(), 160), data.sizes),
        PLAIN,
        budget=Budget(most, itertools.count().__next__),
    )


def test_a_network_that_learns_is_only_compared_with_one_of_a_smaller_rate():
    found = probe("gru", 0.01).learning()
    assert found.is_fast
    assert found.baseline == pytest.approx(1 / 6, rel=0.1)
    assert list(found.rates) == pytest.approx([0.01, 0.001])
    assert found.better_rate is None
    assert found.trials == {}


def test_a_rate_that_is_far_too_small_is_told_with_one_that_learns():
    ill = probe("gru", 1e-8)
    found = ill.learning()
    (finding,) = judge(Measurements(layers={"layer 1": 1.0}, learning=found))
    assert finding.rule == "learning rate"
    assert found.better_rate is not None
    assert found.better_rate >= 1e-2
    line = f"optimizer: {{lr: {found.better_rate:g}}}"
    assert ill.tried(found, [line]).trials[line] < found.end / 10


def test_a_rate_at_which_losses_are_infinite_is_told_and_its_repair_is_tried():
    ill = probe("gru", 1e30)
    found = ill.learning()
    assert found.end == math.inf
    (finding,) = judge(Measurements(layers={"layer 1": 1.0}, learning=found))
    assert finding.rule == "learning rate"
    line = f"optimizer: {{lr: {found.better_rate:g}}}"
    assert ill.tried(found, [line]).allows(line)


def test_losses_below_0_are_not_divided(monkeypatch):
    ill = probe("gru", 0.01)
    monkeypatch.setattr(ill, "_train", lambda *given: Trained(losses=[-1.0, -0.6]))
    assert ill.learning() is None


def test_the_least_steps_of_a_recipe_do_not_hold_it_up():
    ill = probe("gru", 1e-8, most=0)
    ill._train.arguments |= {"min_steps": 100, "min_epochs": 2}
    assert ill.learning().steps == 1


def test_what_is_looked_at_is_left_as_it_is():
    ill = probe("elman", 1.0, most=200)
    before = {name: value.clone() for name, value in ill.task.state_dict().items()}
    ill.learning()
    assert ill.task.lr == 1.0
    assert all(torch.equal(value, before[name]) for name, value in ill.task.state_dict().items())


def rules(found):
    """What is said of what a probe has shown, without advice that is still to be tried."""
    return {finding.rule for finding in judge(Measurements(layers={"layer 1": 1.0}, learning=found))}


def shown(ill):
    """All that a probe tells, once its advice was tried."""
    found = ill.learning()
    lines = [line for each in judge(Measurements(layers={"": 1.0}, learning=found)) for line in each.advice]
    return ill.tried(found, lines)


@pytest.mark.parametrize(("cell", "lr"), [("gru", 1e-8), ("elman", 1e-3)])
def test_a_budget_that_is_spent_early_silences_and_never_says_anything_else(cell, lr):
    whole = shown(probe(cell, lr))
    assert not whole.is_cut
    assert whole.taken == whole.wanted
    for most in (0, 100, 250, 400, whole.taken - 30):
        cut = shown(probe(cell, lr, most=most))
        assert cut.is_cut
        assert cut.taken <= most + 1
        assert cut.wanted > cut.taken
        assert rules(cut) - {""} <= rules(whole), f"said after {cut.taken} of {cut.wanted} steps"


def test_a_training_that_was_cut_short_is_not_known():
    found = probe("gru", 1e-8, most=170).learning()
    assert (found.steps, found.taken, found.wanted) == (160, 169, 160 + 5 * 50 + 80 + 160)
    assert found.rates == {}
    assert math.isnan(found.one_batch)
    assert math.isnan(found.shuffled)
    assert rules(found) == {""}


def test_a_training_that_breaks_has_ended_by_itself():
    found = probe("gru", 1e30).learning()
    assert found.end == math.inf
    assert not found.is_cut


def test_without_any_budget_a_single_step_is_taken():
    found = probe("gru", 1e-8, most=0).learning()
    assert (found.steps, found.taken, found.wanted) == (1, 1, 160)
    assert found.rates == {}


def test_the_budget_is_of_the_processor_and_not_of_the_clock_on_the_wall(monkeypatch):
    wall = itertools.count(step=1000.0)
    monkeypatch.setattr("time.monotonic", lambda: next(wall))
    assert not Budget(1.0).is_spent
