"""Fits: from validated data and settings to the fitted attributes."""
