"""Puts what the zoo measured beside what papers print, from the tables that other commands have written.

python recipes/results/published.py && python recipes/results/tables.py

A row needs its table: `python recipes/results/measure.py TABLE`; a table that is not there has no row.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, stdev

RESULTS = Path(__file__).resolve().parent
COLUMNS = (
    *("what", "metric", "ours", "spread", "runs", "published", "source", "verdict", "why"),
    *("seconds", "torch", "cores", "device", "command"),
)


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """A number of a paper, and where ours is.

    Attributes:
        what: Model and data.
        table: Of ours, without `.csv`.
        metric: Its column.
        published: The paper's number, in the same unit.
        source: The paper.
        lower: Whether less is better.
        scale: What ours is multiplied by, such as 100 for percents.
        where: Column -> value of the rows that count.
        tolerance: How far a number may be off that is the same, where there are too few runs for a spread.
        why: What was found where ours is not as good, or what differs in the protocol.
        options: Of the command, after the table.
    """

    what: str
    table: str
    metric: str
    published: float
    source: str
    lower: bool = False
    scale: float = 1.0
    where: Mapping[str, str] = field(default_factory=dict)
    tolerance: float = 0.0
    why: str = ""
    options: str = ""


BAI = "Bai et al., 2018, https://arxiv.org/abs/1803.01271, table 1"
ANCHORS = [
    Anchor(
        what="Penn Treebank, words: Zaremba small, 2 x 200",
        table="ptb",
        metric="test/perplexity",
        published=114.5,
        source="Zaremba et al., 2014, https://arxiv.org/abs/1409.2329",
        lower=True,
        tolerance=1.5,
        options="--root FOLDER",
    ),
    Anchor(
        what="movie reviews, 10 folds, no pretrained vectors: BiLSTM with max pooling beside a CNN",
        table="sentiment_folds",
        metric="test/accuracy",
        published=75.9,
        source="Kim, 2014, https://arxiv.org/abs/1408.5882, as reimplemented by harvardnlp/sent-conv-torch",
        scale=100,
        where={"fold": "0|1|2|3|4|5|6|7|8|9"},
        options="--root FILE",
    ),
    *(
        Anchor(
            what=f"JSB chorales: {name}, nats a frame",
            table="jsb_chorales",
            metric="test/loss",
            published=nats,
            source=BAI,
            lower=True,
            where={"what": cell},
            why=why,
            options="--root FILE",
        )
        for cell, name, nats, why in (
            ("lstm", "LSTM", 8.45, ""),
            (
                "gru",
                "GRU",
                8.43,
                "the LSTM's recipe; a rate of 0.001 and a dropout of 0.5 did no better: not found",
            ),
            ("elman", "plain RNN", 8.91, ""),
        )
    ),
    Anchor(
        what="English Web Treebank, parts of speech: BiLSTM with characters",
        table="ud_ewt",
        metric="test/accuracy",
        published=94.6,
        source="Plank et al., 2016, https://arxiv.org/abs/1604.05529, release 1.3, 20 epochs",
        scale=100,
        where={"recipe": "tagging/ud_ewt_bilstm_characters.yaml"},
        why="4 epochs for 20, half the characters' width, no noise on the words; another release of the data",
        options="--root FOLDER",
    ),
    Anchor(
        what="Stanford sentiment, 5 classes, no pretrained vectors: BiLSTM with max pooling beside a CNN",
        table="sst5",
        metric="test/accuracy",
        published=42.2,
        source="Kim, 2014, https://arxiv.org/abs/1408.5882, as reimplemented by harvardnlp/sent-conv-torch",
        scale=100,
        why="8,544 whole sentences, where the CNN learned from all their labelled phrases",
        options="--root FOLDER",
    ),
    Anchor(
        what="tiny Shakespeare, nats a character: LSTM beside a GPT, 0.7M and 0.8M, 1.5M characters read",
        table="shakespeare",
        metric="test/loss",
        published=1.88,
        source="https://github.com/karpathy/nanoGPT, its smallest model",
        lower=True,
        tolerance=0.02,
        where={"what": "lstm of 0.7M, 2,000 updates of 12 x 64"},
        options="--root FILE",
    ),
]


def compared(anchor: Anchor) -> dict[str, str] | None:
    """The row of a number, or None where nothing was measured."""
    path = RESULTS / f"{anchor.table}.csv"
    if not path.is_file():
        return None
    every = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    rows = [row for row in every if all(row[key] in value.split("|") for key, value in anchor.where.items())]
    values = [anchor.scale * float(row[anchor.metric]) for row in rows]
    mean, spread = fmean(values), stdev(values) if len(values) > 1 else None
    gap = (mean - anchor.published) * (1 if anchor.lower else -1)
    slack = max(spread or 0.0, anchor.tolerance)
    near = "within the spread" if spread else f"within {slack:g}"
    verdict = "better" if gap < -slack else near if gap <= slack else "short of it"
    last = rows[-1]
    return {
        "what": anchor.what,
        "metric": anchor.metric,
        "ours": f"{mean:.6g}",
        "spread": "" if spread is None else f"{spread:.3g}",
        "runs": str(len(values)),
        "published": f"{anchor.published:.4g}",
        "source": anchor.source,
        "verdict": verdict,
        "why": anchor.why or ("not found" if verdict == "short of it" else ""),
        **{name: last.get(name, "") for name in ("seconds", "torch", "cores", "device")},
        "command": f"python recipes/results/measure.py {anchor.table} {anchor.options}".strip(),
    }


def main() -> None:
    """Writes published.csv."""
    rows = [row for row in map(compared, ANCHORS) if row is not None]
    with (RESULTS / "published.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print((RESULTS / "published.csv").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
