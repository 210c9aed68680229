"""Tools to study estimators: sweeps, traces of steps, loss landscapes, gradients and descents."""

from lamina.studies.descent import DescentPath, gradient_descent_path
from lamina.studies.gradient_flow import GradientFlow, gradient_flow
from lamina.studies.inside import Inside, perceptron_inside
from lamina.studies.loss_landscape import LandscapePath, LossLandscape, loss_landscape
from lamina.studies.surfaces import SURFACES, Surface
from lamina.studies.sweep_result import Sweep
from lamina.studies.sweeping import sweep
from lamina.studies.trace import StepTrace, trace_step

__all__ = [
    "SURFACES",
    "DescentPath",
    "GradientFlow",
    "Inside",
    "LandscapePath",
    "LossLandscape",
    "StepTrace",
    "Surface",
    "Sweep",
    "gradient_descent_path",
    "gradient_flow",
    "loss_landscape",
    "perceptron_inside",
    "sweep",
    "trace_step",
]
