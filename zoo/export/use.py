"""How a model is used and what it cannot do, in the words of its card."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from zoo.tasks.language_model import LanguageModel
from zoo.trained import Trained


def how_to_use(model: Trained, name: str) -> str:
    """Lines of Python that load a model and ask it something.

    Args:
        model: The model.
        name: What its folder is called.
    """
    item = _item(model)
    needs = ["import numpy as np"] if "np." in item else []
    lines = [*needs, "import zoo", "", f'model = zoo.load("{name}")', _asking(model, item)]
    return "\n".join(["```python", *lines, "```"])


def _asking(model: Trained, item: str) -> str:
    if isinstance(model.task, LanguageModel):
        return 'print("".join(model.generate("Once", count=100)))'
    return f"print(model.predict([{item}]))"


def _item(model: Trained) -> str:
    """Python for something that it reads; which one that is depends on its data, and is tried."""
    width = model.task.network.input_size
    if width is None:
        return '"a text like those it was trained on"'
    for steps in (20, width, 28):  # a sequence, or an image of as many rows as columns
        shape = (steps, 28 if width == 1 and steps == 28 else width)
        try:
            model.predict([np.zeros(shape, dtype=np.float32)])
        except ValueError:
            continue
        return f"np.zeros({shape}, dtype=np.float32)"
    return "..."


def limits(model: Trained, card: Mapping[str, Any]) -> list[str]:
    """What to know before it is relied on."""
    network = model.task.network
    found = [
        "The numbers above are of its own data and of one run; on other data nothing was measured.",
        _reads(network.input_size, network.vocab_size),
    ]
    if model.task.model.encoder.is_causal:
        found.append("It reads forward only, so that it can run on a stream, step by step.")
    else:
        found.append("It reads each sequence in both directions or backwards, and needs all of it at once.")
    if card["data"] is None:
        found.append(
            "What its data had learned (scaling, vocabulary, labels) is not here; give `zoo.load` data."
        )
    if card["licence"] == "unknown":
        found.append("No licence was stated: ask who trained it before you use it.")
    if card["modules"]:
        found.append(
            f"It needs modules that are not of the zoo: {', '.join(card['modules'])}; import them first."
        )
    return found


def _reads(features: int | None, tokens: int | None) -> str:
    if features is not None:
        width = "1 number" if features == 1 else f"{features} numbers"
        return f"It reads sequences of {width} at each step, scaled as its training data was."
    return f"It reads tokens from a vocabulary of {tokens}; what is not in it is all one unknown token."
