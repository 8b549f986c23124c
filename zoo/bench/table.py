"""What `zoo bench` prints and writes."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from rich.console import Console
from rich.table import Table

from zoo.bench.comparison import Row

MIB = 2**20
WHAT = {
    "training": "training step (forward and backward)",
    "forward": "forward without backward",
    "streaming": "one moment of a stream (stack.stream)",
}
LEGEND = {
    "ms": "ms: one run, the best sample; beside other work the median.",
    "µs": "µs: one moment, in the best stream.",
    "first ms": "first ms: the first call, in which caches are filled and code is compiled.",
    "MiB": "MiB: memory of a run at its peak, beyond inputs and parameters.",
    "x torch": "x torch: time over that of torch's layers of the same widths and depth, a row below.",
    "x floor": "x floor: time over that of the cells' matrix products alone, torch.mm in a loop.",
    "x len": "x len: time with random lengths from 1 to T over that without.",
    "x one": "x one: time over that on one thread, in the same turns.",
}


def print_table(rows: Sequence[Row]) -> None:
    """Prints the comparisons at one shape, each below the name of its composition."""
    columns = _columns(rows)
    table = Table(box=None, pad_edge=False)
    table.add_column("", no_wrap=True)
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    for composition, group in groupby(rows, lambda row: row.composition):
        members = list(group)
        fastest = min(members, key=lambda row: (row.contender.kind != "engine", row.timing.seconds))
        table.add_row(composition, style="cyan")
        for row in members:
            cells = _cells(row)
            style = "bold" if row is fastest else ""
            table.add_row(f"  {row.contender.label}", *(cells[name] for name in columns), style=style)
    print()
    say(_title(rows[0]))
    print()
    Console(highlight=False).print(table)


def print_legend(rows: Sequence[Row], notes: Iterable[str]) -> None:
    """Says what the columns are, and what else there is to say."""
    print()
    for text in (*(LEGEND[name] for name in _columns(rows) if name in LEGEND), *notes):
        say(text)


def say(text: str) -> None:
    """Prints a sentence as wide as the terminal is."""
    print(textwrap.fill(text, min(Console().width, 110), subsequent_indent="  "))


def _title(row: Row) -> str:
    shape, setting = row.contender.shape, row.contender.setting
    sizes = f"T {shape.steps}, B {shape.batch_size}, I {shape.input_size}, H {shape.width}"
    return f"{shape}: {WHAT[setting.mode]}, {sizes}, {setting.dtype}, {setting.device}"


def _columns(rows: Sequence[Row]) -> list[str]:
    """The columns in which any row has something."""
    shown = [_cells(row) for row in rows]
    return [name for name in shown[0] if any(cells[name] for cells in shown)]


def _cells(row: Row) -> dict[str, str]:
    """The numbers of a row, by column; empty where there is none."""
    timing, streaming = row.timing, row.contender.setting.mode == "streaming"
    return {
        "ms": "" if streaming else _three(timing.seconds * 1e3),
        "µs": _three(timing.seconds * 1e6) if streaming else "",
        "tokens/s": f"{row.tokens_per_second:,.0f}",
        "MiB": "" if timing.memory is None else f"{timing.memory / MIB:.1f}",
        "first ms": f"{timing.first * 1e3:,.0f}",
        "x torch": f"{row.to_torch:.2f}",
        "x floor": "" if row.to_floor is None else f"{row.to_floor:.2f}",
        "x len": "" if row.ragged is None else f"{row.ragged:.2f}",
        "x one": "" if row.to_one_thread is None else f"{row.to_one_thread:.2f}",
    }


def _three(value: float) -> str:
    """Three significant digits, or all before the point."""
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f}"


def csv_rows(rows: Iterable[Row], facts: Mapping[str, str], repeats: int) -> list[dict[str, str]]:
    """The rows as text, with what they were taken on."""
    return [
        {
            "composition": row.composition,
            "engine": row.contender.label,
            "kind": row.contender.kind,
            "shape": str(row.contender.shape),
            "mode": row.contender.setting.mode,
            "ms": f"{row.timing.seconds * 1e3:.4f}",
            "tokens/s": f"{row.tokens_per_second:.0f}",
            "memory_mib": "" if row.timing.memory is None else f"{row.timing.memory / MIB:.1f}",
            "first_s": f"{row.timing.first:.3f}",
            "torch_layer": row.torch_layer,
            "x_torch": f"{row.to_torch:.3f}",
            "x_floor": "" if row.to_floor is None else f"{row.to_floor:.3f}",
            "x_lengths": "" if row.ragged is None else f"{row.ragged:.3f}",
            "x_one_thread": "" if row.to_one_thread is None else f"{row.to_one_thread:.3f}",
            "dtype": row.contender.setting.dtype,
            "device": row.contender.setting.device,
            "repeats": str(repeats),
            **facts,
        }
        for row in rows
    ]
