"""Models in files: safetensors with JSON metadata, verified, written atomically, never pickle."""

from lamina.persistence.saving import describe, load, read_notes, save

__all__ = ["describe", "load", "read_notes", "save"]
