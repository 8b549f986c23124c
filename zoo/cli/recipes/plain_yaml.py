"""YAML as plain data of a bounded size: whatever a file holds, it is read quickly and in little memory."""

import re
from pathlib import Path
from typing import Any, final

import yaml

from zoo.cli.errors import UserError

MOST_BYTES = 64 * 1024
"""Size of a recipe; the longest that comes with the zoo has 2 kB."""
DEEPEST = 40
"""Mappings and lists inside one another."""
MOST_VALUES = 5_000
"""Values, with those that aliases repeat."""
TOO_MANY = f"more than {MOST_VALUES:,} values"
LARGEST = 2**63
RECIPE = "a YAML recipe with model, data and trainer"


def read(path: Path, expected: str = RECIPE) -> dict[str, Any]:
    """The content of a recipe, or of another small file of YAML.

    Args:
        path: The file.
        expected: What it should hold, for messages.

    Raises:
        UserError: it is no text, too large, empty or no mapping, or `load` refuses it.
    """
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise UserError(f"{path} has {size:,} bytes; expected {expected}, in at most {MOST_BYTES:,}")
    try:
        value = load(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise UserError(f"{path} is not a text file; expected {expected}") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path}{_place(error)}: {_problem(error)}") from None
    if value is None:
        raise UserError(f"{path} is empty; expected {expected}")
    if not isinstance(value, dict):
        raise UserError(f"{path} holds {_noun(value)}; expected {expected}")
    return value


def load(text: str) -> Any:
    """Plain data from YAML, with texts as keys.

    Raises:
        yaml.YAMLError: the text is no YAML of plain data, too large, too deep, says a thing twice, or holds a
            number or a key that no recipe has.
    """
    if len(text) > MOST_BYTES:
        raise yaml.YAMLError(f"{len(text):,} characters; expected at most {MOST_BYTES:,}")
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _check(node)
        return loader.construct_document(node)
    finally:
        loader.dispose()


@final
class _Loader(yaml.SafeLoader):
    """Reads 1e-3 as a number, as YAML 1.2 does, and dates as text; refuses what is nested without end."""

    depth = values = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self.depth, self.values = self.depth + 1, self.values + 1
        if self.depth > DEEPEST or self.values > 2 * MOST_VALUES:  # keys are counted here, too
            problem = f"nested deeper than {DEEPEST} levels" if self.depth > DEEPEST else TOO_MANY
            raise _refused(problem, self.peek_event())  # type: ignore[no-untyped-call]
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_whole_number(self, node: yaml.ScalarNode) -> int | str:
        """An integer that fits into 64 bits; 1:30:00 is a time, and stays text."""
        if ":" in node.value:
            return str(node.value)
        try:
            value: int = self.construct_yaml_int(node)
        except ValueError:
            value = LARGEST  # Python reads no more than 4300 digits
        if abs(value) >= LARGEST:
            digits = len(node.value)
            raise _refused(f"a number of {digits} digits; expected one that fits into 64 bits", node)
        return value

    def construct_fraction(self, node: yaml.ScalarNode) -> float | str:
        """A number with a point in it; 1:30:00.5 is a time, and stays text."""
        return str(node.value) if ":" in node.value else float(self.construct_yaml_float(node))


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[eE][-+]?[0-9]+$"),
    list("-+0123456789."),
)
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_whole_number)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_fraction)


def _check(root: yaml.Node) -> None:
    """Refuses what would be endless, too much, ambiguous, or no text where text belongs; makes keys text."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node, above: frozenset[int]) -> int:
        if id(node) in above:
            raise _refused("an alias that contains itself", node)
        if id(node) not in sizes:
            inside = above | {id(node)}
            sizes[id(node)] = 1 + sum(size(part, inside) for part in _parts(node))
            if sizes[id(node)] > MOST_VALUES:
                raise _refused(TOO_MANY, node)
        return sizes[id(node)]

    size(root, frozenset())


def _parts(node: yaml.Node) -> list[yaml.Node]:
    """What a list or a mapping holds."""
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    if not isinstance(node, yaml.MappingNode):
        return []
    seen: set[str] = set()
    for key, _ in node.value:
        _check_key(key)
        if key.value in seen:
            raise _refused(f"key {key.value!r} stands twice", key)
        seen.add(key.value)
    return [value for _, value in node.value]


def _check_key(key: yaml.Node) -> None:
    """Refuses keys that are no text; a whole number becomes one."""
    if key.tag == "tag:yaml.org,2002:int":
        key.tag = "tag:yaml.org,2002:str"
    if key.tag not in ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"):
        what = repr(key.value) if isinstance(key, yaml.ScalarNode) else "a list or a mapping"
        raise _refused(f"key {what} is no text; expected a name, or quotes around it", key)


def _refused(problem: str, place: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(None, None, problem, place.start_mark)


def _place(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f", line {error.problem_mark.line + 1}"
    return ""


def _problem(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.constructor.ConstructorError):
        return "a recipe holds plain data only; " + (error.problem or "").partition("\n")[0]
    if isinstance(error, yaml.MarkedYAMLError) and error.problem:
        return error.problem
    return "this is no YAML: " + str(error).partition("\n")[0]


def _noun(value: Any) -> str:
    return "a list" if isinstance(value, list) else f"{type(value).__name__} {str(value)[:40]!r}"
