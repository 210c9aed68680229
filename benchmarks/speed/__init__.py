"""Measure training and prediction times of lamina and other libraries."""
