"""The folder that a model is handed on in: written whole or not at all, read as data."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor

from zoo.pretrained.packages import needed
from zoo.runs.atomic_folder import atomic_folder

CARD, WEIGHTS = "card.json", "model.safetensors"
FORMAT = 1
"""Of the card; a later one that older versions cannot read has another number."""

PREFIXES = {
    "task": {"model": "model.", "encoder_decoder": "model.", "stack": "model.encoder."},
    "model": {"model": "", "stack": "encoder."},
    "encoder_decoder": {"encoder_decoder": "", "stack": "encoder."},
    "stack": {"stack": ""},
}
"""What a folder is of -> what can be taken out of it, and how the names of its weights begin there."""


@final
@dataclass(frozen=True, kw_only=True)
class Handed:
    """What is in such a folder.

    Attributes:
        card: Plain data: `kind`, a key of `PREFIXES`, and what that is made of, by registered names.
        weights: By their names in the state dict.
        files: Other files that lie beside, for people: name -> content.
    """

    card: Mapping[str, Any]
    weights: Mapping[str, Tensor]
    files: Mapping[str, bytes] = field(default_factory=dict)

    def part(self, what: str) -> tuple[Mapping[str, Any], dict[str, Tensor]]:
        """What a model or a stack in it is made of, and its weights.

        Raises:
            ValueError: there is none in it.
        """
        if what not in self.card:
            raise ValueError(f"the folder is of a {self.card['kind']}; expected one with a {what}")
        prefix = PREFIXES[self.card["kind"]][what]
        weights = {
            name.removeprefix(prefix): value
            for name, value in self.weights.items()
            if name.startswith(prefix)
        }
        return self.card[what], weights


def versions() -> dict[str, str]:
    """What a card says it was written with."""
    return {name: version(name) for name in ("recurrent-zoo", "torch", "lightning", "safetensors")}


def is_handed(path: Path) -> bool:
    """Whether a path is such a folder."""
    return (path / CARD).is_file()


def write_folder(target: Path, handed: Handed, replace: bool = False) -> None:
    """Writes all of it, or nothing.

    Args:
        target: The folder, which must not be there.
        handed: What it shall hold.
        replace: Whether it takes the place of another such folder.

    Raises:
        ValueError: the folder is there, safetensors is not installed, or the card is more than plain data.
        OSError: it cannot be written.
    """
    with needed("safetensors", "weights", "safetensors writes weights"):
        from safetensors.torch import save
    check_target(target, replace)
    # copies, for tied weights share their memory, which the format has no word for
    weights = save({name: value.detach().clone().contiguous() for name, value in handed.weights.items()})
    card = {
        "format": FORMAT,
        **handed.card,
        "versions": versions(),
        "sha256": {WEIGHTS: hashlib.sha256(weights).hexdigest()},
    }
    files = {CARD: as_json(card).encode(), WEIGHTS: weights, **handed.files}
    with atomic_folder(target) as folder:
        for name, content in files.items():
            (folder / name).write_bytes(content)


def check_target(target: Path, replace: bool) -> None:
    """Refuses to write where something lies that is not to be replaced.

    Raises:
        ValueError: the path is there, and is no such folder or shall stay.
    """
    if not target.exists():
        return
    if not is_handed(target):
        raise ValueError(f"{target} exists and holds no exported model; expected another name for the folder")
    if not replace:
        raise ValueError(
            f"{target} exists; expected another name, or --replace (`replace=True`) to put the new one in "
            f"its place"
        )


def as_json(card: Mapping[str, Any]) -> str:
    """A card as text, if reading it gives the same again.

    Raises:
        ValueError: it is more than plain data.
    """
    try:
        text = json.dumps(card, indent=1, ensure_ascii=False)
    except TypeError as error:
        raise ValueError(f"the card is not plain data: {error}; expected numbers, texts and lists") from error
    if json.dumps(json.loads(text), indent=1, ensure_ascii=False) != text:
        raise ValueError("the card changes when it is read again; expected texts as names, each of them once")
    return text + "\n"


def read_folder(path: Path) -> Handed:
    """What a folder holds. It is read as data: nothing in it can run.

    Raises:
        ValueError: it is no such folder, of a later format, or damaged, or safetensors is not installed.
    """
    if not is_handed(path):
        raise ValueError(f"{path} holds no exported model; expected a folder with {CARD} and {WEIGHTS}")
    with needed("safetensors", "weights", f"{WEIGHTS} is read by safetensors"):
        from safetensors import SafetensorError
        from safetensors.torch import load
    card = read_card(path / CARD)
    try:
        content = (path / WEIGHTS).read_bytes()
        weights = load(content)
    except (OSError, SafetensorError) as error:
        raise ValueError(f"{path / WEIGHTS} cannot be read ({error}); expected it beside its card") from error
    if hashlib.sha256(content).hexdigest() != card["sha256"].get(WEIGHTS):
        raise ValueError(f"{path / WEIGHTS} is not what its card was written for; expected the same sha256")
    return Handed(card=card, weights=weights)


def read_card(path: Path) -> dict[str, Any]:
    """A card.

    Raises:
        ValueError: it is none, or one of a later format.
    """
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON ({error}); expected the card of an exported model") from error
    if isinstance(card, dict) and card.get("kind") == "graph":
        raise ValueError(f"{path.parent} holds graphs for other runtimes; expected an export as safetensors")
    kind = card.get("kind") if isinstance(card, dict) else None
    if not isinstance(kind, str) or kind not in PREFIXES or not isinstance(card.get("sha256"), dict):
        raise ValueError(f"{path} is no card of an exported model; expected one with kind and sha256")
    if card.get("format") != FORMAT:
        raise ValueError(
            f"{path} has format {card.get('format')}; expected {FORMAT}, or a newer version of zoo"
        )
    return dict(card)


def fill(module: torch.nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Gives a module its weights, each as it is, in its own type.

    Raises:
        ValueError: one is missing, has no place or another shape.
    """
    floating = [value for value in weights.values() if value.is_floating_point()]
    if floating:
        module.to(floating[0].dtype)
    try:
        module.load_state_dict(dict(weights))
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise ValueError(
            f"the weights do not fit the card: {reason}; expected those it was written for"
        ) from error
