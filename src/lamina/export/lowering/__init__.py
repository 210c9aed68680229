"""Conversion of a fitted model to a program: a list of operations that every target renders."""
