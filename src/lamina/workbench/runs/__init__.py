"""Experiments as plain JSON, and the runs that train them in threads of their own."""
