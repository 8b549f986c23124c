"""Whether the tests notice faults: puts small ones into the core, one at a time, and runs its tests.

    python tests/mutants.py > found.tsv
    python tests/mutants.py --tests ELSEWHERE/tests > found_by_others.tsv

Prints for each fault where it is, what it is, and the first test that failed, or "survived", or that it was
left open when its time was up. The same seed makes the same faults of the same tree. It is no part of the
suite, for it takes hours.
"""

import argparse
import ast
import copy
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CORE = {
    "cells/*.py": (16, "conformance oracles"),
    "engines/*.py": (14, "engines diagnostics conformance"),
    "engines/*/*.py": (24, "engines diagnostics conformance"),
    "stack/*.py": (14, "conformance test_model.py layouts tasks"),
    "layouts/*.py": (14, "layouts"),
    "wiring*": (8, "conformance test_model.py"),
    "callbacks/clip*": (14, "callbacks oracles"),
    "tasks/language_model.py": (6, "tasks callbacks/test_exact_resume.py"),
    "model.py": (4, "test_model.py tasks"),
}
"""Files of zoo/ -> how many faults to put into them, and which tests are to notice."""
ELSEWHERE = ("triton", "__init__", "memory")
"""Words in the names of files that hold nothing of it, or what only a GPU runs."""
SWAPS: dict[type, type] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
NAMES = {"tanh": "sigmoid", "sigmoid": "tanh", "minimum": "maximum", "maximum": "minimum", "flip": "roll"}


@dataclass(frozen=True)
class Fault:
    """A file with one thing wrong.

    Attributes:
        path: Relative to the project.
        line: Where.
        what: The expression before and after.
        source: The whole file.
        tests: Which tests are to notice.
    """

    path: str
    line: int
    what: str
    source: str
    tests: str


