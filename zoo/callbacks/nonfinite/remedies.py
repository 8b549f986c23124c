"""What to try against gradients that explode."""

from lightning.pytorch import Trainer

from zoo.callbacks.gradient_clipping import GradientClipping


def say_remedies(trainer: Trainer) -> str:
    """What to try, in words."""
    clips = any(isinstance(callback, GradientClipping) for callback in trainer.callbacks)  # type: ignore[attr-defined]
    clipping = [] if clips else ["GradientClipping with max_norm: 1.0"]
    return f"try {' or '.join([*clipping, f'a learning rate below {rates(trainer)}'])}"


def rates(trainer: Trainer) -> str:
    """The learning rates of all groups, in words."""
    found = {float(group["lr"]) for optimizer in trainer.optimizers for group in optimizer.param_groups}
    return " and ".join(f"{rate:.3g}" for rate in sorted(found))
