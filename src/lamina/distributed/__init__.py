"""One fit on several machines, with results that do not depend on their number."""

from lamina.distributed.fitting import fit

__all__ = ["fit"]
