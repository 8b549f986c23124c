"""The list of pages at the side: what lies below other parts of the site is left out.

With all of it on every page the site takes twice as long to build, and a cell's page lists every claim.
"""

from typing import Any


def setup(app: Any) -> dict[str, bool]:
    """Comes before the theme, which asks for the whole list."""
    app.connect("html-page-context", _fold, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _fold(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    whole = context.get("toctree")
    if whole is not None:
        context["toctree"] = lambda **options: whole(**(options | {"collapse": True}))
