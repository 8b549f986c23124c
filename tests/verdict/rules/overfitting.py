"""The loss of validation rises while that of training falls."""

from zoo.verdict.history import History, Overfit

FOUND = Overfit(step=199, epoch=10, best=0.023, last=0.029, learned=(8e-3, 4e-4))
CASE = ({"history": History(overfit=FOUND)}, "Overfitting since epoch 10 (step 199)", "")
