"""The loggers that every run has."""

from typing import final

from lightning.pytorch.loggers import CSVLogger
from lightning_utilities.core.rank_zero import rank_zero_only
from torch import Tensor


@final
class MetricsFile(CSVLogger):
    """metrics.csv, in which epochs are whole numbers, as Lightning makes fractions of all that is logged."""

    @rank_zero_only
    def log_metrics(self, metrics: dict[str, Tensor | float], step: int | None = None) -> None:  # type: ignore[override]
        """Adds a row, or to the row of this step."""
        whole = {"epoch": int(metrics["epoch"])} if "epoch" in metrics else {}
        super().log_metrics({**metrics, **whole}, step)
