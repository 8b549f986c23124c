"""Stacks in code that knows nothing of them: copied, pickled, parametrised, compiled, in other processes."""

import copy
import importlib.util
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from zoo.model import ModelSpec
from zoo.stack import Stack, StackSpec

PAGE = Path(__file__).parents[1] / "docs" / "other-code.md"
ENGINES = ["auto", "eager", "reference"]


def stack_of(**options: object) -> Stack:
    torch.manual_seed(0)
    spec = StackSpec(**{"cell": "gru", "hidden_size": 6, "num_layers": 2, **options})  # type: ignore[arg-type]
    return spec.build(3).double()


def x() -> Tensor:
    return torch.randn(2, 7, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def gradients(module: nn.Module, outputs: Tensor) -> list[Tensor]:
    return list(torch.autograd.grad(outputs.square().sum(), list(module.parameters())))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_copy_of_one_that_has_run_is_another_one(engine: str) -> None:
    stack = stack_of(engine=engine, direction="bidirectional")
    before = stack(x())[0].detach()
    other = copy.deepcopy(stack)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(2)
    assert torch.equal(stack(x())[0], before)
    assert not torch.allclose(other(x())[0], before)
    assert all(grad.abs().sum() > 0 for grad in gradients(other, other(x())[0]))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_pickled_one_is_the_same(engine: str) -> None:
    stack = stack_of(engine=engine, wiring="residual", switches="zoneout").eval()
    before = stack(x())[0]
    assert torch.equal(pickle.loads(pickle.dumps(stack))(x())[0], before)
    model = ModelSpec(encoder=stack.spec, input_size=3, output_size=4).build().double().eval()
    expected = model(x())[0]
    assert torch.equal(pickle.loads(pickle.dumps(model))(x())[0], expected)


@pytest.mark.parametrize("parametrise", [parametrizations.weight_norm, parametrizations.orthogonal])
@pytest.mark.parametrize("name", ["weight_hh", "weight_ih"])
def test_weights_that_are_functions_of_others_are_so_under_every_engine(parametrise, name: str) -> None:
    found = []
    for engine in ENGINES:
        stack = stack_of(engine=engine, num_layers=1)
        torch.manual_seed(2)  # an orthogonal start may be drawn
        parametrise(stack.cells()[0], name)
        outputs = stack(x())[0]
        found.append([outputs.detach(), *gradients(stack, outputs)])
    torch.testing.assert_close(found[0], found[-1], rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(found[1], found[-1], rtol=1e-9, atol=1e-9)


ELSEWHERE = """\
import multiprocessing, os
import torch
from torch import nn
from zoo.stack import StackSpec

class Around(nn.Module):
    def __init__(self, stack):
        super().__init__()
        self.first, self.stack, self.last = nn.Linear(3, 3), stack, nn.Linear(8, 2)

    def forward(self, x):
        h, _ = self.stack(torch.relu(self.first(x)))
        return torch.tanh(self.last(h))

def total(stack):
    torch.set_num_threads(1)
    y, _ = stack(torch.ones(2, 9, 3))
    y.sum().backward()
    return float(y.sum()), float(sum(p.grad.abs().sum() for p in stack.parameters()))

if __name__ == "__main__":
    torch.manual_seed(0)
    stack = StackSpec(cell="lstm", hidden_size=8, engine="c").build(3)
    expected = total(stack)
    child = os.fork()
    if not child:
        stack.zero_grad()
        os._exit(0 if total(stack) == expected else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, "by fork"
    stack.zero_grad()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(total, (stack,)) == expected, "by spawn"
    around, x = Around(stack).double(), torch.randn(2, 7, 3).double()
    y, z = around(x), torch.compile(around, backend="aot_eager")(x)
    torch.testing.assert_close(z, y, rtol=0, atol=1e-9)
    parameters = list(around.parameters())
    found, known = (torch.autograd.grad(part.square().sum(), parameters) for part in (z, y))
    torch.testing.assert_close(found, known, rtol=1e-9, atol=1e-9)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_other_processes_and_torchs_compiler_run_what_was_compiled_in_this_one(tmp_path: Path) -> None:
    script = tmp_path / "processes.py"
    script.write_text(ELSEWHERE)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.filterwarnings("ignore::UserWarning")  # Lightning has advice on loaders and intervals
def test_the_page_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert len(blocks) == 3
    if importlib.util.find_spec("skorch") is None:
        blocks = [block for block in blocks if "skorch" not in block]
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)
    assert float(names["loss"]) < 1.0986  # guessing among three classes
