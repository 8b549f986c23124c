"""Graphs for onnxruntime, written by torch's exporter from the program of torch.export."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from zoo.export.graphs import Graph, Run
from zoo.export.onnx_layers import translations
from zoo.export.quiet import quiet
from zoo.export.refusal import CannotExportError
from zoo.pretrained.packages import needed

OPSET = 18
NEEDS = "format onnx is written with onnx and onnxscript and checked in onnxruntime"


def require_onnx() -> None:
    """Looks whether all packages are there.

    Raises:
        ValueError: one is not.
    """
    for package in ("onnx", "onnxscript", "onnxruntime"):
        with needed(package, "onnx", NEEDS):
            __import__(package)


def onnx_bytes(graph: Graph) -> bytes:
    """The graph as ONNX.

    Raises:
        CannotExportError: it does what ONNX has no words for.
    """
    try:
        with torch.no_grad(), quiet():
            program = torch.onnx.export(
                graph.program,
                input_names=graph.inputs,
                output_names=graph.outputs,
                opset_version=OPSET,
                custom_translation_table=translations(),
                verbose=False,
            )
    except torch.onnx.errors.OnnxExporterError as error:
        reason = " ".join(str(error.__cause__ or error).split()).partition(" : ")[0][:200]
        raise CannotExportError(f"ONNX cannot say what the model does: {reason}") from error
    assert program is not None
    _name_axes(program.model, graph)
    file = io.BytesIO()
    import onnx  # an optional package

    onnx.save(program.model_proto, file)
    return file.getvalue()


def onnx_run(content: bytes) -> Run:
    """A graph as onnxruntime runs it.

    Raises:
        CannotExportError: it has an operation that onnxruntime has not, in this type.
    """
    import onnxruntime  # an optional package

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    with _runnable():
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]

    def run(given: list[Tensor]) -> list[Tensor]:
        feed = {name: part.numpy() for name, part in zip(names, given, strict=True)}
        with _runnable():
            return [torch.from_numpy(part) for part in session.run(None, feed)]

    return run


def _name_axes(model: Any, graph: Graph) -> None:
    """Calls free axes batch and time."""
    names = dict[str, str]()
    for value in model.graph.inputs:
        shape = value.shape
        for axis, name in enumerate(("batch", "time")):
            if axis < len(shape) and not isinstance(shape[axis], int):
                names.setdefault(str(shape[axis].value), name)
    for value in (*model.graph.inputs, *model.graph.outputs):
        for axis, size in enumerate(value.shape):
            if not isinstance(size, int) and str(size.value) in names:
                value.shape[axis] = names[str(size.value)]


@contextmanager
def _runnable() -> Iterator[None]:
    """Says that onnxruntime lacks an operation, or has it in no such type; it may find out when it runs."""
    try:
        yield
    except Exception as error:  # its errors have no public class
        reason = " ".join(str(error).rpartition("Status Message: ")[2].split())[:200]
        raise CannotExportError(
            f"onnxruntime cannot run the graph: {reason}; expected weights in single precision, or format "
            f"'torch'"
        ) from error
