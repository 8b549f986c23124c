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
# all but those that take functions or other schedules, which are no plain data
SCHEDULES: dict[str, Callable[..., lr_scheduler.LRScheduler]] = {
    name: value
    for name, value in vars(lr_scheduler).items()
    if inspect.isclass(value)
    and issubclass(value, lr_scheduler.LRScheduler)
    and value is not lr_scheduler.LRScheduler
    and not name.startswith("_")
    and name not in ("LambdaLR", "MultiplicativeLR", "SequentialLR", "ChainedScheduler")
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
        super().__post_init__()
        check_choice("optimizer", self.name, OPTIMIZERS)
        if not 0 < self.lr < float("inf"):
            raise ValueError(f"lr is {self.lr!r}; expected a positive number")
        if not 0 <= self.weight_decay < float("inf"):
            raise ValueError(f"weight_decay is {self.weight_decay!r}; expected 0 or more")
        if self.weight_decay and not _decays(OPTIMIZERS[self.name]):
            raise ValueError(f"weight_decay is {self.weight_decay}, and {self.name} has none; expected 0")
        _check_options(OPTIMIZERS[self.name], self.options, ("params", "lr", "weight_decay"))

    def build(self, parameters: Iterable[nn.Parameter], no_decay: Iterable[nn.Parameter]) -> optim.Optimizer:
        """The optimiser over `parameters`, sparing `no_decay` from weight decay."""
        trained = [parameter for parameter in parameters if parameter.requires_grad]
        make = OPTIMIZERS[self.name]
        if not _decays(make):
            return make(trained, lr=self.lr, **self.options)
        spared = {id(parameter) for parameter in no_decay}
        groups = [
            {"params": [p for p in trained if id(p) not in spared], "weight_decay": self.weight_decay},
            {"params": [p for p in trained if id(p) in spared], "weight_decay": 0.0},
        ]
        return make([group for group in groups if group["params"]], lr=self.lr, **self.options)


def _decays(make: Callable[..., Any]) -> bool:
    return "weight_decay" in inspect.signature(make).parameters


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

    monitor: str | None = None
    """The metric that ReduceLROnPlateau looks at, by default val/loss."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("schedule", self.name, SCHEDULES)
        if self.monitor is not None and self.name != "ReduceLROnPlateau":
            raise ValueError(f"monitor is {self.monitor!r}, and {self.name} looks at no metric; leave it out")
        _check_options(SCHEDULES[self.name], self.options, ("optimizer",))

    def build(self, optimizer: optim.Optimizer) -> dict[str, Any]:
        """The schedule in the form that Lightning takes."""
        scheduler = SCHEDULES[self.name](optimizer, **self.options)
        return {"scheduler": scheduler, "interval": self.interval, "monitor": self.monitor or "val/loss"}


def _check_options(cls: Callable[..., Any], options: Mapping[str, Any], own: tuple[str, ...]) -> None:
    """Raises ValueError where an option is not an argument of the class, or is missing."""
    arguments = {
        name: argument
        for name, argument in inspect.signature(cls).parameters.items()
        if name not in own and argument.kind is not inspect.Parameter.VAR_KEYWORD
    }
    for name in options:
        if name in own and name != "params":
            raise ValueError(f"{name} is in options of {cls.__name__}; expected it beside them, next to name")
        if name not in arguments:
            hint = nearest(name, arguments) or ";"
            raise ValueError(
                f"{cls.__name__} has no option {name!r}{hint} expected one of {', '.join(arguments)}"
            )
    for name, argument in arguments.items():
        if argument.default is inspect.Parameter.empty and name not in options:
            raise ValueError(f"{cls.__name__} needs the option {name!r}; expected it in options")
