"""How long a training step takes in lamina, and in those that it stands beside."""
