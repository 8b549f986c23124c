"""A task after a batch whose numbers cannot be used."""

import lightning.pytorch as pl
import pytest
import torch

import zoo
from tests.callbacks.modules import trainer
from zoo.stack import map_state

BATCHES = [{"x": torch.randint(0, 7, (2, 5)), "y": torch.randint(0, 7, (2, 5))} for _ in range(6)]


class Poison(pl.Callback):
    """Makes the state that comes into one batch NaN."""

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if batch_idx == 2:
            carried = pl_module._carried["train"]
            pl_module._carried["train"] = map_state(lambda part: part * torch.nan, carried)


@pytest.mark.filterwarnings("ignore:.*does not have many workers")
@pytest.mark.parametrize("action", ["skip", "rollback"])
def test_a_state_that_has_become_nan_is_not_carried_on(tmp_path, action):
    torch.manual_seed(0)
    task = zoo.LanguageModel(
        {"encoder": {"cell": "gru", "hidden_size": 4}, "vocab_size": 7, "output_size": 7}
    )
    guard = zoo.NonFiniteGuard(action)
    run = trainer(tmp_path, Poison(), guard)
    loader = torch.utils.data.DataLoader(BATCHES, batch_size=None)
    run.fit(task, loader, loader)
    assert guard.skipped + guard.rollbacks == 1
    assert run.callback_metrics["train/loss"].isfinite()
    assert run.callback_metrics["train/perplexity"].isfinite()
