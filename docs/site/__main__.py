"""Builds the site: `python -m docs.site`. Its first page is then docs/_build/html/index.html."""

import argparse
import sys
from pathlib import Path

from docs.site.pages import Pages, names

HERE = Path(__file__).parent


def main() -> int:
    """Writes the pages, and has Sphinx make the site of them, warnings being errors."""
    parser = argparse.ArgumentParser(prog="python -m docs.site", description=__doc__)
    parser.add_argument("output", nargs="?", type=Path, default=HERE.parent / "_build")
    parser.add_argument(
        "--only", nargs="+", default=(), metavar="NAME", help="of the atlas and the reference, these alone"
    )
    parser.add_argument("--jobs", default="auto", help="processes that read and write pages")
    given = parser.parse_args()
    try:
        from sphinx.cmd.build import main as sphinx  # an extra, and slow to import
    except ImportError:
        parser.error("the site needs Sphinx: pip install -c constraints.txt -e '.[docs]'")
    if strange := set(given.only) - names():
        parser.error(
            f"there is no page of {min(strange)!r}; expected a cell, wiring, claim or group of names"
        )
    source = given.output / "source"
    Pages(source, given.only).write()
    options = ["-b", "html", "-W", "--keep-going", "-q", "-j", given.jobs, "-c", str(HERE)]
    folders = [str(given.output / name) for name in ("doctrees", "source", "html")]
    failed = int(sphinx([*options, "-d", *folders]))
    if not failed:
        print(f"written: {given.output / 'html' / 'index.html'}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
