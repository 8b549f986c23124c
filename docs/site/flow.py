"""What a drawing of a data flow is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import final


@final
@dataclass(frozen=True)
class Vertex:
    """Something that is drawn.

    Attributes:
        kind: "state", "box", "junction" or "result".
        label: What is written into it.
        sources: Where its arrows come from, by number, and what is written at each.
    """

    kind: str
    label: str
    sources: tuple[tuple[int, str], ...] = ()


@final
@dataclass
class Dataflow:
    """What is drawn.

    Attributes:
        vertices: In an order in which arrows lead forward.
        constants: Long formulas of parameters alone -> the letters that stand for them.
    """

    vertices: list[Vertex] = field(default_factory=list)
    constants: dict[str, str] = field(default_factory=dict)

    def drawn(self) -> "Dataflow":
        """What leads to a result or is a state; the rest is not drawn."""
        kept = {number for number, vertex in enumerate(self.vertices) if vertex.kind in ("state", "result")}
        for number in reversed(range(len(self.vertices))):
            if number in kept:
                kept.update(source for source, _ in self.vertices[number].sources)
        place = {number: new for new, number in enumerate(sorted(kept))}
        vertices = [self.vertices[number] for number in sorted(kept)]
        moved = [
            replace(each, sources=tuple((place[at], role) for at, role in each.sources)) for each in vertices
        ]
        return Dataflow(moved, self.constants)

    def add(self, kind: str, label: str, sources: Sequence[tuple[int, str]] = ()) -> int:
        """Draws one more; its number."""
        self.vertices.append(Vertex(kind, label, tuple(sources)))
        return len(self.vertices) - 1
