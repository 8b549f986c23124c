"""Where in a recipe a line of advice belongs."""

IN_ENCODER = ("cell", "wiring", "num_layers", "direction", "recurrent_gradient_clip")
IN_NETWORK = ("pooling",)


def placed(line: str) -> tuple[str, str]:
    """The dotted key of a recipe and the value, as an option of the command line takes them.

    Args:
        line: Such as "wiring: residual".

    Raises:
        ValueError: no advice is of that kind.
    """
    key, _, value = line.partition(": ")
    if key in IN_ENCODER:
        return f"model.network.encoder.{key}", value
    if key in IN_NETWORK:
        return f"model.network.{key}", value
    if key == "optimizer":
        return "model.optimizer", value
    raise ValueError(f"no line of advice begins with {key!r}; expected one of {', '.join(IN_ENCODER)}")


def as_option(line: str) -> str:
    """A line of advice as an option that `zoo fit` takes."""
    key, value = placed(line)
    return f"--{key}={value}" if " " not in value else f"--{key}='{value}'"
