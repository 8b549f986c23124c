"""The commands of `zoo`: a verb is a file in this folder, found by the decorator above its class.

Nothing here imports a verb, so that help comes at once.
"""

from zoo.registry import Declared, declared

FIRST = ("fit", "validate", "test", "predict", "inspect")
"""What help begins with; other verbs follow by their names."""


def known_verbs() -> dict[str, Declared]:
    """The verbs by name, in the order of help."""
    found = declared("zoo.cli.verbs")
    first = [name for name in FIRST if name in found]
    return {name: found[name] for name in [*first, *sorted(found.keys() - set(first))]}


def summaries() -> str:
    """A line for each verb: its name, and the first line of its docstring."""
    return "\n".join(f"  {name:<10}{_summary(verb)}" for name, verb in known_verbs().items())


def _summary(verb: Declared) -> str:
    text = verb.summary()
    return text[:1].lower() + text[1:].removesuffix(".")
