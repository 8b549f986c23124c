"""The verdict that ends a fit: where it goes, and that all callbacks work together."""

import csv

import lightning.pytorch as pl
import pytest
import torch
from torch.utils.data import DataLoader

import zoo
from callbacks.recurrent import Plain, stack
from callbacks.wandb_file import read_history, read_summary

STEPS = 12
HEALTH = ("state_norm", "dead_units", "f/saturated", "f/mean", "horizon")


def everything():
    return [
        zoo.GradientClipping(max_norm=1.0),
        zoo.GradientHistogram(every_n_steps=3),
        zoo.GradientThroughTime(every_n_steps=3),
        zoo.RecurrenceHealth(every_n_steps=3),
        zoo.NonFiniteGuard(action="skip"),
        zoo.Verdict(),
    ]


def batches(bad=()):
    """Batches for `Plain`; those at the places in `bad` make the loss NaN."""
    torch.manual_seed(0)
    found = []
    for place in range(STEPS):
        x, weights = torch.randn(4, 6, 2, dtype=torch.float64), torch.randn(4, 6, 3, dtype=torch.float64)
        lengths = torch.tensor([6, 3, 0, 1])
        found.append(
            {"x": x, "weights": weights * (float("nan") if place in bad else 1.0), "lengths": lengths}
        )
    return found


def fit(folder, callbacks, data, logger=None, module=None):
    torch.manual_seed(0)
    module = Plain(stack(num_layers=2)) if module is None else module
    trainer = pl.Trainer(
        max_epochs=1,
        logger=pl.loggers.CSVLogger(folder) if logger is None else logger,
        callbacks=callbacks,
        log_every_n_steps=2,
        accelerator="cpu",
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
    )
    trainer.fit(module, DataLoader(data, batch_size=None))
    return module


class Logged(Plain):
    """Logs its loss."""

    def training_step(self, batch, index):
        loss = self.loss(batch)
        self.log("train/loss", loss)
        return loss


pytestmark = pytest.mark.filterwarnings("ignore:.*does not have many workers")


def test_a_healthy_fit_is_called_so(tmp_path):
    callbacks = everything()
    fit(tmp_path, callbacks, batches())
    (finding,) = callbacks[-1].findings
    assert finding.severity == "good"


def test_all_callbacks_together_change_nothing_of_the_training(tmp_path):
    watching = [part for part in everything() if not isinstance(part, zoo.GradientClipping)]
    alone = fit(tmp_path / "alone", [], batches())
    watched = fit(tmp_path / "watched", watching, batches())
    for one, other in zip(alone.parameters(), watched.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.filterwarnings("ignore:gradients were NaN")
def test_a_fit_with_nan_is_told_step_and_remedy(tmp_path):
    callbacks = everything()
    module = fit(tmp_path, callbacks, batches(bad=(4,)))
    found = next(finding for finding in callbacks[-1].findings if finding.rule == "non-finite")
    assert "NaN or infinite in 1 step" in found.text
    assert "step 4" in found.text
    assert all(parameter.isfinite().all() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("watching", "words"),
    [
        (
            zoo.GradientHistogram(every_n_steps=3),
            "The gradient was NaN or infinite in each of the 2 measured steps from step 6 on.",
        ),
        (
            zoo.RecurrenceHealth(every_n_steps=3),
            "The loss was NaN or infinite in each of the 4 logged steps from step 5 on.",
        ),
        (zoo.GradientClipping(max_norm=1.0), "The gradient was NaN or infinite in 7 steps."),
    ],
)
@pytest.mark.filterwarnings("ignore:gradients were NaN")
def test_an_unguarded_fit_that_stays_nan_is_told_what_is_known(tmp_path, watching, words):
    """NaN from step 5 on, of 12; every third is measured, every second logged."""
    verdict = zoo.Verdict()
    fit(tmp_path, [watching, verdict], batches(bad=(5,)), module=Logged(stack(num_layers=2)))
    (told,) = [finding.text for finding in verdict.findings if finding.rule == "non-finite"]
    assert told == words
    with (tmp_path / "lightning_logs" / "version_0" / "metrics.csv").open() as file:
        late = [row for row in csv.DictReader(file) if int(row["step"]) >= 6]
    assert not any(row.get(f"layer_{k}/forward/{what}") for row in late for k in (1, 2) for what in HEALTH)


def test_frozen_tied_and_half_precision_parameters_are_no_trouble(tmp_path):
    encoder = stack(num_layers=2, dtype=torch.bfloat16)
    first, second = (cell.bias for cell in encoder.cells())
    first.requires_grad_(False)
    encoder.cells()[1].bias = second
    data = [
        {key: value if key == "lengths" else value.bfloat16() for key, value in batch.items()}
        for batch in batches()
    ]
    callbacks = everything()
    fit(tmp_path, callbacks, data, module=Plain(encoder))
    assert callbacks[-1].findings


def test_the_verdict_is_in_the_summary_of_an_offline_wandb_run(tmp_path):
    logger = zoo.WandbLogger(offline=True, save_dir=str(tmp_path), log_model=False)
    csv = pl.loggers.CSVLogger(tmp_path)
    fit(tmp_path, everything(), batches(), logger=[csv, logger])
    logger.finish()
    rows = read_history(tmp_path)
    keys = {key for row in rows for key in row}
    assert {"gradient/before", "gradient/after", "gradient/norm_before"} <= keys
    assert {"recurrence/saturated/max", "recurrence/gradient_reach/min"} <= keys
    images = [row[key] for row in rows for key in ("gradients", "gradients_through_time") if key in row]
    assert [image["_type"] for image in images] == ["image-file"] * 2
    assert read_summary(tmp_path)["verdict"] == "The gradients look healthy; there is nothing to repair."


def test_a_fit_that_fails_gets_a_verdict_too(tmp_path):
    class Failing(pl.Callback):
        def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
            if batch_idx == 6:
                raise RuntimeError("disk on fire")

    callbacks = [*everything(), Failing()]
    with pytest.raises(RuntimeError, match="disk on fire"):
        fit(tmp_path, callbacks, batches())
    verdict = callbacks[-2]
    assert verdict.findings


def test_a_run_without_files_gets_none(tmp_path):
    verdict = zoo.Verdict()
    fit(tmp_path, [verdict], batches())
    (finding,) = verdict.findings
    assert "Nothing was measured" in finding.text
