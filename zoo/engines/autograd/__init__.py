"""What makes one differentiable operation of all steps of a program."""
