"""PyTorch as an engine, on the CPU and on GPUs; no other module of the engines imports torch."""

from lamina.engines.pytorch import operators as operators
