"""Claims that are understood better in motion: a GIF."""

import tempfile
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.animation import FuncAnimation, PillowWriter
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from zoo.claims.base import Claim, Measured
from zoo.claims.picture import DPI, HEIGHT, WIDTH, titled
from zoo.runs.atomic_file import atomic_file

FRAMES, HOLD, PER_SECOND = 48, 12, 10
"""Of one round; how often its end is shown before the next; and their speed."""


@dataclass(frozen=True, kw_only=True)
class MovingClaim(Claim):
    """A claim that has a moving picture beside the one that stands still."""

    @abstractmethod
    def draw_moment(self, found: Measured, figure: Figure, share: float) -> None:
        """Fills an empty picture, below its title, with what there is after this share of the time."""


def animate(claim: MovingClaim, found: Measured, path: Path) -> None:
    """Writes the moving picture of a claim.

    Raises:
        OSError: it cannot be written.
    """
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=0.75 * DPI, facecolor="white")
    FigureCanvasAgg(figure)

    def draw(frame: int) -> list[Any]:
        figure.clear()
        claim.draw_moment(found, figure, min(frame / (FRAMES - 1), 1.0))
        titled(figure, claim, found)
        return []

    with tempfile.TemporaryDirectory() as folder, atomic_file(path) as file:
        drawn = Path(folder) / path.name  # the writer wants a name, not a file
        FuncAnimation(figure, draw, frames=FRAMES + HOLD).save(drawn, writer=PillowWriter(fps=PER_SECOND))
        file.write(drawn.read_bytes())
