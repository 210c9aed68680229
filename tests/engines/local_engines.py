"""Engines that compute with NumPy's arrays: those whose tests run for each of them.

PyTorch's engine, which takes several times as long for each small fit, has tests of its own for all
tables (tests/contracts/test_pytorch.py and others).
"""

from lamina.engines import available_engines

LOCAL_ENGINES = [name for name in available_engines() if name != "pytorch"]
