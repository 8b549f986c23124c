"""Trained models in forms that others read: a folder with weights and a card, torch.export, ONNX."""
