"""Tables in files as problems to learn: reading them, and one column to be told from others."""
