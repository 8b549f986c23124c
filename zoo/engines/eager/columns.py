"""Where the gradients of a step lie while its derivative runs."""

from zoo.engines.program.ir import Block, Program


class GradientColumns:
    """Where the gradient of each input lies among blocks side by side, the columns.

    The blocks of a product stand next to one another, and so do those of the state, at the end. A product's
    block and a block of the input product that it is only ever added to have one gradient and one column.
    """

    def __init__(self, program: Program, table: dict[tuple[int, int], Block]) -> None:
        shape: dict[int, tuple[tuple[int, Block], ...]] = {
            number: tuple((result, block) for (result, leaf), block in table.items() if leaf == number)
            for number in program.inputs
        }
        of_matmuls = [number for k in reversed(range(len(program.matmuls))) for number in program.targets(k)]
        twins = {shape[number]: number for number in of_matmuls if shape[number]}
        alone = [number for number in program.pre if number not in of_matmuls and shape[number] not in twins]
        states = [number for part in program.state if any(shape[n] for n in part) for number in part]
        order = [*alone, *program.vectors, *of_matmuls, *states]
        self.place = {number: column for column, number in enumerate(order)}
        self.count = len(order)
        for number in program.pre:
            if number not in self.place:
                self.place[number] = self.place[twins[shape[number]]]
        self.dead = [self.place[number] for number in order if not shape[number]]

    def range(self, numbers: tuple[int, ...]) -> slice:
        """The columns of neighbours."""
        first = self.place[numbers[0]]
        return slice(first, first + len(numbers))

    def are_neighbours(self, numbers: tuple[int, ...]) -> bool:
        """Whether these inputs' columns stand in this order, without gaps."""
        places = [self.place[number] for number in numbers]
        return places == list(range(places[0], places[0] + len(places)))
