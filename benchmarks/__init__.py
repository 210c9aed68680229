"""What lamina claims, measured: `python -m benchmarks.speed`, `python -m benchmarks.accuracy`."""
