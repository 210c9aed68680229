"""Measure the workbench's training speed with and without a page, in the Playground's cases."""
