"""What Sphinx is taught for this site: blocks that run, their pictures, formulas, checks."""
