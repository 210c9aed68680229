"""Inspection of networks and fits: passes, descriptions, diagnoses, importances, checks."""
