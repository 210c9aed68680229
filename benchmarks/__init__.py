"""Benchmarks: `python -m benchmarks.speed`, `.tables`, `.accuracy`, `.scaling`, `.workbench`."""
