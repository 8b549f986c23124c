"""What is said of data: which value is broken, what is not scaled, what stands in two splits."""

import pytest
import torch
from ward.sickness import Sick

import zoo
from zoo.probe.data_facts import data_facts
from zoo.verdict.judge import judge
from zoo.verdict.measurements import Measurements


def facts(data, illness=""):
    sick = Sick(data, illness) if illness else data
    sick.setup("fit")
    return data_facts(sick, list(sick.train_dataloader()))


def digits():
    return zoo.Digits(batch_size=64)


def test_the_first_value_that_is_nan_is_named_by_row_step_and_column():
    (bad,) = facts(digits(), "nan").bad
    assert (bad.name, bad.count, bad.row, bad.step, bad.column) == ("x", 1, 17, 3, 1)


def test_a_target_that_is_nan_is_named_by_its_row():
    data = zoo.AddingProblem(length=5, batch_size=10, steps_per_epoch=20, val_size=10)
    (bad,) = facts(data, "target nan").bad
    assert (bad.name, bad.count, bad.row, bad.step, bad.column) == ("y", 2, 5, None, 0)


def test_means_and_deviations_are_those_of_the_columns():
    found = facts(digits())
    x = torch.cat([batch["x"] for batch in digits_batches()]).flatten(0, 1).double()
    torch.testing.assert_close(torch.tensor(found.means).double(), x.mean(0))
    torch.testing.assert_close(torch.tensor(found.deviations).double(), x.std(0))


def digits_batches():
    data = digits()
    data.setup("fit")
    return list(data.train_dataloader())


@pytest.mark.parametrize(
    ("illness", "rule"),
    [
        ("x1000", "inputs not scaled"),
        ("x0.0001", "inputs not scaled"),
        ("+100", "inputs not scaled"),
        ("constant", "constant inputs"),
        ("one class", "one class fills the labels"),
        ("leak", "splits share sequences"),
        ("nan", "NaN in the data"),
    ],
)
def test_what_is_wrong_is_what_is_said(illness, rule):
    finding, *_ = judge(Measurements(data=facts(digits(), illness)))
    assert finding.rule == rule


@pytest.mark.parametrize(
    "data",
    [
        digits(),
        zoo.Digits(order="pixels"),
        zoo.AddingProblem(length=20, steps_per_epoch=10, val_size=50),
        zoo.Agreement(steps_per_epoch=10, val_size=50),
    ],
    ids=lambda data: type(data).__name__,
)
def test_nothing_is_said_of_data_that_is_well(data):
    assert judge(Measurements(layers={"layer 1": 1.0}, data=facts(data)))[0].severity == "good"


def test_classes_of_steps_may_well_be_alike():
    data = zoo.CopyMemory(length=200, batch_size=8, steps_per_epoch=2, val_size=4)
    assert judge(Measurements(layers={"layer 1": 1.0}, data=facts(data)))[0].severity == "good"


def test_a_rare_event_is_no_column_that_lacks_scaling():
    wave = torch.randn(500, 20, 2)
    wave[..., 1] = 0
    wave[0, 0, 1] = 0.02
    scaled, tiny = (data_facts(None, [{"x": x, "y": torch.arange(500) % 2}]) for x in (wave, wave * 1e-4))
    assert all(finding.rule != "inputs not scaled" for finding in judge(Measurements(data=scaled)))
    assert judge(Measurements(data=tiny))[0].rule == "inputs not scaled"


def test_of_batches_without_x_nothing_is_said():
    assert data_facts(None, [{"tokens": torch.ones(2, 3)}]).rows == 0
