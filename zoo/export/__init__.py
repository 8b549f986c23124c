"""Trained models in forms that others read: a folder with weights and cards, torch.export, ONNX."""

FORMATS = ("safetensors", "torch", "onnx")
