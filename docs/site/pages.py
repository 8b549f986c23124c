"""The pages of the site, in a folder that mirrors the repository, so that links hold as they are."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from docs.site import api, atlas
from docs.site.claims import claim_index, claim_page
from docs.site.reach import reaches
from zoo.cells import CELLS
from zoo.claims import CLAIMS
from zoo.claims.base import in_order
from zoo.claims.record import read
from zoo.wiring import WIRINGS

ROOT = Path(__file__).resolve().parents[2]
OWN = Path(__file__).with_name("pages")
FROM_README = {
    "five-minutes": ("Five minutes", ("Quickstart", "Write a recipe", "Use it in Python")),
    "own-cell": ("Your own cell", ("Write your own cell",)),
}
"""Page -> its title, and the sections of the README on it."""
AT_THE_TOP = ("CONTRIBUTING.md", "CHANGELOG.md")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")
HOW_TO = (
    *(
        "data",
        "own-cell",
        "own-wiring",
        "own-task",
        "own-callback",
        "wandb",
        "compare",
        "sweep",
        "cluster",
        "runs",
    ),
    *("export", "weights", "switches", "gradients", "debug-gradients"),
)
MEASURED = ("measured", "models", "clinic", "when-not-to-use-an-rnn")
REFERENCE = ("commands", "engines")


@final
@dataclass(frozen=True)
class Pages:
    """Which pages there are to be.

    Attributes:
        folder: Where they are written.
        only: Names of cells, wirings, claims and pages of the reference; all where it is empty.
    """

    folder: Path
    only: Collection[str] = ()

    def write(self) -> None:
        """Writes all pages, of which those that are as before keep their time."""
        wanted = dict(self._texts())
        for name, text in wanted.items():
            _write(self.folder / name, text.encode())
        kept = set(wanted)
        for path in self._copies():
            _write(self.folder / path, (ROOT / path).read_bytes())
            kept.add(path.as_posix())
        for path in [path for path in self.folder.rglob("*") if path.is_file()]:
            if path.relative_to(self.folder).as_posix() not in kept:
                path.unlink()

    def _texts(self) -> Iterator[tuple[str, str]]:
        cells, wirings = self._some(CELLS.names()), self._some(WIRINGS.names())
        found = reaches(cells, self.folder.with_name("reaches.json"))
        for name in cells:
            yield f"atlas/cells/{name}.md", atlas.cell_page(name, found)
        for name in wirings:
            yield f"atlas/wirings/{name}.md", atlas.wiring_page(name)
        yield "atlas/cells.md", atlas.cell_index(cells, found)
        yield "atlas/wirings.md", atlas.wiring_index(wirings)
        yield from self._claims(self._some(in_order(CLAIMS.names())))
        for name, text in api.pages(self.only):
            yield f"api/{name}.md", text
        for name, (title, sections) in FROM_README.items():
            yield f"{name}.md", _from_readme(title, sections)
        yield "index.md", (OWN / "index.md").read_text(encoding="utf-8") + "".join(_contents())
        yield "lessons.md", (OWN / "lessons.md").read_text(encoding="utf-8") + "".join(_lessons())

    def _some(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if not self.only or name in self.only]

    def _claims(self, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
        records = read(ROOT / "recipes" / "results")
        for key in keys:
            yield f"docs/claims/{key}.md", claim_page(key, records[key])
        yield "docs/claims.md", claim_index(records, keys)

    def _copies(self) -> Iterator[Path]:
        """Pages and lessons that are taken as they are, and the files that they link to."""
        found: set[Path] = set()
        for pattern in ("docs/*.md", "docs/claims/*.*", "notebooks/*.ipynb", *AT_THE_TOP):
            found.update(path for path in ROOT.glob(pattern) if path.name != "claims.md")
        for page in [path for path in found if path.suffix in (".md", ".ipynb")]:
            for target in LINK.findall(page.read_text(encoding="utf-8")):
                found.update(path for path in [(page.parent / target).resolve()] if path.is_file())
        taken = {ROOT / "README.md", ROOT / "docs/claims.md"}
        yield from (path.relative_to(ROOT) for path in sorted(found - taken))


def names() -> set[str]:
    """What pages can be asked for by."""
    return {*CELLS.names(), *WIRINGS.names(), *CLAIMS.names(), *api.GROUPS, api.DIAGNOSTICS}


def _write(path: Path, content: bytes) -> None:
    """Writes a file, unless it is so already: Sphinx reads again what is younger than what it made of it."""
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _from_readme(title: str, wanted: Sequence[str]) -> str:
    """Sections of the README, under a title of their own; the only one goes without its heading."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    sections = {text.partition("\n")[0]: text for text in readme.split("\n## ")[1:]}
    if len(wanted) == 1:
        return f"# {title}\n{sections[wanted[0]].partition(chr(10))[2]}"
    return "\n".join([f"# {title}\n", *(f"## {sections[each].rstrip()}\n" for each in wanted)])


def _contents() -> Iterator[str]:
    docs = {path.stem for path in (ROOT / "docs").glob("*.md")}
    rest = sorted(docs - {"claims", *HOW_TO, *MEASURED, *REFERENCE})
    how_to = [f"docs/{name}" for name in (*HOW_TO, *rest) if name in docs]
    how_to.insert(1, "own-cell")
    yield _toctree(["five-minutes", "lessons"], "Start")
    yield _toctree(how_to, "How to")
    yield _toctree(["atlas/cells", "atlas/wirings", "docs/claims"], "Atlas")
    measured = [f"docs/{name}" for name in MEASURED[1:] if name in docs]
    yield _toctree(["Benchmarks <docs/measured>", *measured], "Measured")
    reference = [f"docs/{name}" for name in REFERENCE if name in docs]
    yield _toctree([*reference, "api/index", "CONTRIBUTING", "CHANGELOG"], "Reference")


def _lessons() -> Iterator[str]:
    names = [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    yield "\n".join(["\n```{toctree}", ":maxdepth: 1", "", *(f"notebooks/{name}" for name in names), "```\n"])


def _toctree(pages: Iterable[str], caption: str = "") -> str:
    title = [f":caption: {caption}"] if caption else []
    return "\n".join(["\n```{toctree}", ":hidden:", *title, "", *pages, "```\n"])
