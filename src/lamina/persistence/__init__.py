"""Save models to files: safetensors with JSON metadata, verified, atomic, never pickle."""

from lamina.persistence.saving import describe, load, read_notes, save

__all__ = ["describe", "load", "read_notes", "save"]
