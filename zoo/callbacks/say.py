"""What is said about a run while it runs, a line at a time."""

from lightning_utilities.core.rank_zero import rank_zero_only

from zoo.registry import printable


@rank_zero_only
def say(what: str, text: str) -> None:
    """Prints a line about the run."""
    print(f"{what:<10}{printable(text)}", flush=True)
