"""How the time of an epoch grows with rows, width, depth, batch and threads."""
