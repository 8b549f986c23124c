"""How often each label occurs, in words."""

from collections import Counter
from collections.abc import Iterator

from zoo.data.reading.faults import listed
from zoo.init.found import counted

MOST_LABELS = 8
"""Labels that are listed with their shares."""
IMBALANCED = 5
"""So many times rarer than the most frequent label, the rarest is rare enough to say so."""


def balance(labels: Counter[str], noun: str = "label") -> Iterator[str]:
    """The shares of the labels, and a warning where they are far apart."""
    whole, order = labels.total(), labels.most_common()
    shares = [f"{label!r} {count / whole:.1%}" for label, count in order]
    yield f"{counted(len(labels), noun)}: {listed(shares, MOST_LABELS)}."
    (most, often), (least, seldom) = order[0], order[-1]
    if often > IMBALANCED * seldom:
        yield (
            f"Out of balance: {most!r} is {often / seldom:.0f} times as frequent as {least!r}. Look at the "
            f"F1 score, which counts every {noun} alike; always answering {most!r} is right in "
            f"{often / whole:.1%}."
        )
