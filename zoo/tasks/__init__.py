"""What a network is trained for: LightningModules, imported on first use."""

from typing import Any

from zoo.registry import Registry

TASKS: Registry[Any] = Registry("task")
TASKS.declare("sequence_classifier", "zoo.tasks.sequence_classifier:SequenceClassifier")
TASKS.declare("sequence_regressor", "zoo.tasks.sequence_regressor:SequenceRegressor")
TASKS.declare("language_model", "zoo.tasks.language_model:LanguageModel")
