"""LaTeX in pages and lessons as MathML, which browsers set by themselves: no script, no font, no network."""

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert


def setup(app: Any) -> dict[str, bool]:
    """Makes it known to Sphinx as the renderer `mathml`."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _inline(writer: Any, node: nodes.math) -> None:
    writer.body.append(convert(_known(node.astext()), display="inline"))
    raise nodes.SkipNode


def _block(writer: Any, node: nodes.math_block) -> None:
    text = _known(node.astext())
    lines = r"\begin{aligned}" + text + r"\end{aligned}" if r"\\" in text and r"\begin" not in text else text
    writer.body.append(f'<div class="equations">{convert(lines, display="block")}</div>')
    raise nodes.SkipNode


def _known(text: str) -> str:
    """The text in words that the converter has."""
    return re.sub(r"\\[lr]Vert(?![a-z])", r"\\Vert", text)
