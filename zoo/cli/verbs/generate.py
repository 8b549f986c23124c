"""`zoo generate`: text from a language model."""

import argparse
from itertools import chain
from pathlib import Path
from typing import final

from zoo.cli.errors import UserError
from zoo.cli.verbs.base import Arguments, OwnVerb, register_verb
from zoo.registry import printable


@final
@register_verb("generate")
class Generate(OwnVerb):
    """Write text with a language model, as it is drawn."""

    usage = (
        "--ckpt_path CHECKPOINT --prompt TEXT [--tokens N] [--temperature X] "
        "[--top_k N] [--top_p X] [--seed N]"
    )

    def add_arguments(self, parser: Arguments) -> None:
        parser.description = (
            "Goes on from a prompt with a language model that `zoo fit` has trained. The vocabulary comes "
            "with the checkpoint; the state is carried from token to token, so that a long text takes no "
            "longer per token than a short one."
        )
        parser.add_argument(
            "--ckpt_path", required=True, metavar="CHECKPOINT", help="a checkpoint, or the folder of a run"
        )
        parser.add_argument("--prompt", required=True, metavar="TEXT", help="the text to go on from")
        parser.add_argument(
            "--tokens",
            type=int,
            default=200,
            metavar="N",
            help="how many characters, words or byte pairs to draw, as the model was trained; by default 200",
        )
        parser.add_argument(
            "--temperature",
            type=float,
            default=1.0,
            metavar="X",
            help="below 1 the likely becomes likelier; 0 takes the likeliest always; by default 1",
        )
        parser.add_argument("--top_k", type=int, metavar="N", help="draw among the N likeliest only")
        parser.add_argument(
            "--top_p", type=float, metavar="X", help="draw among the fewest that are this likely together"
        )
        parser.add_argument("--seed", type=int, default=0, metavar="N", help="decides what is drawn")

    def act(self, given: argparse.Namespace) -> None:
        from zoo.generation import Sampling  # torch and Lightning, which a misspelt option need not wait for
        from zoo.trained import load

        if given.tokens < 1:
            raise UserError(f"--tokens is {given.tokens}; expected at least 1")
        try:
            sampling = Sampling(
                temperature=given.temperature, top_k=given.top_k, top_p=given.top_p, seed=given.seed
            )
            text = load(Path(given.ckpt_path)).generate(given.prompt, given.tokens, sampling)
            for piece in chain([given.prompt], text, ["\n"]):
                print(_safe(piece), end="", flush=True)
        except (ValueError, LookupError) as error:
            raise UserError(str(error)) from error


def _safe(text: str) -> str:
    """The text without characters that a terminal obeys, but for those of white space."""
    return "".join(each if each in "\n\t" else printable(each) for each in text)
