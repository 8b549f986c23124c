"""Steps of a user's own, one for each structure that an engine could get wrong."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.engines import Product, Recurrence, State

Vectors = tuple[Tensor, ...]
OwnStep = Callable[[Tensor, State, Product, Vectors], tuple[Tensor, State]]


@dataclass(frozen=True)
class Form:
    """A step, and how many blocks of H units there are of what it takes and gives.

    Attributes:
        step: The equations.
        pre: Blocks of the input product.
        products: Name of a product -> the blocks of its result and of its operand.
        state: Blocks of each tensor of the state.
        output: Blocks of the output.
        vectors: Blocks of each vector.
        biased: The products that have a bias.
    """

    step: OwnStep
    pre: int = 1
    products: tuple[tuple[str, int, int], ...] = (("a", 1, 1),)
    state: tuple[int, ...] = (1,)
    output: int = 1
    vectors: tuple[int, ...] = ()
    biased: str = ""


class Own(nn.Module):
    """The parameters of a step, as large as its form and H say."""

    def __init__(self, form: Form, width: int, input_size: int = 3, bias: bool = True) -> None:
        super().__init__()
        self.form, self.width, self.input_size = form, width, input_size
        self.weight_ih = nn.Parameter(torch.empty(form.pre * width, input_size))
        self.bias = nn.Parameter(torch.empty(form.pre * width)) if bias else None
        for name, rows, inner in form.products:
            self.register_parameter(name, nn.Parameter(torch.empty(rows * width, inner * width)))
            if name in form.biased:
                self.register_parameter(f"bias_{name}", nn.Parameter(torch.empty(rows * width)))
        self.own = nn.ParameterList(torch.empty(blocks * width) for blocks in form.vectors)

    def recurrence(self) -> Recurrence:
        """The step as an engine sees it."""
        form, width = self.form, self.width
        parameters = dict(self.named_parameters())
        return Recurrence(
            step=lambda pre, state, product: form.step(pre, state, product, tuple(self.own)),
            project=lambda x: F.linear(x, self.weight_ih, self.bias),
            recurrent=lambda gates: (parameters[gates], parameters.get(f"bias_{gates}")),
            width=width,
            input_size=self.input_size,
            output_size=form.output * width,
            state_sizes=tuple(blocks * width for blocks in form.state),
            vectors=tuple(self.own),
            like=self.weight_ih,
        )


def highway(pre: Tensor, state: State, product: Product, _: Vectors) -> tuple[Tensor, State]:
    """Three products in a row, the first and the last by the same weights (Zilly et al., 2017)."""
    (s,) = state
    for k, gates in enumerate("aba"):
        h, t = product(gates, s).chunk(2, dim=-1)
        if k == 0:
            x_h, x_t = pre.chunk(2, dim=-1)
            h, t = x_h + h, x_t + t
        t = torch.sigmoid(t)
        s = t * torch.tanh(h) + (1 - t) * s
    return s, (s,)


def two_outputs(pre: Tensor, state: State, product: Product, _: Vectors) -> tuple[Tensor, State]:
    """An output of two blocks, one of them the new state."""
    (h,) = state
    x_h, x_o = pre.chunk(2, dim=-1)
    new = torch.tanh(x_h + product("a", h))
    return torch.cat([new, torch.sigmoid(x_o) * h], dim=-1), (new,)


def decay(pre: Tensor, state: State, product: Product, vectors: Vectors) -> tuple[Tensor, State]:
    """A vector that acts through functions of its own, and one of two blocks."""
    (h,), (v, pair) = state, vectors
    a, b = pair.chunk(2, dim=-1)
    h = torch.exp(-torch.exp(v)) * h + a * torch.tanh(pre + product("a", h)) + torch.sigmoid(b)
    return h * v, (h,)


def decomposed(pre: Tensor, state: State, product: Product, _: Vectors) -> tuple[Tensor, State]:
    """Functions that torch makes of simpler ones."""
    (h,) = state
    a, b, c, d, e, f, g = pre.chunk(7, dim=-1)
    h = 0.25 * (F.softplus(a + product("a", h)) + F.silu(b - h) + F.hardtanh(c + h, -0.7, 0.4))
    h = h + 0.25 * (F.gelu(d * h) + F.elu(e + h) + F.leaky_relu(f - h, 0.1) + g.clamp(min=-0.1) + g.square())
    return h, (h,)


def branches(pre: Tensor, state: State, product: Product, _: Vectors) -> tuple[Tensor, State]:
    """Choices and comparisons, and the truth of two of them."""
    (h,) = state
    a, b = pre.chunk(2, dim=-1)
    u = product("a", h)
    taken = (a > h) & ~(b <= 0.1) | (u < -0.5)
    new = torch.where(taken, torch.tanh(a + u), 0.5 * h - torch.relu(b))
    new = torch.where((a.abs() >= 0.2) == (b > 0), new, -new * a)
    return new * (b != h), (new,)


def passing(pre: Tensor, state: State, product: Product, _: Vectors) -> tuple[Tensor, State]:
    """One tensor of the state never changes, another is the one before last of the first."""
    h, k, before = state
    new = torch.tanh(pre + k * product("a", h) + 0.25 * before)
    return new, (new, k, h)


def constant(pre: Tensor, state: State, product: Product, _: Vectors) -> tuple[Tensor, State]:
    """A block of the output, and a tensor of the state, that depend on nothing."""
    h, k = state
    h = torch.tanh(pre + product("a", h) + k)
    return torch.cat([torch.ones_like(h), h], dim=-1), (h, torch.full_like(k, 0.25))


def nothing_out(pre: Tensor, state: State, product: Product, _: Vectors) -> tuple[Tensor, State]:
    """An output that is the same number everywhere."""
    (h,) = state
    h = torch.tanh(pre + product("a", h))
    return torch.full_like(h, 2.0), (h,)


def twice(pre: Tensor, state: State, product: Product, _: Vectors) -> tuple[Tensor, State]:
    """Two products of one state, one of them added to the input product."""
    (h,) = state
    x_a, x_b = pre.chunk(2, dim=-1)
    u = product("b", h)
    h = torch.sigmoid(x_a + product("a", h)) * torch.tanh(x_b * u) + 0.125 * u
    return h, (h,)


def wide(pre: Tensor, state: State, product: Product, _: Vectors) -> tuple[Tensor, State]:
    """A state of two blocks that is multiplied whole, and a product of a computed operand of two blocks."""
    (s,) = state
    a, b = product("a", s).chunk(2, dim=-1)
    x_a, x_b = pre.chunk(2, dim=-1)
    a, b = torch.tanh(x_a + a), torch.sigmoid(x_b + b)
    u = product("b", torch.cat([a * b, s[..., : a.shape[-1]]], dim=-1)) + 0.25 * s[..., -a.shape[-1] :]
    return u, (torch.cat([b * u, a], dim=-1),)


def delayed(pre: Tensor, state: State, product: Product, _: Vectors) -> tuple[Tensor, State]:
    """The output is the state before the step; the new one is the input's alone, or another's."""
    h, k = state
    return h, (pre, torch.tanh(h + product("a", k)))


def second_out(pre: Tensor, state: State, product: Product, _: Vectors) -> tuple[Tensor, State]:
    """The output is the second tensor of the state."""
    c, h = state
    x_f, x_n = pre.chunk(2, dim=-1)
    f = torch.sigmoid(x_f + product("a", h))
    c = f * c + (1 - f) * torch.tanh(x_n)
    h = torch.tanh(c)
    return h, (c, h)


def of_the_input(pre: Tensor, state: State, product: Product, _: Vectors) -> tuple[Tensor, State]:
    """A product of a block of the input product, and one whose result nobody reads."""
    (h,) = state
    x_a, x_b = pre.chunk(2, dim=-1)
    product("b", h)
    h = torch.tanh(x_b - product("a", x_a) + 0.5 * h)
    return h, (h,)


def added_out_of_order(pre: Tensor, state: State, product: Product, _: Vectors) -> tuple[Tensor, State]:
    """Blocks of a product that meet those of the input product in another order."""
    (h,) = state
    x_a, x_b, x_c = pre.chunk(3, dim=-1)
    a, b = product("a", h).chunk(2, dim=-1)
    h = torch.sigmoid(x_a + b) * torch.tanh(x_b + a) - torch.sin(x_c + product("b", h)) * h
    return h, (h,)


def subtracted(pre: Tensor, state: State, product: Product, _: Vectors) -> tuple[Tensor, State]:
    """A product that is taken off the input product, one added with a factor, one added and read twice."""
    (h,) = state
    a, b, c = pre.chunk(3, dim=-1)
    u = product("c", h)
    n = torch.tanh(a - product("a", h)) + torch.tanh(torch.add(b, product("b", h), alpha=0.5))
    h = 0.5 * n * torch.sigmoid(c + u) + 0.125 * u + torch.rsub(h, 1.0)
    return h, (h,)


def of_numbers(pre: Tensor, state: State, product: Product, _: Vectors) -> tuple[Tensor, State]:
    """A number per row: the mean over the units, and what comes of it."""
    (h,) = state
    centred = product("a", h)
    centred = centred - centred.mean(-1, keepdim=True)
    scale = torch.rsqrt(torch.cat([centred, pre], dim=-1).square().mean(-1, keepdim=True) + 0.1)
    h = torch.tanh(pre + scale * centred)
    return h * h.sum(-1, keepdim=True), (h,)


def running(pre: Tensor, state: State, product: Product, _: Vectors) -> tuple[Tensor, State]:
    """Units that are mixed by a running sum: no program of blocks."""
    (h,) = state
    h = torch.tanh(pre + product("a", h)) * torch.softmax(pre, dim=-1).cumsum(-1) + 0.25 * product("b", h)
    return h, (h,)


def cut(pre: Tensor, state: State, product: Product, vectors: Vectors) -> tuple[Tensor, State]:
    """Gradients that stop: of a vector, of a truth, of the operand of a product."""
    (h,), (fixed,) = state, vectors
    h = torch.tanh(pre + product("a", h) + product("b", (0.5 * h).detach())) * torch.sigmoid(fixed).detach()
    return h * (h + ((h > 0).to(h.dtype) - h).detach()), (h,)


def cut_state(pre: Tensor, state: State, product: Product, _: Vectors) -> tuple[Tensor, State]:
    """Nothing goes back to the state before."""
    (h,) = state
    h = torch.tanh(pre + h.detach())
    return h, (h,)


OWN: dict[str, Form] = {
    "highway": Form(highway, 2, (("a", 2, 1), ("b", 2, 1)), biased="ab"),
    "two_outputs": Form(two_outputs, 2, output=2),
    "decay": Form(decay, vectors=(1, 2)),
    "decomposed": Form(decomposed, 7),
    "branches": Form(branches, 2),
    "passing": Form(passing, state=(1, 1, 1), biased="a"),
    "constant": Form(constant, state=(1, 1), output=2),
    "nothing_out": Form(nothing_out, biased="a"),
    "twice": Form(twice, 2, (("a", 1, 1), ("b", 1, 1)), biased="b"),
    "wide": Form(wide, 2, (("a", 2, 2), ("b", 1, 2)), (2,), biased="a"),
    "delayed": Form(delayed, state=(1, 1)),
    "second_out": Form(second_out, 2, state=(1, 1)),
    "of_the_input": Form(of_the_input, 2, (("a", 1, 1), ("b", 1, 1)), biased="ab"),
    "added_out_of_order": Form(added_out_of_order, 3, (("a", 2, 1), ("b", 1, 1)), biased="ab"),
    "subtracted": Form(subtracted, 3, (("a", 1, 1), ("b", 1, 1), ("c", 1, 1)), biased="bc"),
    "of_numbers": Form(of_numbers),
    "cut": Form(cut, products=(("a", 1, 1), ("b", 1, 1)), vectors=(1,), biased="b"),
    "cut_state": Form(cut_state, products=()),
    "running": Form(running, products=(("a", 1, 1), ("b", 1, 1)), biased="a"),
}
"""Name -> form of every step of this file."""
