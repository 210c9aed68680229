"""Sphinx extensions of this site: blocks that run, their pictures, formulas, checks."""
