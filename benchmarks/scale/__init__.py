"""Memory and speed on tables larger than memory; `python -m benchmarks.scale` runs it."""
