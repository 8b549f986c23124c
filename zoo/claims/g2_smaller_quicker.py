"""G2: the GRU has fewer parameters than the LSTM, and is quicker."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np
from matplotlib.figure import Figure

from zoo.bench import Setting, Shape
from zoo.bench.contender import engines_of, yardsticks
from zoo.bench.timing import interleaved
from zoo.bench.work import prime
from zoo.claims.base import Claim, Measured, Number, Resources, Verdict, register_claim
from zoo.claims.picture import panels
from zoo.pictures.looks import RUNS
from zoo.pictures.marks import TEXT
from zoo.stack import StackSpec


@final
@register_claim("g2")
@dataclass(frozen=True, kw_only=True)
class SmallerQuicker(Claim):
    """The GRU is quicker to compute and has fewer parameters than the LSTM."""

    says: ClassVar[str] = "The GRU has fewer parameters than the LSTM and is quicker to compute."
    source: ClassVar[str] = "lecture notes; Cho et al., 2014, https://arxiv.org/abs/1406.1078"
    rule: ClassVar[str] = (
        "holds if it has 3/4 of the parameters, to 1 %, and its training step takes at most 0.95 of the "
        "LSTM's of the same width in every shape, in the zoo; contradicted if it has no fewer parameters, or "
        "is nowhere quicker; else in part"
    )

    shapes: tuple[str, ...] = ("128x32x64", "64x32x256")
    """T x B x H."""

    repeats: int = 7
    """Samples of each time; the best one counts."""

    @property
    def ran(self) -> str:
        return (
            f"a training step of one layer (T x B x H: {', '.join(self.shapes)}), the zoo's fastest engine "
            f"and torch.nn, at equal widths and at equal parameters; best of {self.repeats}, in turns"
        )

    def full(self) -> "Claim":
        return replace(self, shapes=("256x32x64", "128x32x256", "64x64x512"), repeats=20)

    def measure(self, resources: Resources) -> Measured:
        shapes = map(Shape.parse, self.shapes)
        return Measured(tuple(number for shape in shapes for number in self._numbers(shape)))

    def _numbers(self, shape: Shape) -> list[Number]:
        plain = {cell: StackSpec(cell=cell, hidden_size=shape.width) for cell in ("lstm", "gru")}
        count = {cell: _parameters(spec, shape) for cell, spec in plain.items()}
        equal = StackSpec.of({"cell": "gru", "params": count["lstm"]}).sized(shape.input_size)
        seconds = self._seconds({**plain, "gru, equal parameters": equal}, shape)
        found = [
            *(Number(what=f"{shape}: parameters, {cell}", value=float(count[cell])) for cell in plain),
            Number(
                what=f"{shape}: parameters, gru over lstm", value=count["gru"] / count["lstm"], known="3/4"
            ),
        ]
        for (name, where), time in seconds.items():
            found.append(Number(what=f"{shape}: milliseconds, {name}, {where}", value=1000 * time))
            if name != "lstm":
                ratio = time / seconds["lstm", where]
                found.append(Number(what=f"{shape}: time, {name} over lstm, {where}", value=ratio))
        return found

    def _seconds(self, specs: Mapping[str, StackSpec], shape: Shape) -> dict[tuple[str, str], float]:
        """Of a training step of each, in the zoo and of torch's layer, all in turns."""
        setting, contenders = Setting(), {}
        for name, spec in specs.items():
            sized = replace(shape, width=spec.hidden_sizes[0])
            (contenders[name, "zoo"],) = engines_of(spec, sized, setting, ("auto",))
            contenders[name, "torch.nn"] = yardsticks(spec, sized, setting)[0]
        prime(setting)
        works = {" in ".join(key): contender.work() for key, contender in contenders.items()}
        timings = interleaved(works, self.repeats, setting.settle)
        return {key: timings[" in ".join(key)].seconds for key in contenders}

    def judge(self, found: Measured) -> Verdict:
        counts = [found[f"{shape}: parameters, gru over lstm"] for shape in self.shapes]
        times = [found[f"{shape}: time, gru over lstm, zoo"] for shape in self.shapes]
        if min(counts) >= 1 or min(times) >= 1:
            return Verdict.CONTRADICTED
        is_smaller = all(abs(count / 0.75 - 1) <= 0.01 for count in counts)
        return Verdict.HOLDS if is_smaller and max(times) <= 0.95 else Verdict.IN_PART

    def finding(self, found: Measured) -> str:
        first = self.shapes[0]
        counts = found[f"{first}: parameters, gru over lstm"]
        times = [found[f"{shape}: time, gru over lstm, zoo"] for shape in self.shapes]
        told = " and ".join(f"{time:.2f}" for time in times)
        return f"The GRU has {counts:.2f} of the LSTM's parameters and takes {told} of its time"

    def draw(self, found: Measured, figure: Figure) -> None:
        (axes,) = panels(figure, "time of the GRU over that of the LSTM")
        names = [
            f"{name}, {where}" for name in ("gru", "gru, equal parameters") for where in ("zoo", "torch.nn")
        ]
        for index, name in enumerate(names):
            what, _, where = name.rpartition(", ")
            values = [found[f"{shape}: time, {what} over lstm, {where}"] for shape in self.shapes]
            places = np.arange(len(self.shapes)) + 0.2 * (index - 1.5)
            axes.bar(places, values, width=0.18, color=RUNS[index], label=name)
        axes.axhline(1, color="#767676", linewidth=1, linestyle=":")
        axes.set_xticks(range(len(self.shapes)), self.shapes)
        axes.legend(fontsize=TEXT, frameon=False)


def _parameters(spec: StackSpec, shape: Shape) -> int:
    return sum(parameter.numel() for parameter in spec.build(shape.input_size).parameters())
