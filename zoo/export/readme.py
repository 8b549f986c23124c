"""The model card that people read: a README.md, written from the run."""

from collections.abc import Mapping, Sequence
from typing import Any

from zoo.export.curves import CURVES
from zoo.export.run_facts import PICTURES, RECIPE, RunFacts
from zoo.export.use import how_to_use, limits
from zoo.names import name_stack
from zoo.trained import Trained

CAPTIONS = dict(zip(PICTURES, ("Gradients by layer", "The gradient through time"), strict=True))


def readme(model: Trained, card: Mapping[str, Any], facts: RunFacts, name: str, drawn: bool) -> str:
    """The text of a model card.

    Args:
        model: What it is of.
        card: What its card for programs says.
        facts: What is known of its run.
        name: What the model is called.
        drawn: Whether there is a picture of its curves.
    """
    parts = [
        _head(card),
        f"# {name}\n\n{_what(model, card)}",
        _numbers(card, drawn),
        _verdict(facts),
        f"## How to use it\n\n{how_to_use(model, name)}",
        _training(card),
        "## Limits\n\n" + "\n".join(f"- {line}" for line in limits(model, card)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(card: Mapping[str, Any]) -> str:
    """What the hub reads: of which library it is, and its licence."""
    lines = ["library_name: recurrent-zoo", f"license: {card['licence'].lower()}", "tags:"]
    lines += [f"- {tag}" for tag in ("recurrent-neural-network", "pytorch-lightning", card["task"])]
    return "\n".join(["---", *lines, "---"])


def _what(model: Trained, card: Mapping[str, Any]) -> str:
    network = model.task.network
    data = "" if card["data"] is None else f", trained on `{card['data']['name']}`"
    return (
        f"A `{card['task']}` of the zoo of recurrent networks{data}: encoder "
        f"`{name_stack(network.encoder)}`, pooling `{network.pooling}`, {card['parameters']:,} parameters; "
        f"the weights after epoch {card['epoch']} (step {card['step']:,}). Licence: {card['licence']}."
    )


def _numbers(card: Mapping[str, Any], drawn: bool) -> str:
    metrics = card["metrics"]
    whats = list(dict.fromkeys(name.partition("/")[2] for name in metrics))
    if not whats:
        return "## Numbers\n\nNo run lies beside the checkpoint, so there are none."
    stages = [stage for stage in ("val", "test") if any(name.startswith(f"{stage}/") for name in metrics)]
    rows = [
        [what, *(_cell(metrics.get(f"{stage}/{what}")) for stage in stages)]
        for what in sorted(whats, key=lambda what: (what != "loss", what))
    ]
    text = "## Numbers\n\n" + _table(["metric", *stages], rows)
    return text + (f"\n\n![Losses and metrics over training]({CURVES})" if drawn else "")


def _verdict(facts: RunFacts) -> str:
    if not facts.findings:
        return ""
    lines = [f"- {finding.severity}: {finding.text}" for finding in facts.findings]
    pictures = [f"![{CAPTIONS[name]}]({name})" for name in facts.pictures]
    return "\n\n".join(["## Gradients", "\n".join(lines), *pictures])


def _training(card: Mapping[str, Any]) -> str:
    told = card["trained_with"]
    names = ("zoo", "torch", "lightning", "python", "device", "seconds", "command")
    rows = [[name, f"`{told[name]}`"] for name in names if name in told]
    again = f"The whole recipe is in {RECIPE}: `zoo fit --config {RECIPE}`." if card["recipe"] else ""
    return "\n\n".join(["## Training", *([_table(["", ""], rows)] if rows else []), again]).strip()


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
