"""The calls of a batch, run again to find what was NaN or infinite first."""

from functools import partial
from typing import Any, final

import torch
from lightning.pytorch import LightningModule, Trainer
from torch import nn
from torch.utils.hooks import RemovableHandle

from zoo.callbacks.nonfinite.finite import is_finite, leaves
from zoo.private.lightning_names import is_compiled


@final
class Calls:
    """Remembers how the children of a module were last called, so that a bad batch can be looked at again.

    Args:
        module: What is trained. If it is compiled as a whole, nothing is remembered.
    """

    def __init__(self, module: LightningModule) -> None:
        self._last: dict[nn.Module, tuple[tuple[Any, ...], dict[str, Any]]] = {}
        children = [] if is_compiled(module) else list(module.children())
        self._handles: list[RemovableHandle] = [
            child.register_forward_pre_hook(self._note, with_kwargs=True) for child in children
        ]

    def __getstate__(self) -> dict[str, Any]:
        """Leaves the batch out of copies of the module, whose hooks come with it."""
        return {"_last": {}, "_handles": []}

    def _note(self, child: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if torch.is_grad_enabled():
            # Moved to the end: calls are run again in the order in which they came last.
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
                # Training goes on with the random numbers that it would have had.
                torch.random.fork_rng(devices),
                # Compiled code need not call the hooks of modules within it.
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
