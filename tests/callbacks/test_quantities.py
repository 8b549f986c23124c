"""The table of what is measured: whatever callbacks log stands in it, and whatever stands in it is logged."""

import ast
import csv
from pathlib import Path

import pytest
import torch
from lightning.pytorch.loggers import CSVLogger
from torch.utils.data import DataLoader

import zoo
from callbacks.modules import FEW_WORKERS, INF, Linear, batches, half_precision, trainer
from callbacks.recurrent import Plain, stack
from zoo.diagnostics.quantities import Metric, Quantity
from zoo.tasks.counting import STAGES

pytestmark = [FEW_WORKERS, pytest.mark.filterwarnings("ignore:gradients were NaN")]

LIGHTNINGS = {"epoch", "step"}
TABLE = Path("diagnostics/quantities.py")


def everything(action):
    return [
        zoo.GradientClipping(max_norm=0.1, mode="layer"),
        zoo.GradientHistogram(every_n_steps=3),
        zoo.GradientThroughTime(every_n_steps=3),
        zoo.RecurrenceHealth(every_n_steps=3),
        zoo.NonFiniteGuard(action=action),
        zoo.Verdict(),
        zoo.ExactResume(),
    ]


def sequences():
    """Sequences of 20 steps; the loss of the third batch is NaN."""
    torch.manual_seed(0)
    found = []
    for place in range(6):
        x, weights = torch.randn(4, 20, 2, dtype=torch.float64), torch.randn(4, 20, 3, dtype=torch.float64)
        spoilt = weights * (float("nan") if place == 2 else 1.0)
        found.append({"x": x, "weights": spoilt, "lengths": torch.tensor([20, 9, 0, 1])})
    return DataLoader(found, batch_size=None)


def kind(place):
    """What of a network a place is, by the parts of its name."""
    if place in STAGES:
        return "stage"
    return ["run", "layer", "direction", "gate"][len(place.split("/")) if place else 0]


def keys(folder):
    (path,) = folder.rglob("metrics.csv")
    with path.open() as file:
        return set(csv.DictReader(file).fieldnames)


def signs(folder):
    """The keys that tasks log of their answers, of those that are in the table: losses are not."""
    network = {"encoder": {"cell": "gru", "hidden_size": 4}}
    steps = {"steps_per_epoch": 1, "val_size": 8, "test_size": 8}
    tasks = [
        (
            zoo.SequenceClassifier({**network, "pooling": "none"}),
            zoo.CopyMemory(length=3, batch_size=4, **steps),
        ),
        (zoo.CTC({**network, "pooling": "none"}), zoo.SymbolRuns(batch_size=4, **steps)),
        (zoo.SequenceToSequence(network), zoo.StringReversal(batch_size=4, **steps)),
    ]
    found = set()
    for task, data in tasks:
        own = folder / type(task).__name__
        trainer(own, max_epochs=1, logger=CSVLogger(own)).fit(task, data)
        found |= {key for key in keys(own) if Metric.of(key) is not None}
    return found


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """The keys of all metrics in fits with all callbacks, and in one whose gradients are scaled."""
    found = set()
    for action in ("skip", "rollback"):
        folder = tmp_path_factory.mktemp(action)
        fit = trainer(folder, *everything(action), logger=CSVLogger(folder))
        fit.fit(Plain(stack(num_layers=2, direction="bidirectional", merge="sum")), sequences())
        found |= keys(folder)
    folder = tmp_path_factory.mktemp("scaled")
    options = {"plugins": [half_precision(1024.0)], "logger": CSVLogger(folder)}
    trainer(folder, zoo.GradientClipping(max_norm=1.0), **options).fit(Linear(), batches([INF, 1.0, 1.0]))
    found |= keys(folder) | signs(tmp_path_factory.mktemp("tasks"))
    return found - LIGHTNINGS


def test_what_is_logged_is_in_the_table_and_measured_where_it_says(logged):
    for key in logged:
        metric = Metric.of(key)
        assert metric is not None, key
        assert metric.quantity.at(metric.place) == key
        assert kind(metric.place) in metric.quantity.where, key


def test_what_is_in_the_table_is_logged_wherever_it_says(logged):
    metrics = [Metric.of(key) for key in logged]
    found = {(metric.quantity, kind(metric.place)) for metric in metrics}
    assert {(quantity, where) for quantity in Quantity for where in quantity.where} == found


def test_keys_are_read_as_they_are_written():
    assert Quantity.SATURATED.at("layer_1/forward/f") == "layer_1/forward/f/saturated"
    assert Metric.of("layer_1/forward/f/saturated") == Metric("layer_1/forward/f", Quantity.SATURATED)
    assert Quantity.CLIPPED.at(optimizer=1) == "gradient/clipped/optimizer_1"
    assert Metric.of("gradient/clipped/optimizer_1") == Metric("", Quantity.CLIPPED, "1")
    assert Metric.of("layer_1/gradient/coefficient") == Metric("layer_1", Quantity.COEFFICIENT)


@pytest.mark.parametrize("key", ["val/loss", "mean", "horizon", "epoch", "val/mean_error", ""])
def test_a_metric_of_something_else_is_none_of_the_tables(key):
    assert Metric.of(key) is None


def test_no_key_is_written_out_a_second_time():
    root = Path(zoo.__file__).parent
    ends = tuple(f"/{quantity.key}" for quantity in Quantity)
    for path in root.rglob("*.py"):
        if path.relative_to(root) == TABLE or "_recipes" in path.parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        words = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        keys = [word for word in words if isinstance(word, str) and f"/{word}".endswith(ends) and "/" in word]
        assert not keys, path
