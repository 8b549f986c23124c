"""Tests run on one thread: a second one helps small products little, and hurts on a busy machine."""

import torch

torch.set_num_threads(1)
