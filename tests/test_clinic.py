"""The clinic in short: patients are told apart, it goes on where it was ended, the summary counts right."""

import csv

import clinic
import pytest
from ward.patients import PATIENTS

from zoo.verdict.rules import RULES

FEW = ("digits, NaN", "adding, inputs x1000")


def test_every_illness_is_one_that_a_rule_can_name():
    names = {rule.name for rule in RULES}
    assert {name for patient in PATIENTS for name in patient.right} <= names
    assert len(PATIENTS) >= 60


def test_each_half_has_patients_of_every_task_both_ill_and_well():
    for name in clinic.HALVES:
        own = [patient for patient in PATIENTS if clinic.half(patient) == name]
        assert {(patient.task, bool(patient.right)) for patient in own} == {
            (task, ill) for task in ("digits", "adding", "agreement") for ill in (True, False)
        }


@pytest.mark.filterwarnings("ignore")
def test_patients_are_told_what_they_have(tmp_path, monkeypatch):
    output = tmp_path / "clinic.csv"
    monkeypatch.setattr(clinic, "PATIENTS", [each for each in PATIENTS if each.name in FEW])
    for patient in clinic.PATIENTS:
        rows = clinic.rows_of(patient, short=True)
        assert [row["is_right"] for row in rows] == [True], rows
        clinic.write(rows, output)
    assert [row["patient"] for row in clinic.read(output)] == sorted(FEW)
    assert clinic.waiting(output) == []


ROW = dict.fromkeys(clinic.COLUMNS, "") | {"half": "judged", "is_right": "True", "is_right_after": "True"}


def test_the_summary_counts_patients_once_and_each_line_of_advice(tmp_path):
    output = tmp_path / "clinic.csv"
    ill = ROW | {"patient": "a", "illness": "learning rate"}
    rows = [
        ill | {"effect": "better"},
        ill | {"effect": "worse"},
        ROW | {"patient": "b", "illness": "learning rate", "is_right": "False"},
        ROW | {"patient": "c", "illness": "healthy", "is_right": "False"},
        ROW | {"patient": "d", "illness": "healthy"},
    ]
    clinic.write(rows, output)
    clinic.write_summary(output)
    with (tmp_path / "clinic_summary.csv").open() as file:
        judged = next(row for row in csv.DictReader(file) if row["half"] == "judged")
    assert (judged["ill"], judged["told right"], judged["false alarms"]) == ("2", "50.0%", "50.0%")
    assert (judged["advice"], judged["better"], judged["worse beyond spread"]) == ("2", "50.0%", "50.0%")