def faults_of(path: Path, tests: str) -> Iterator[Fault]:
    """Every fault that can be put into a file."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    silent = _left_alone(tree)
    for place, node in enumerate(ast.walk(tree)):
        for number in range(0 if place in silent else len(list(changes(node)))):
            other = copy.deepcopy(tree)
            changed = list(ast.walk(other))[place]
            before = ast.unparse(_told(changed))
            list(changes(changed))[number]()
            after = ast.unparse(_told(changed))
            what = f"{before} -> {after}".replace("\n", " ")[:100]
            faulty = _with(source, _told(node), after)
            yield Fault(str(path.relative_to(ROOT)), node.lineno, what, faulty, tests)


def _told(node: ast.AST) -> Any:
    """The part of a node that a change is made in: of an `if` its condition."""
    return node.test if isinstance(node, ast.If) else node


def _with(source: str, node: Any, text: str) -> str:
    """The source with another text for a node; all else stays as it is, for parts are found by their text."""
    lines = source.encode().splitlines(keepends=True)
    first = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    last = sum(map(len, lines[: node.end_lineno - 1])) + node.end_col_offset
    whole = b"".join(lines)
    new = f"({text})" if isinstance(node, ast.expr) else text
    return (whole[:first] + new.encode() + whole[last:]).decode()


def changes(node: ast.AST) -> Iterator[object]:
    """Functions that each change something in a node."""
    match node:
        case ast.BinOp(op=op) | ast.BoolOp(op=op) | ast.AugAssign(op=op) if type(op) in SWAPS:
            yield lambda: setattr(node, "op", SWAPS[type(op)]())
        case ast.Compare(ops=[op]) if type(op) in SWAPS:
            yield lambda: setattr(node, "ops", [SWAPS[type(op)]()])
        case ast.Constant(value=bool(value)):
            yield lambda: setattr(node, "value", not value)
        case ast.Constant(value=int(value) | float(value)):
            yield lambda: setattr(node, "value", 1 - value if value in (0, 1) else value + 1)
        case ast.Attribute(attr=name) if name in NAMES:
            yield lambda: setattr(node, "attr", NAMES[name])
        case ast.Call(func=ast.Attribute(attr="where"), args=[condition, yes, no]):
            yield lambda: setattr(node, "args", [condition, no, yes])
        case ast.If(test=test) | ast.IfExp(test=test):
            yield lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), test))


def _left_alone(tree: ast.Module) -> set[int]:
    """The places of what says and checks and declares, and computes nothing."""
    silent: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Raise() | ast.Assert() | ast.JoinedStr() | ast.ClassDef(name="Spec"):
                silent |= {id(part) for part in ast.walk(node)}
            case ast.FunctionDef():
                declared = [*node.decorator_list, node.args, *([node.returns] if node.returns else [])]
                silent |= {id(part) for each in declared for part in ast.walk(each)}
            case ast.AnnAssign():
                silent |= {id(part) for part in ast.walk(node.annotation)}
    return {place for place, node in enumerate(ast.walk(tree)) if id(node) in silent}


def chosen(count: float, seed: int) -> list[Fault]:
    """Faults all over the core, as many times the usual number as is asked for."""
    picked = []
    for pattern, (usual, tests) in CORE.items():
        paths = [path for path in sorted((ROOT / "zoo").glob(pattern)) if path.suffix == ".py"]
        paths += [each for path in sorted((ROOT / "zoo").glob(pattern)) for each in sorted(path.glob("*.py"))]
        kept = [path for path in dict.fromkeys(paths) if not any(word in str(path) for word in ELSEWHERE)]
        faults = [fault for path in kept for fault in faults_of(path, tests)]
        picked += random.Random(seed).sample(faults, min(round(usual * count), len(faults)))
    return picked


def outcome(fault: Fault, tree: Path, limit: float) -> str:
    """The first test that fails within so many seconds, with a fault in a copy of the project."""
    target = tree / fault.path
    before = target.read_text(encoding="utf-8")
    target.write_text(fault.source, encoding="utf-8")
    tests = [f"tests/{name}" for name in fault.tests.split()]
    own = ["-k", target.stem] if target.parent.name == "cells" else []  # of one cell first, which is quick
    try:
        found = _tried(tree, [*tests, *own], limit)
        return found if "tests/" in found or not own else _tried(tree, tests, limit)
    finally:
        target.write_text(before, encoding="utf-8")


def _tried(tree: Path, tests: Sequence[str], limit: float) -> str:
    """The first of some tests that fails."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--tb=no", *tests]
    environment = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=limit
        )
    except subprocess.TimeoutExpired:
        return f"open: it hangs, or no test failed within {limit:.0f} s"
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    return "survived" if done.returncode == 0 else failed[1] if failed else "cannot run"


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints what becomes of each fault."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tests", type=Path, default=ROOT / "tests", help="the tests; the project's own")
    parser.add_argument(
        "--times", type=float, default=1.0, help="times the usual number of faults, which is 100"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--after", type=int, default=0, help="how many faults to leave out, tried before")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--limit", type=float, default=1800, help="seconds after which a fault is left open")
    given = parser.parse_args(arguments)
    faults, trees = chosen(given.times, given.seed)[given.after :], Queue[Path]()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(given.jobs) as pool:
        for job in range(given.jobs):
            tree = Path(folder) / str(job)
            for name in ("zoo", "recipes"):
                shutil.copytree(ROOT / name, tree / name)
            shutil.copytree(given.tests, tree / "tests")
            shutil.copy(ROOT / "pyproject.toml", tree)
            trees.put(tree)

        def run(fault: Fault) -> str:
            tree = trees.get()
            try:
                return outcome(fault, tree, given.limit)
            finally:
                trees.put(tree)

        for fault, found in zip(faults, pool.map(run, faults), strict=True):
            print(fault.path, fault.line, fault.what, found, sep="\t", flush=True)


if __name__ == "__main__":
    main()
