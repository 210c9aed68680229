"""Doctests of what needs an extra wait until it is installed."""

from importlib.util import find_spec

NEEDS = {
    "lamina/export/onnx/model.py": "onnxruntime",
    "lamina/export/onnx_pipeline.py": "skl2onnx",
    "lamina/export/pytorch.sequential.py": "torch",
    "lamina/export/torch_layers.py": "torch",
    "lamina/export/pytorch/conversion.py": "torch",
}
collect_ignore = [path for path, package in NEEDS.items() if find_spec(package) is None]
