"""Which form the data of a user has."""

from dataclasses import replace
from pathlib import Path

from zoo.init.forms import FORMS
from zoo.init.found import Asked, Form, Found
from zoo.init.source import Source

NOTHING = Asked()


def look(root: Path, asked: Asked = NOTHING) -> Found:
    """What lies at a path, and a recipe for it.

    Raises:
        FileNotFoundError: there is nothing.
        ValueError: it is nothing that the zoo reads; says what that would be.
    """
    source = Source.of(root)
    forms: list[Form] = sorted((FORMS[name]() for name in FORMS.names()), key=lambda form: form.rank)
    forms = [form for form in forms if form.has_order or not asked.has_order]
    for form in forms:
        found = form.look(source, asked)
        if found is not None:
            return replace(found, guesses=(*found.guesses, *source.guesses))
    known = "; ".join(form.expects for form in forms)
    if asked.has_order:
        raise ValueError(
            f"{source.file} has no columns that --id and --time could name; expected {known}, or neither of "
            f"these options"
        )
    to_predict = "" if asked.target is None else f" with a column {asked.target!r} to predict"
    if not source.head:
        raise ValueError(f"{source.file} is no text; expected one of: {known}")
    first = source.head[0][:60]
    if first.startswith("#"):
        known = f"{known} (without lines of comments before it)"
    raise ValueError(
        f"{source.file}, line 1: {first!r} begins nothing that can be read{to_predict}; "
        f"expected one of: {known}"
    )
