"""What one does with estimators to learn about them, beside fitting and predicting."""

from lamina.studies.inside import Inside, perceptron_inside

__all__ = ["Inside", "perceptron_inside"]
