"""Data of an experiment: generated, bundled, drawn by hand, from Python, or uploaded."""
