"""The import table of the design, kept: data flows one way, and imports run the same way."""

import ast
import os
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import zoo
from zoo.registry import declared

ZOO = Path(zoo.__file__).parent
MAY_IMPORT = {
    "registry": set(),
    "cache": set(),
    "private": set(),  # below all: private names of other libraries, in one place
    "processes": set(),
    "engines": {"private", "cache"},
    "diagnostics": {"private", "engines"},
    "runs": {"diagnostics", "registry"},
    "verdict": {"runs", "diagnostics", "registry"},
    "pictures": {"runs", "diagnostics"},
    "data": {"registry"},
    "callbacks": {"private", "processes", "diagnostics", "runs", "verdict", "pictures", "registry"},
    "report": {"runs", "verdict", "pictures", "diagnostics", "registry"},
    "comparison": {"report", "runs", "verdict", "pictures", "diagnostics", "registry"},
    "sweep": {"comparison", "report", "runs", "pictures"},
    "probe": {"callbacks", "tasks", "data", "verdict", "registry"},
    "tracking": {"private"},
    "wiring": {"registry"},
    "switches": {"cells", "engines", "registry"},
    "cells": {"engines", "registry"},
    "stack": {"pretrained", "cells", "switches", "wiring", "engines", "registry"},
    "pretrained": {"runs"},
    "sequence_model": {"pretrained", "stack"},
    "embedding": {"stack", "registry"},
    "pooling": {"stack"},
    "head": set(),
    "model_stream": {"stack", "model"},
    "model": {"embedding", "head", "model_stream", "pooling", "sequence_model", "stack", "registry"},
    "names": {"stack", "cells", "switches", "wiring", "registry"},
    "layouts": {"model", "stack", "cells", "wiring", "registry"},
    "bench": {"names", "stack", "cells", "wiring", "engines", "pictures", "runs", "registry"},
    "seq2seq": {"embedding", "model", "sequence_model", "stack", "registry"},
    "tasks": {
        "private",
        "processes",
        "diagnostics",
        "seq2seq",
        "model",
        "head",
        "sequence_model",
        "stack",
        "engines",
        "registry",
    },
    "init": {"data", "registry"},
    "generation": {"model", "registry"},
    "evaluation": {"tasks", "data", "runs"},
    "trained": {"generation", "pretrained", "tasks", "data", "runs", "registry"},
    "export": {
        *(
            "trained",
            "pretrained",
            "tasks",
            "sequence_model",
            "model",
            "pooling",
            "stack",
            "switches",
            "cells",
        ),
        *("wiring", "engines", "names", "data", "runs", "report", "verdict", "pictures", "diagnostics"),
        *("private", "registry"),
    },
    "claims": {
        *("model", "stack", "cells", "wiring", "switches", "engines", "diagnostics", "tasks", "data"),
        *(
            "callbacks",
            "seq2seq",
            "generation",
            "runs",
            "pictures",
            "bench",
            "comparison",
            "layouts",
            "registry",
        ),
    },
    "catalogue": {
        *("names", "tasks", "seq2seq", "model", "sequence_model", "embedding", "stack", "cells", "wiring"),
        *("switches", "registry"),
    },
}
EVERYTHING = {"cli", "__init__", "__main__"}


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.split(".")[0] == "zoo"}


def part_of(path: Path) -> str:
    return path.relative_to(ZOO).parts[0].removesuffix(".py")


SOURCES = sorted(path for path in ZOO.rglob("*.py") if "_recipes" not in path.parts)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ZOO)))
def test_a_module_imports_only_what_its_part_may(path):
    part = part_of(path)
    if part in EVERYTHING:
        return
    others = {name.split(".")[1] for name in imported(path)} - {part}
    assert others <= MAY_IMPORT[part]


