"""Which layer and parameter NaN or infinity came from first, in words."""

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, final

import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from zoo.callbacks.gradient_clipping import GradientClipping
from zoo.callbacks.losses import Culprit
from zoo.callbacks.rollback import is_finite
from zoo.diagnostics.parameter_paths import layer_of


@final
class Calls:
    """Remembers how the children of a module were last called, so that a bad batch can be looked at again.

    Args:
        module: What is trained. If it is compiled as a whole, nothing is remembered.
    """

    def __init__(self, module: LightningModule) -> None:
        self._last: dict[nn.Module, tuple[tuple[Any, ...], dict[str, Any]]] = {}
        children = [] if module._compiler_ctx is not None else list(module.children())
        self._handles: list[RemovableHandle] = [
            child.register_forward_pre_hook(self._note, with_kwargs=True) for child in children
        ]

    def __getstate__(self) -> dict[str, Any]:
        """Leaves the batch out of copies of the module, whose hooks come with it."""
        return {"_last": {}, "_handles": []}

    def _note(self, child: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if torch.is_grad_enabled():
            self._last.pop(child, None)
            self._last[child] = (args, kwargs)

    def clear(self) -> None:
        """Forgets the batch."""
        self._last.clear()

    def close(self) -> None:
        """Forgets the batch, and takes in no other."""
        self.clear()
        for handle in self._handles:
            handle.remove()

    def first_output(self, trainer: Trainer, module: LightningModule) -> str | None:
        """Runs the calls again, without gradients, up to the first output that is not finite.

        Returns:
            The name of the innermost module that made it; "" where all are finite; None where there is
            nothing to run.
        """
        if not self._last:
            return None
        found: list[str] = []
        hooks = [
            part.register_forward_hook(partial(_look, found, name))
            for name, part in module.named_modules()
            if name
        ]
        devices = [module.device] if module.device.type == "cuda" else []
        calls = list(self._last.items())
        try:
            with (
                torch.no_grad(),
                torch.random.fork_rng(devices),
                torch.compiler.set_stance("force_eager"),
                trainer.precision_plugin.forward_context(),
            ):
                for child, (args, kwargs) in calls:
                    child(*args, **kwargs)
        except Exception:
            # What cannot run twice must not hide what is wrong.
            return found[0] if found else None
        finally:
            for hook in hooks:
                hook.remove()
        return found[0] if found else ""


def _look(found: list[str], name: str, part: nn.Module, args: Any, output: Any) -> None:
    if not found and not all(is_finite(value) for value in leaves(output)):
        found.append(name.replace("_orig_mod.", ""))


def leaves(value: Any) -> Iterator[Any]:
    """What is in nested tuples, lists and mappings."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from leaves(part)
    else:
        yield value


def say_loss(culprit: Culprit) -> str:
    """What is wrong with a loss, and where."""
    return f"the loss is {'NaN' if math.isnan(culprit.loss) else 'infinite'}{culprit.place}"


def say_output(name: str | None) -> str:
    """Which output is the first that is not finite, as `Calls.first_output` names it."""
    if name is None:
        return ""
    if not name:
        return "the outputs of all layers are finite"
    return f"the first output that is not finite is that of {layer_of_module(name)} ({name})"


def layer_of_module(name: str) -> str:
    """The layer that a module is, or is in."""
    return layer_of(f"{name}.weight")


def say_gradients(gradients: Mapping[str, Tensor], origin: str | None) -> str:
    """Which gradient was the first that is not finite, or "" where all are.

    Backpropagation goes from the last layer to the first, and what it meets on its way is in all layers
    after that. So the first is in the last layer that has such a gradient.

    Args:
        gradients: The gradients by parameter, in the order in which the network runs.
        origin: The module whose output was the first that is not finite, if one was.
    """
    bad = [name for name, gradient in gradients.items() if not is_finite(gradient)]
    if not bad:
        return ""
    broken = {layer_of(name) for name in bad}
    # A layer's wiring comes after all layers, so the order is that in which layers are met first.
    layer = [layer for layer in dict.fromkeys(map(layer_of, gradients)) if layer in broken][-1]
    if origin and layer_of_module(origin) in broken:
        layer = layer_of_module(origin)
    name = next(name for name in bad if layer_of(name) == layer)
    kind = "NaN" if bool(gradients[name].isnan().any()) else "infinite"
    others = f"; {len(bad)} of {len(gradients)} parameters have such a gradient" if len(bad) > 1 else ""
    return f"the gradient of {layer} is {kind} (parameter {name}{others})"


def say_weights(names: Iterable[str]) -> str:
    """Which weight an earlier update has made NaN or infinite, or "" where none is."""
    name = next(iter(names), "")
    if not name:
        return ""
    return f"{layer_of(name)} holds NaN or infinity since the update before ({name})"


def say_batch(batch: Any) -> str:
    """Whether the data are to blame."""
    good = all(is_finite(value) for value in leaves(batch))
    return "" if good else "the batch itself holds NaN or infinity"


def say_remedies(trainer: Trainer) -> str:
    """What to try against gradients that explode."""
    clips = any(isinstance(callback, GradientClipping) for callback in trainer.callbacks)  # type: ignore[attr-defined]
    clipping = [] if clips else ["GradientClipping with max_norm: 1.0"]
    return f"try {' or '.join([*clipping, f'a learning rate below {rates(trainer)}'])}"


def rates(trainer: Trainer) -> str:
    """The learning rates of all groups, in words."""
    found = {float(group["lr"]) for optimizer in trainer.optimizers for group in optimizer.param_groups}
    return " and ".join(f"{rate:.3g}" for rate in sorted(found))
