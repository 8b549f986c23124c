"""What a task of a user's own may add: options, modules made to size, parameters without decay."""

from typing import Any

import lightning.pytorch as pl
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchmetrics import MeanSquaredError, MetricCollection, SpearmanCorrCoef

import zoo
from zoo.tasks.base import Task
from zoo.tasks.contract import Batch


class Scaled(Task):
    """Predicts one number for each sequence, times a learned scale for each target."""

    output = "output_size"
    no_decay = ("scale",)

    def __init__(
        self,
        network: Any,
        optimizer: Any = zoo.OptimizerSpec(),  # noqa: B008 (it is frozen)
        schedule: Any = None,
        start: float = 1.0,
    ) -> None:
        self.start = start
        super().__init__(network, optimizer, schedule)

    def add_modules(self) -> None:
        self.scale = nn.Parameter(torch.full((self.network.output_size,), self.start))

    def metrics(self, output_size: int) -> MetricCollection:
        return MetricCollection({"mse": MeanSquaredError()})

    def _step(self, batch: Batch, stage: str) -> Tensor:
        predictions = self.scale * self.forward(batch["x"])
        self._count(stage, predictions, torch.zeros_like(predictions))
        return predictions.square().mean()


NETWORK = zoo.ModelSpec(
    encoder=zoo.StackSpec(cell="layernorm_lstm", hidden_size=4, num_layers=2, wiring="highway"),
    input_size=3,
    output_size=2,
    pooling="last",
)


def test_its_options_and_modules_come_back_from_a_checkpoint(tmp_path: Any) -> None:
    task = Scaled(NETWORK, start=3.0)
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = pl.Trainer(default_root_dir=tmp_path, accelerator="cpu", max_steps=1, **quiet)
    loader = DataLoader([{"x": torch.randn(2, 5, 3)}], batch_size=None, num_workers=0)
    trainer.fit(task, loader, loader)
    trainer.save_checkpoint(tmp_path / "kept.ckpt")
    again = Scaled.load_from_checkpoint(tmp_path / "kept.ckpt")
    assert again.start == 3.0
    assert torch.equal(again.scale, task.scale)
    assert again.hparams["network"] == task.hparams["network"]


class Ranked(Scaled):
    """Its metric keeps all predictions, in lists."""

    def metrics(self, output_size: int) -> MetricCollection:
        return MetricCollection({"rank": SpearmanCorrCoef(num_outputs=output_size)})


@pytest.mark.filterwarnings("ignore:.*will save all targets and predictions")
def test_a_metric_that_keeps_lists_goes_on_counting_within_an_epoch() -> None:
    task, again = Ranked(NETWORK), Ranked(NETWORK)
    task._trainer = again._trainer = pl.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    predictions, targets = torch.randn(2, 3, 4, 2)
    for batch in range(2):
        task._count("train", predictions[batch], targets[batch])
        task._count_all("train")
    kept: dict[str, Any] = {}
    task.on_save_checkpoint(kept)
    again.on_load_checkpoint(kept)
    again.on_train_start()
    for each in (task, again):
        each._count("train", predictions[2], targets[2])
        each._count_all("train")
    assert torch.equal(
        task._metrics("train").compute()["train/rank"], again._metrics("train").compute()["train/rank"]
    )


def test_weight_decay_spares_what_cells_and_the_task_itself_say() -> None:
    task = Scaled(NETWORK, optimizer=zoo.OptimizerSpec(name="AdamW", weight_decay=0.1))
    decays = {
        id(parameter): group["weight_decay"]
        for group in task.configure_optimizers().param_groups
        for parameter in group["params"]
    }
    spared = {name for name, parameter in task.named_parameters() if decays[id(parameter)] == 0}
    gains = ("gain_ih", "gain_hh", "gain_c", "bias_c")
    cells = {f"model.encoder.layers.{k}.directions.forward_.cell.{name}" for k in (0, 1) for name in gains}
    assert spared == {"scale", *cells}


def test_a_range_for_first_values_leaves_what_a_part_keeps_for_itself() -> None:
    torch.manual_seed(0)
    model = zoo.ModelSpec(**{**vars(NETWORK), "init_range": 0.01}).build()
    for cell in model.encoder.cells():
        assert torch.equal(cell.gain_ih, torch.ones(16))
        assert 0 < cell.weight_ih.abs().max() <= 0.01
    assert torch.equal(model.encoder.wirings[1].gate.bias, torch.full((4,), -1.0))
    assert 0 < model.encoder.wirings[1].gate.weight.abs().max() <= 0.01


def test_a_wiring_without_a_card_is_refused() -> None:
    class Cardless(zoo.WiringSpec):
        pass

    with pytest.raises(ValueError, match="wiring 'cardless' has no 'card'"):
        zoo.register_wiring("cardless", Cardless)(type("Cardless", (zoo.Wiring,), {}))
