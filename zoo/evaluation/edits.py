"""What would have to be changed in a sequence that was written: the fewest edits."""

from collections import Counter
from collections.abc import Sequence

Edit = tuple[int | None, int | None]
"""What was asked for, None where nothing was; and what was written instead, None where nothing was."""


def edits(true: Sequence[int], said: Sequence[int]) -> list[Edit]:
    """The fewest substitutions, deletions and insertions that lead from the truth to what was said.

    Of several such ways one with substitutions, where there is a choice.
    Reference: Wagner and Fischer, 1974, https://doi.org/10.1145/321796.321811.
    """
    table = [[*range(len(said) + 1)]]
    for t, wanted in enumerate(true, 1):
        row = [t]
        for s, got in enumerate(said, 1):
            row.append(min(table[-1][s - 1] + (wanted != got), table[-1][s] + 1, row[-1] + 1))
        table.append(row)
    t, s, found = len(true), len(said), list[Edit]()
    while t or s:
        if t and s and table[t][s] == table[t - 1][s - 1] + (true[t - 1] != said[s - 1]):
            t, s = t - 1, s - 1
            if true[t] != said[s]:
                found.append((true[t], said[s]))
        elif t and table[t][s] == table[t - 1][s] + 1:
            t -= 1
            found.append((true[t], None))
        else:
            s -= 1
            found.append((None, said[s]))
    return found[::-1]


def kinds(counted: Counter[Edit]) -> dict[str, int]:
    """How many edits there are of each kind."""
    named = {"substituted": 0, "left out": 0, "put in": 0}
    for (wanted, got), times in counted.items():
        kind = "put in" if wanted is None else "left out" if got is None else "substituted"
        named[kind] += times
    return named
