"""Pieces of Markdown: docstrings as prose, tables, addresses."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from docs.site.equations import block, inline

EQUATIONS = re.compile(r"(?P<lead>[^\n]*(?:\n(?!\n)[^\n]*)*)::\n\n(?P<lines>(?:    [^\n]*\n?|\n)+)")
ADDRESS = r"https?://[^\s,;)\]]+[^\s,;:.)\]]"
LEAD = re.compile(
    r"^(?=(?:References?|Deviations?|Rows of|Parameters|Unequal widths)\b[^:\n]{0,40}:)", re.MULTILINE
)
"""Where a docstring begins to speak of something else."""


def docstring(text: str) -> str:
    """A docstring, without its first line, as Markdown: equations set, the rest in paragraphs."""
    _, _, rest = text.partition("\n")
    return "\n\n".join(_parts(rest.strip("\n")))


def _parts(rest: str) -> Iterator[str]:
    while found := EQUATIONS.search(rest + "\n"):
        yield from _paragraphs(rest[: found.start()])
        *before, lead = re.split(r"\n\n", found["lead"])
        yield from _paragraphs("\n\n".join(before))
        if lead.strip() != "Equations":
            yield prose(" ".join(lead.split())) + ":"
        lines = [line for line in found["lines"].splitlines() if line.strip()]
        yield block(lines)
        rest = rest[found.end() :]
    yield from _paragraphs(rest)


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text):
        for part in LEAD.split(paragraph):
            line = " ".join(part.split())
            lead, _, rest = line.partition(":")
            if LEAD.match(line):
                yield f"**{prose(lead)}:**{prose(rest)}"
            elif line:
                yield prose(line)


def prose(text: str) -> str:
    """A sentence of a docstring as Markdown: indices as mathematics, addresses as links."""
    parts = re.split(rf"(`[^`]*`|{ADDRESS})", text)
    for place, part in enumerate(parts):
        if place % 2 == 0:
            parts[place] = inline(re.sub(r"([*<\[\]|$\\])", r"\\\1", part))
        elif part.startswith("http"):
            parts[place] = link(part)
    return "".join(parts)


def link(address: str) -> str:
    """An address as a link, by its name where it has one."""
    if found := re.search(r"arxiv\.org/abs/(\S+)", address):
        return f"[arXiv:{found[1]}]({address})"
    if found := re.search(r"doi\.org/(\S+)", address):
        return f"[doi:{found[1]}]({address})"
    return f"[{re.sub('^https?://(www[.])?', '', address)}]({address})"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def facts(found: Mapping[str, str]) -> str:
    """A table of what something is."""
    return table(["", ""], [[f"**{name}**", prose(text)] for name, text in found.items()])


def plain(text: str) -> str:
    """A text in which nothing is a sign of Markdown."""
    return re.sub(r"([*_`<\[\]|$\\])", r"\\\1", text)


def code(text: str) -> str:
    """A text as code within a cell of a table."""
    return "`" + text.replace("|", "\\|") + "`"
