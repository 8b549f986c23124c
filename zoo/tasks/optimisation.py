"""The optimiser and its schedule, as plain data: the one way in which a recipe chooses them."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, final

from torch import nn, optim
from torch.optim import lr_scheduler

from zoo.registry import Spec, check_choice, nearest

OPTIMIZERS: dict[str, Callable[..., optim.Optimizer]] = {
    name: value
    for name, value in vars(optim).items()
    if inspect.isclass(value) and issubclass(value, optim.Optimizer) and value is not optim.Optimizer
}
SCHEDULES: dict[str, Callable[..., lr_scheduler.LRScheduler]] = {
    name: value
    for name, value in vars(lr_scheduler).items()
    if inspect.isclass(value)
    and issubclass(value, lr_scheduler.LRScheduler)
    and value is not lr_scheduler.LRScheduler
    and not name.startswith("_")
}


@final
@dataclass(frozen=True, kw_only=True)
class OptimizerSpec(Spec):
    """An optimiser of torch.optim."""

    name: str = "Adam"
    """Class in torch.optim."""

    lr: float = 1e-3
    """Learning rate."""

    weight_decay: float = 0.0
    """Weight decay, for all parameters but those whose cell forbids it."""

    options: dict[str, Any] = field(default_factory=dict)
    """Further arguments of the class, such as momentum."""

    def __post_init__(self) -> None:
        check_choice("optimizer", self.name, OPTIMIZERS)
        if not 0 < self.lr < float("inf"):
            raise ValueError(f"lr is {self.lr!r}; expected a positive number")
        if not 0 <= self.weight_decay < float("inf"):
            raise ValueError(f"weight_decay is {self.weight_decay!r}; expected 0 or more")
        _check_options(OPTIMIZERS[self.name], self.options, ("params", "lr", "weight_decay"))

    def build(self, parameters: Iterable[nn.Parameter], no_decay: Iterable[nn.Parameter]) -> optim.Optimizer:
        """The optimiser over `parameters`, sparing `no_decay` from weight decay."""
        spared = {id(parameter) for parameter in no_decay}
        trained = [parameter for parameter in parameters if parameter.requires_grad]
        groups = [
            {"params": [p for p in trained if id(p) not in spared], "weight_decay": self.weight_decay},
            {"params": [p for p in trained if id(p) in spared], "weight_decay": 0.0},
        ]
        filled = [group for group in groups if group["params"]]
        if self.weight_decay == 0:
            return OPTIMIZERS[self.name](trained, lr=self.lr, **self.options)
        return OPTIMIZERS[self.name](filled, lr=self.lr, **self.options)


@final
@dataclass(frozen=True, kw_only=True)
class ScheduleSpec(Spec):
    """A learning-rate schedule of torch.optim.lr_scheduler."""

    name: str
    """Class in torch.optim.lr_scheduler."""

    options: dict[str, Any] = field(default_factory=dict)
    """Arguments of the class, such as milestones and gamma."""

    interval: Literal["epoch", "step"] = "epoch"
    """After what the schedule moves on."""

    monitor: str = "val/loss"
    """The metric that ReduceLROnPlateau looks at."""

    def __post_init__(self) -> None:
        check_choice("schedule", self.name, SCHEDULES)
        check_choice("interval", self.interval, ("epoch", "step"))
        _check_options(SCHEDULES[self.name], self.options, ("optimizer",))

    def build(self, optimizer: optim.Optimizer) -> dict[str, Any]:
        """The schedule in the form that Lightning takes."""
        scheduler = SCHEDULES[self.name](optimizer, **self.options)
        return {"scheduler": scheduler, "interval": self.interval, "monitor": self.monitor}


def _check_options(cls: Callable[..., Any], options: Mapping[str, Any], own: tuple[str, ...]) -> None:
    """Raises ValueError where an option is not an argument of the class, or is missing."""
    arguments = {
        name: argument
        for name, argument in inspect.signature(cls).parameters.items()
        if name not in own and argument.kind is not inspect.Parameter.VAR_KEYWORD
    }
    for name in options:
        if name not in arguments:
            hint = nearest(name, arguments) or ";"
            raise ValueError(
                f"{cls.__name__} has no option {name!r}{hint} expected one of {', '.join(arguments)}"
            )
    for name, argument in arguments.items():
        if argument.default is inspect.Parameter.empty and name not in options:
            raise ValueError(f"{cls.__name__} needs the option {name!r}; expected it in options")
