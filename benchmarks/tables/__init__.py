"""Compare the errors of lamina, gradient boosters and other MLPs on real tables."""
