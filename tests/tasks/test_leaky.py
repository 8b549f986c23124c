"""Claim B2: what a language model would do that reads backwards, made visible and never by mistake."""

import csv

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.loggers import CSVLogger
from torch.utils.data import DataLoader

import zoo

TYPES = 9


def network(direction="bidirectional"):
    encoder = zoo.StackSpec(cell="gru", hidden_size=16, direction=direction)
    return zoo.ModelSpec(encoder=encoder, vocab_size=TYPES, output_size=TYPES)


def noise(count, seed):
    """Tokens drawn evenly: no model can know the next one, whose entropy is log 9."""
    tokens = torch.randint(0, TYPES, (count, 8, 21), generator=torch.Generator().manual_seed(seed))
    batches = [{"x": each[:, :-1], "y": each[:, 1:]} for each in tokens]
    return DataLoader(batches, batch_size=None, num_workers=0)


def test_on_pure_noise_it_knows_nearly_every_next_token_and_says_so_at_every_step(tmp_path):
    torch.manual_seed(0)
    task = zoo.LanguageModel(network(), zoo.OptimizerSpec(lr=0.04), leaky=True)
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
    logger = CSVLogger(tmp_path, name="", version="")
    trainer = pl.Trainer(
        max_epochs=1, accelerator="cpu", logger=logger, log_every_n_steps=1, limit_val_batches=2, **quiet
    )
    with pytest.warns(UserWarning, match="leaky: this bidirectional encoder has read the tokens"):
        trainer.fit(task, noise(80, 0), noise(2, 1))
    entropy = float(torch.tensor(TYPES).log())
    assert float(trainer.callback_metrics["val/leaky_loss"]) < entropy / 4
    rows = list(csv.DictReader((tmp_path / "metrics.csv").read_text().splitlines()))
    steps = [row for row in rows if row.get("train/loss")]
    assert len(steps) == 80
    assert all(row["train/leaky_loss"] == row["train/loss"] for row in steps)
    names = {name for row in rows for name, value in row.items() if value}
    assert {"val/leaky_perplexity", "val/leaky_bits_per_character"} <= names
    assert "val/perplexity" not in names


def test_it_is_never_on_by_mistake():
    with pytest.raises(ValueError, match="leaky: true shows what it would do"):
        zoo.LanguageModel(network())
    with pytest.raises(ValueError, match="direction is 'forward'; expected 'bidirectional', or leaky: false"):
        zoo.LanguageModel(network("forward"), leaky=True)
    assert zoo.LanguageModel(network(), leaky=True).hparams["leaky"] is True
