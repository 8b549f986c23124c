"""Compiles kernels for compute capability 8.0, which needs no GPU, and prints the shared memory of each."""

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from zoo.cells import GRUSpec, LayerNormLSTMSpec, LRUSpec, LSTMSpec, SRUSpec
from zoo.engines.program.simplify import fold_products
from zoo.engines.program.trace import trace
from zoo.engines.triton.backward import backward_tensors
from zoo.engines.triton.build import load_kernels
from zoo.engines.triton.forward import forward_tensors
from zoo.engines.triton.kernel import TritonKernel
from zoo.engines.triton.launches import COMPUTE_TYPES, kernel_source
from zoo.engines.triton.linear import SOURCE

CASES = [
    (LSTMSpec(), 32, torch.float32, True),
    (LSTMSpec(), 64, torch.bfloat16, False),
    (GRUSpec(reset="before"), 20, torch.bfloat16, True),
    (GRUSpec(reset="before"), 300, torch.float32, True),
    (LayerNormLSTMSpec(), 100, torch.bfloat16, True),
    (SRUSpec(peephole=True), 100, torch.bfloat16, True),
    (LRUSpec(), 100, torch.float32, False),
]
"""Cell, H, type of numbers, and whether there are lengths and resets."""
POINTERS = {torch.float32: "*fp32", torch.bfloat16: "*bf16"}


def compiled(function, signature, constants):
    names = function.arg_names
    signature = {name: signature.get(name, "constexpr") for name in names}
    given = {name: constants.get(name) for name in names if signature[name] == "constexpr"}
    made = ASTSource(function, signature, constexprs=given)
    options = {"enable_fp_fusion": True}
    return triton.compile(made, target=GPUTarget("cuda", 80, 32), options=options).metadata.shared


def compile_kernels(spec, width, dtype, masked):
    kernel = TritonKernel(fold_products(trace(spec.build(3, width).recurrence())))
    plan = kernel.plan(dtype)
    module, (rows, units) = load_kernels(kernel_source(plan)), plan.tile(64)
    real = vars(module.tl)[COMPUTE_TYPES[dtype]]
    for part in (*plan.forward, *plan.backward):
        names = forward_tensors(kernel.program) if part in plan.forward else backward_tensors(kernel.program)
        signature = dict.fromkeys(names, POINTERS[dtype]) | dict.fromkeys(("B", "first", "count"), "i32")
        signature |= {"d_w": POINTERS[torch.float32]} if "d_w" in names else {}
        for name, kind in {"lengths": "*i64", "resets": "*u8"}.items():
            signature[name] = kind if masked else "constexpr"
        constants = {"H": width, "BB": rows, "BH": units, "REAL": real}
        constants |= {f"biased{k}": masked for k in range(len(kernel.program.matmuls))}
        print(compiled(vars(module)[part.name], signature, constants))


def compile_scan():
    module = load_kernels(SOURCE)
    constants = {"BT": 64, "BN": 32, "REAL": module.tl.float32}
    signature = dict.fromkeys(("a", "b", "h"), "*bf16") | dict.fromkeys(("T", "N"), "i32")
    print(compiled(module.scan, signature, {**constants, "REVERSED": True}))
    print(compiled(module.scan, {**signature, "start": "*bf16"}, {**constants, "REVERSED": False}))


if __name__ == "__main__":
    for case in CASES:
        compile_kernels(*case)
    compile_scan()
