"""`zoo export`: a trained model in a form that others read."""

import argparse
from pathlib import Path
from typing import final

from zoo.cli.errors import UserError
from zoo.cli.verbs.base import Arguments, OwnVerb, register_verb
from zoo.export import FORMATS


@final
@register_verb("export")
class Export(OwnVerb):
    """Write a trained model for others: weights and cards, torch.export or ONNX."""

    usage = (
        "--ckpt_path CHECKPOINT [--format safetensors|torch|onnx] [--output FOLDER] [--licence SPDX] "
        "[--replace]"
    )

    def add_arguments(self, parser: Arguments) -> None:
        parser.description = (
            "Writes a folder, whole or not at all. safetensors: the weights, a card for programs that names "
            "registered parts, a model card for people written from the run, and the recipe; `zoo.load` "
            "reads it. torch: a program of torch.export, which torch runs without the zoo. onnx: a graph "
            "that onnxruntime runs. Batch and time are free in both; where the model reads forward only, "
            "there is a second graph, of one step with its state; each is compared with the model. What a "
            "format cannot say is refused before anything is written."
        )
        parser.add_argument(
            "--ckpt_path", required=True, metavar="CHECKPOINT", help="a checkpoint, or the folder of a run"
        )
        parser.add_argument("--format", default="safetensors", choices=FORMATS, help="by default safetensors")
        parser.add_argument(
            "--output",
            type=Path,
            metavar="FOLDER",
            help="where it goes; by default NAME-FORMAT, after the run or the file",
        )
        parser.add_argument(
            "--licence",
            default="unknown",
            metavar="SPDX",
            help="the licence of the weights, such as apache-2.0; by default the card says it is unknown",
        )
        parser.add_argument(
            "--replace", action="store_true", help="put it in the place of an earlier export of that name"
        )

    def act(self, given: argparse.Namespace) -> None:
        path = Path(given.ckpt_path)
        target = given.output or Path(f"{_name(path)}-{given.format}")
        from zoo.export.write import export  # torch and Lightning, which a misspelt option need not wait for

        try:
            export(path, target, given.format, licence=given.licence, replace=given.replace)
        except (ValueError, LookupError) as error:
            raise UserError(str(error)) from error
        except OSError as error:
            raise UserError(f"{target} cannot be written: {error.strerror}") from error
        for file in sorted(target.iterdir()):
            print(f"written   {file}  {file.stat().st_size:,} bytes")


def _name(path: Path) -> str:
    """What an export is called by itself: after the recipe of the run, or after the file."""
    parts = path.absolute().parts
    places = [place for place, part in enumerate(parts[:-1]) if part == "runs"]
    return parts[places[-1] + 1] if places else path.stem
