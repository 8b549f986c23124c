"""The tables of classes and labels are what scikit-learn counts."""

import torch
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from zoo.evaluation.classes import MOST_CLASSES, by_class, by_label, confusion


def classes(count, size=400, seed=0):
    random = torch.Generator().manual_seed(seed)
    true = torch.randint(count, (size,), generator=random)
    wrong = torch.randint(count, (size,), generator=random)
    return true, torch.where(torch.rand(size, generator=random) < 0.6, true, wrong)


def test_precision_recall_and_f1_are_scikit_learns():
    true, chosen = classes(4)
    sheet = by_class(true, chosen, list("abcd"))
    expected = precision_recall_fscore_support(true, chosen)
    for k, row in enumerate(sheet.rows[:4]):
        assert row == ["abcd"[k], *(f"{part[k]:.1%}" for part in expected[:3]), str(expected[3][k])]
    assert sheet.rows[4][2] == f"{(true == chosen).float().mean():.1%}"


def test_a_class_that_is_never_right_or_never_there_has_no_number_made_up():
    sheet = by_class(torch.tensor([0, 0]), torch.tensor([1, 0]), ["a", "b", "c"])
    assert sheet.rows[1] == ["b", "0.0%", "-", "0.0%", "0"]
    assert sheet.rows[2] == ["c", "-", "-", "-", "0"]


def test_the_confusion_matrix_is_scikit_learns():
    true, chosen = classes(5)
    sheet = confusion(true, chosen, list("abcde"))
    assert [[int(cell) for cell in row[1:]] for row in sheet.rows] == confusion_matrix(true, chosen).tolist()


def test_of_many_classes_the_worst_pairs_are_told():
    count = MOST_CLASSES + 5
    true, chosen = classes(count, 4000)
    chosen[true == 3] = 7
    sheet = confusion(true, chosen, [f"c{k}" for k in range(count)])
    assert sheet.rows[0] == ["c3", "c7", str(int((true == 3).sum()))]
    assert len(sheet.rows) == MOST_CLASSES
    assert all(true_name != said for true_name, said, _ in sheet.rows)


def test_of_labels_those_that_hold_most_often_are_told_and_all_together():
    random = torch.Generator().manual_seed(0)
    true, said = (torch.rand(300, 4, generator=random) < torch.tensor([0.5, 0.0, 0.9, 0.2]) for _ in range(2))
    counts = torch.stack([(true & said).sum(0), true.sum(0), said.sum(0)])
    sheet = by_label(counts, list("abcd"))
    assert [row[0] for row in sheet.rows] == ["c", "a", "d", "all"]
    expected = precision_recall_fscore_support(true, said, zero_division=0)
    for row, k in zip(sheet.rows, (2, 0, 3), strict=False):
        assert row[1:] == [*(f"{part[k]:.1%}" for part in expected[:3]), str(expected[3][k])]
    of_all = precision_recall_fscore_support(true, said, average="micro", zero_division=0)
    assert sheet.rows[3][1:4] == [f"{part:.1%}" for part in of_all[:3]]
