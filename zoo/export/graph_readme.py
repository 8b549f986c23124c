"""The card for people of a model in the form of graphs."""

from collections.abc import Mapping
from typing import Any

ONNX = """\
import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("{folder}/model.onnx")
x, lengths = np.{x}, np.array([12, 7])  # the second sequence ends after 7 steps
(scores,) = session.run(None, {{"x": x, "lengths": lengths{more}}})
"""
TORCH = """\
import torch

model = torch.export.load("{folder}/model.pt2").module()
x, lengths = torch.{x}, torch.tensor([12, 7])  # the second sequence ends after 7 steps
scores = model(x, lengths{more})
"""


def graph_readme(card: Mapping[str, Any], folder: str) -> str:
    """How the graphs are used, and what they say.

    Args:
        card: For programs.
        folder: What the folder is called.
    """
    names = [each["file"] for each in card["graphs"]]
    code = _code(card, folder, is_onnx=names[0].endswith("onnx"))
    scores = (
        "one row of scores for each sequence" if card["model"]["pooling"] != "none" else "scores of each step"
    )
    parts = [
        f"# {folder}",
        f"A `{card['task']}` of the zoo of recurrent networks as graphs, whose batch and time are free. They "
        f"give {scores} as they leave the head: before a softmax, and in the scale that the targets had in "
        f"training. Licence: {card['licence']}.",
        "\n".join(f"- `{each['file']}`: {_signature(each)}" for each in card["graphs"]),
        f"```python\n{code}```",
    ]
    if card["state"]:
        parts.append(
            "The step takes what a stream brings, one moment at a time, with the state that the step before "
            "gave back; the state before the first is `state` in `card.json`."
        )
    return "\n\n".join(parts) + "\n"


def _code(card: Mapping[str, Any], folder: str, is_onnx: bool) -> str:
    width = card["model"]["input_size"]
    float_type = ", dtype=np.float32" if is_onnx else ""
    x = f"zeros((2, 12, {width}){float_type})"
    if width is None:
        x = "zeros((2, 12), dtype=np.int64)" if is_onnx else "zeros((2, 12), dtype=torch.int64)"
    deltas = "deltas" in card["graphs"][0]["inputs"]
    ones = f"np.ones((2, 12){float_type})" if is_onnx else "torch.ones(2, 12)"
    more = "" if not deltas else f', "deltas": {ones}' if is_onnx else f", {ones}"
    return (ONNX if is_onnx else TORCH).format(folder=folder, x=x, more=more)


def _signature(graph: Mapping[str, Any]) -> str:
    return f"{', '.join(graph['inputs'])} -> {', '.join(graph['outputs'])}"
