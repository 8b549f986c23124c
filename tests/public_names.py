"""Writes the imports by which type checkers see the public names; at run time they come on first use.

    python tests/public_names.py

Run it when a part was added; a test says so, too.
"""

import re
from pathlib import Path

import zoo
from zoo.registry import declared

ZOO = Path(zoo.__file__).parent
BLOCK = re.compile(r"(?<=\nif TYPE_CHECKING:  # written by tests/public_names\.py\n)(?:    .*\n)*")


def blocks() -> dict[Path, str]:
    """File -> the imports that belong into it."""
    found = {ZOO / "__init__.py": [(home, name) for name, home in zoo._home().items()]}
    for package in ("cells", "switches", "wiring"):
        parts = declared(f"zoo.{package}").values()
        found[ZOO / package / "__init__.py"] = [
            (part.module, name) for part in parts for name in (part.qualname, part.spec)
        ]
    return {
        path: "".join(f"    from {home} import {name} as {name}\n" for home, name in sorted(names))
        for path, names in found.items()
    }


def written(path: Path, block: str) -> str:
    """A file with its imports for type checkers as they should be."""
    return BLOCK.sub(lambda match: block, path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    for path, block in blocks().items():
        path.write_text(written(path, block), encoding="utf-8")
