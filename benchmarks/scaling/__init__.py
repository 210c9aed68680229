"""Measure how the time of an epoch grows with samples, width, depth, batch size and threads."""
