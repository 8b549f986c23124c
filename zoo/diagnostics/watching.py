"""Looking at the runs of recurrences inside a model, and at the gradients that come back to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn

from zoo.diagnostics.parameter_paths import layer_of
from zoo.engines import LayerTrace, Recurrence, Sequences, State, Watchable, Watcher, turn


@contextmanager
def watch(model: nn.Module) -> Iterator[dict[str, LayerTrace]]:
    """Records what each direction of each layer does, while the context is open.

    As in::

        with watch(model) as traces:
            loss_of(model(x)).backward()
        gradient_by_lag(traces["layer_1/forward"])

    Watching changes neither outputs nor gradients. Where a layer runs several times, the last run counts.
    A trace has no values of its own of the weights: look into it before the optimiser changes them.

    Args:
        model: A stack, or anything that contains stacks of the zoo.

    Yields:
        The traces by layer and direction, such as "layer_1/forward", in the order of the layers. The
        backward pass puts new ones with gradients in their places; None is where no gradient came.
    """
    traces: dict[str, LayerTrace] = {}
    watched: list[tuple[Watchable, Watcher]] = []
    for name, module in model.named_modules():
        if isinstance(module, Watchable):
            layer = layer_of(f"{name}.weight").replace(" ", "_")
            watched.append((module, _uncompiled(_recorder(traces, layer))))
    for module, watcher in watched:
        module.watchers.append(watcher)
    try:
        yield traces
    finally:
        for module, watcher in watched:
            module.watchers.remove(watcher)


def _recorder(traces: dict[str, LayerTrace], layer: str) -> Watcher:
    """What enters the runs of a layer into `traces`."""

    def record(
        direction: str, recurrence: Recurrence, sequences: Sequences, outputs: Tensor, final: State
    ) -> None:
        def in_order(x: Tensor) -> Tensor:
            return turn(x, sequences.lengths) if sequences.backward else x

        key = f"{layer}/{direction}"
        made = in_order(outputs.detach())
        plain = _detached(sequences, recurrence.like.dtype)
        traces[key] = LayerTrace(
            recurrence=recurrence,
            sequences=plain,
            outputs=made,
            d_final=(None,) * len(final),
        )

        def keep_outputs(gradient: Tensor | None) -> None:
            if gradient is not None and traces[key].outputs is made:
                traces[key] = replace(traces[key], d_outputs=in_order(gradient.detach()))

        def keep_final(place: int, gradient: Tensor | None) -> None:
            if gradient is not None and traces[key].outputs is made:
                parts = list(traces[key].d_final)
                parts[place] = gradient.detach()
                traces[key] = replace(traces[key], d_final=tuple(parts))

        if outputs.requires_grad:
            outputs.register_hook(keep_outputs)  # type: ignore[no-untyped-call]
        for place, part in enumerate(final):
            if part.requires_grad:
                part.register_hook(partial(keep_final, place))  # type: ignore[no-untyped-call]

    return record


def _uncompiled(watcher: Watcher) -> Watcher:
    """The watcher, kept out of the graph of a compiled model."""
    kept: Watcher = torch.compiler.disable(watcher)  # type: ignore[no-untyped-call]
    return kept


def _detached(sequences: Sequences, dtype: torch.dtype) -> Sequences:
    """Sequences in the order in which they are read, without their graph, in the type of the weights."""
    turned = sequences.turned()

    def plain(part: Tensor) -> Tensor:
        return part.detach().to(dtype)

    return replace(
        turned,
        x=plain(turned.x),
        state=tuple(plain(part) for part in turned.state),
        reset_state=tuple(plain(part) for part in turned.reset_state),
    )
