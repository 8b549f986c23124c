"""The Triton engine: a step written as GPU kernels. Nothing here imports Triton before a kernel runs."""
