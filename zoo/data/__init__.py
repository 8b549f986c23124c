"""Where sequences come from: LightningDataModules, one file per source, imported on first use."""

from typing import Any

from zoo.registry import Registry

DATA: Registry[Any] = Registry("data module")
DATA.declare("digits", "zoo.data.digits:Digits")
DATA.declare("python_docs", "zoo.data.python_docs:PythonDocs")
DATA.declare("text_file", "zoo.data.text_file:TextFile")
DATA.declare("labelled_text", "zoo.data.labelled_text:LabelledText")
DATA.declare("mnist_sequence", "zoo.data.mnist_sequence:MNISTSequence")
DATA.declare("adding_problem", "zoo.data.adding_problem:AddingProblem")
DATA.declare("copy_memory", "zoo.data.copy_memory:CopyMemory")
