"""Numbers that the page draws, computed from a run and one of its snapshots."""
