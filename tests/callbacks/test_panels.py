"""Keys are panels: eight layers make few of them, and what each layer does is in tables."""

import ast
import re
from pathlib import Path

import lightning.pytorch as pl
import pytest
import torch
from torch.utils.data import DataLoader

import zoo
from callbacks.modules import FEW_WORKERS
from callbacks.recurrent import Plain, stack
from callbacks.wandb_file import read_history
from zoo.callbacks.summaries import ENDS, as_table, shown
from zoo.diagnostics.quantities import Quantity

pytestmark = FEW_WORKERS
MOST = 30
"""Panels that a person can look through."""
VALUES = {
    "layer_1/forward/f/saturated": 0.2,
    "layer_2/forward/f/saturated": 0.9,
    "layer_1/forward/horizon": 3.0,
    "layer_2/forward/horizon": 7.0,
    "head/update_ratio": 1e-3,
    "guard/skipped": 2.0,
}


def watching(detail):
    """All callbacks that log what they measure."""
    return [
        zoo.GradientClipping(max_norm=1.0),
        zoo.GradientHistogram(every_n_steps=1, detail=detail),
        zoo.GradientThroughTime(every_n_steps=1, detail=detail),
        zoo.RecurrenceHealth(every_n_steps=1, detail=detail),
        zoo.NonFiniteGuard(action="skip"),
        zoo.Verdict(),
    ]


def fit(folder, detail):
    """The keys of a run of eight layers in both directions, and the rows of its tables."""
    torch.manual_seed(0)
    encoder = stack(num_layers=8, direction="bidirectional", merge="sum", cell="lstm", wiring="residual")
    batch = {"x": torch.randn(4, 20, 2).double(), "weights": torch.randn(4, 20, 3).double()}
    batch["lengths"] = torch.full((4,), 20)
    logger = zoo.WandbLogger(offline=True, save_dir=str(folder), log_model=False)
    options = {"accelerator": "cpu", "enable_progress_bar": False, "enable_checkpointing": False}
    pl.Trainer(
        max_epochs=1,
        logger=[pl.loggers.CSVLogger(folder), logger],
        callbacks=watching(detail),
        log_every_n_steps=1,
        enable_model_summary=False,
        **options,
    ).fit(Plain(encoder), DataLoader([batch, batch], batch_size=None))
    logger.finish()
    rows = read_history(folder)
    keys = {key for row in rows for key in row if not key.startswith("_")}
    return keys, {key: row[key] for row in rows for key in row if key.endswith("_by_layer")}


def asked_for():
    """The keys that the workspace of docs/tracking.md shows; its package need not be installed."""
    page = (Path(zoo.__file__).parents[1] / "docs/tracking.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    words = {node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant)}
    stems = ("train/", "val/", "trainer/", "gradient/", "recurrence/")
    keys = {word for word in words if isinstance(word, str)}
    tables = {word for word in keys if word.endswith("_by_layer")}
    return tables | {word for word in keys if word.startswith(stems)}


def test_a_run_of_eight_layers_makes_few_panels_and_three_tables(offline):
    keys, tables = fit(offline, "summary")
    assert len(keys) <= MOST, sorted(keys)
    assert not [key for key in keys if key.startswith("layer_")]
    rows = {key: table["nrows"] for key, table in tables.items()}
    assert rows["gradients_through_time_by_layer"] == 8 * 2
    assert rows["recurrence_by_layer"] >= 8 * 2 * 4
    assert rows["gradients_by_layer"] >= 8 * 2 * 4 * 3 * 2
    assert asked_for() <= keys | {"train/loss", "val/loss", "val/accuracy"}
    (csv,) = offline.rglob("metrics.csv")
    assert "layer_8/backward/f/saturated" in csv.read_text(), "the local file has all"


@pytest.mark.parametrize(
    ("detail", "keys"),
    [
        (
            "summary",
            {
                "recurrence/saturated/max": 0.9,
                "recurrence/horizon/min": 3.0,
                "recurrence/update_ratio/min": 1e-3,
                "recurrence/update_ratio/max": 1e-3,
                "guard/skipped": 2.0,
            },
        ),
        ("layer", {key: value for key, value in VALUES.items() if "saturated" not in key}),
        ("gate", VALUES),
    ],
)
def test_what_is_sent_of_some_numbers(detail, keys):
    assert shown(VALUES, detail) == keys


def test_a_table_has_a_row_for_each_place_and_a_column_for_each_quantity():
    head, rows = as_table(VALUES)
    assert head[:3] == ["where", "saturated activations", "horizon of the gate"]
    assert ("layer_2/forward", None, 7.0, None, None) in rows


def test_every_quantity_of_layers_has_an_end_at_which_something_is_wrong():
    places = {"layer", "direction", "gate"}
    found = {quantity for quantity in Quantity if places & set(quantity.where)}
    assert found - set(ENDS) == {Quantity.MEAN, Quantity.COEFFICIENT}
