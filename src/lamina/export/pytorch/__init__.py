"""Conversion to a PyTorch module, and from one."""