def test_every_annotated_shape_is_checked():
    """The packages that pytest has beartype watch are those with shapes in their signatures."""
    settings = tomllib.loads((ZOO.parent / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    watched = settings["addopts"].partition("--jaxtyping-packages=")[2].split(",")
    annotated = [
        path for path in SOURCES if any("jaxtyping" in line for line in path.read_text().split("\n"))
    ]
    names = [".".join(path.relative_to(ZOO.parent).with_suffix("").parts) for path in annotated]
    assert len(names) > 100
    unwatched = [name for name in names if not any(f"{name}.".startswith(f"{part}.") for part in watched)]
    assert unwatched == []


def test_a_cell_never_imports_another_cell():
    for part in declared("zoo.cells").values():
        path = ZOO / "cells" / f"{part.module.rpartition('.')[2]}.py"
        assert imported(path) <= {"zoo.cells.base"}, path.name


def test_everything_public_can_be_imported():
    for name in zoo.__all__:
        getattr(zoo, name)


def test_type_checkers_see_every_public_name():
    """If a part was added, `python tests/public_names.py` writes what is missing."""
    names = runpy.run_path(str(Path(__file__).parent / "public_names.py"))
    for path, block in names["blocks"]().items():
        assert names["written"](path, block) == path.read_text(encoding="utf-8"), path


SCRIPT = """
import zoo
from zoo.cells import LSTM
from zoo.wiring import Highway

spec: zoo.StackSpec = zoo.StackSpec(cell=zoo.LSTMSpec(forget_bias=2.0), wiring=zoo.HighwaySpec())
stack: zoo.Stack = spec.build(3)
task: zoo.LanguageModel
data: zoo.SequenceData = zoo.Digits(batch_size=4)
clipping = zoo.GradientClipping(max_norm=1.0)
version: str = zoo.__version__
kept: list[str] = zoo.list_cells()
parts: tuple[type[LSTM], type[Highway]] = (LSTM, Highway)
"""
WRONG = {"zoo.StackSpek()": 1, "zoo.LSTMSpec(forgot_bias=1.0)": 2, "zoo.Digits(batch_size='many')": 3}


@pytest.mark.parametrize(
    "checker",
    [
        "basedpyright --level error",
        pytest.param("mypy --strict --no-incremental", marks=pytest.mark.exhaustive),  # a minute
    ],
)
def test_a_users_script_is_checked_against_the_real_types(tmp_path, checker):
    """What is right passes, and what is wrong is found: no name is of any type whatever."""
    (tmp_path / "right.py").write_text(SCRIPT)
    (tmp_path / "wrong.py").write_text("import zoo\n\n" + "\n".join(WRONG))
    (tmp_path / "pyproject.toml").write_text('[tool.basedpyright]\ntypeCheckingMode = "standard"\n')
    line = [sys.executable, "-m", *checker.split()]
    environment = {**os.environ, "MYPYPATH": str(ZOO.parent)}
    said = {
        name: subprocess.run([*line, name], cwd=tmp_path, env=environment, capture_output=True, text=True)
        for name in ("right.py", "wrong.py")
    }
    assert said["right.py"].returncode == 0, said["right.py"].stdout
    for number in range(3, 3 + len(WRONG)):
        assert f"wrong.py:{number}" in said["wrong.py"].stdout, said["wrong.py"].stdout


def test_an_unknown_public_name_lists_the_known_ones():
    with pytest.raises(AttributeError, match="StackSpec"):
        zoo.StackSpek  # noqa: B018


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import zoo", ("torch", "lightning", "wandb", "matplotlib")),
        (
            "import zoo; zoo.list_cells(); zoo.list_models(); zoo.StackSpec()",
            ("lightning", "wandb", "matplotlib"),
        ),
        ("import zoo.data, zoo.callbacks, zoo.tasks", ("torch", "lightning", "wandb", "matplotlib")),
        ("import zoo.report", ("lightning", "wandb", "matplotlib", "plotly")),
    ],
)
def test_imports_stay_light(statement, absent):
    program = f"{statement}; import sys; print([name for name in {absent!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


LONGEST_FILE, LONGEST_FUNCTION = 300, 40
"""Lines; of a function without its docstring."""


def lines_of(node):
    """The lines of a function without its docstring."""
    docstring = ast.get_docstring(node, clean=False)
    return node.end_lineno - node.lineno + 1 - (0 if docstring is None else docstring.count("\n") + 1)


@pytest.mark.parametrize("path", sorted(ZOO.rglob("*.py")), ids=lambda path: str(path.relative_to(ZOO)))
def test_files_and_functions_can_be_read_in_one_go(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            is_flat = (
                node.name == "__init__" and part_of(path) == "data"
            )  # options, as the recipe's lines are
            signature = node.body[0].lineno - node.lineno if is_flat else 0
            assert lines_of(node) - signature <= LONGEST_FUNCTION, node.name
