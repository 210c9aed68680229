"""Conversion of scikit-learn pipelines that end in a fitted model, by skl2onnx.

This is the only module that imports skl2onnx.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import skl2onnx
from onnx import ModelProto, TensorProto, helper, numpy_helper
from skl2onnx._parse import _parse_sklearn_classifier
from skl2onnx.algebra.type_helper import guess_initial_types
from skl2onnx.common._container import ModelComponentContainer
from skl2onnx.common._topology import Operator, Scope, Variable
from skl2onnx.common.data_types import (
    DataType,
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from lamina.encoding import TableEncoding
from lamina.errors import ExportError
from lamina.estimators import MLPClassifier, MLPRegressor
from lamina.export.lowering.models import lower_encoding, lower_model
from lamina.export.lowering.program import ModelProgram
from lamina.export.onnx.graph import Attribute
from lamina.export.onnx.outputs import add_program, list_outputs
from lamina.export.onnx.rendering import Nodes
from lamina.export.onnx.table import INPUTS, RENDERERS, meaning
from lamina.export.target import Rows
from lamina.formulas.table import AnyArray

TYPES: dict[str, type[DataType]] = {
    "float32": FloatTensorType,
    "float64": DoubleTensorType,
    "int64": Int64TensorType,
    "object": StringTensorType,
}
# Newest version of the ai.onnx.ml operators that skl2onnx supports.
ML, ML_OPSET = "ai.onnx.ml", 3
# Options that skl2onnx requires of every classifier's converter.
CLASSIFIER_OPTIONS: dict[str, list[bool]] = {
    "zipmap": [True, False],
    "nocl": [True, False],
    "output_class_labels": [False],
    "raw_scores": [False],
}


def register_with_skl2onnx() -> None:
    """Register lamina's classes with skl2onnx, so that its functions support them."""
    for cls, options in ((MLPClassifier, CLASSIFIER_OPTIONS), (MLPRegressor, None)):
        skl2onnx.update_registered_converter(
            cls, f"Lamina{cls.__name__}", infer_shapes, convert, parser=parse, options=options
        )
    skl2onnx.update_registered_converter(
        TableEncoding,
        "LaminaTableEncoding",
        infer_encoding_shapes,
        convert_encoding,
        options={"double": [True, False]},
    )


def pipeline_to_onnx(
    pipeline: Pipeline, X: Rows, dtype: np.dtype[np.generic], *, keeps_types: bool, opset: int
) -> ModelProto:
    """Convert a pipeline that ends in one of lamina's models, with inputs as in X or of `dtype`.

    Floating-point inputs have that dtype, too, unless they keep the types of X.

    Raises
    ------
    ExportError
        For a step that skl2onnx cannot convert.
    """
    register_with_skl2onnx()
    options: dict[int, dict[str, bool]] = {}
    types = [("X", TYPES[dtype.name]([None, pipeline.n_features_in_]))]
    if X is not None:
        types = guess_initial_types(X)
        if not keeps_types:
            types = [(name, _in_dtype(kind, dtype)) for name, kind in types]
    if isinstance(pipeline[-1], MLPClassifier):
        options[id(pipeline[-1])] = {"zipmap": False}
    table = lower_encoding(pipeline[0]) if isinstance(pipeline[0], TableEncoding) else None
    if table is not None:
        options[id(pipeline[0])] = {"double": dtype == np.float64}
        types = [
            (each.name, TYPES[INPUTS.get(each.kind, dtype).name]([None, 1]))
            for each in table.inputs
        ]
    versions = {"": opset, ML: ML_OPSET}
    try:
        proto: ModelProto = skl2onnx.to_onnx(
            pipeline, initial_types=types, options=options, target_opset=versions
        )
    except ExportError:
        raise
    except Exception as error:  # skl2onnx's exceptions have no common base class
        raise ExportError(_refusal(error, dtype, has_rows=X is not None)) from error
    if table is not None:
        for i, (value, each) in enumerate(zip(proto.graph.input, table.inputs, strict=True)):
            value.doc_string = meaning(each, i, table.operations)
    return proto


def _in_dtype(kind: DataType, dtype: np.dtype[np.generic]) -> DataType:
    """Return the type of an input, with floating-point numbers of that dtype."""
    if isinstance(kind, FloatTensorType | DoubleTensorType):
        return TYPES[dtype.name](kind.shape)
    return kind


def _refusal(error: Exception, dtype: np.dtype[np.generic], *, has_rows: bool) -> str:
    text = str(error).strip() or type(error).__name__
    reason = text.splitlines()[0].rstrip(".")
    cures = [] if dtype != np.float64 else ['pass dtype="float32"']
    if not has_rows:
        # Without rows, the input is one matrix of numbers, which has neither names nor texts.
        rows = "pass X, some rows of the pipeline's input, for the names and types of its columns"
        cures.insert(0, rows)
    cure = ", or ".join([*cures, "use another transformer instead"])
    return (
        f"skl2onnx {skl2onnx.__version__} does not convert this pipeline: {reason}. "
        f"{cure[:1].upper()}{cure[1:]}"
    )


def parse(
    scope: Scope, model: BaseEstimator, inputs: list[Variable], custom_parsers: object = None
) -> list[Variable]:
    """Name a model's outputs; skl2onnx calls this as the parser."""
    if len(outputs := list_outputs(lower_model(model))) == 2 and isinstance(model, MLPClassifier):
        # skl2onnx's own parser, because it handles zipmap.
        parsed: list[Variable] = _parse_sklearn_classifier(scope, model, inputs, custom_parsers)
        return parsed
    operator = scope.declare_local_operator(f"Lamina{type(model).__name__}", model)
    operator.inputs = inputs
    for output in outputs:
        variable = scope.declare_local_variable(output.name, TYPES[output.dtype.name]())
        operator.outputs.append(variable)
    named: list[Variable] = operator.outputs
    return named


def infer_shapes(operator: Operator) -> None:
    """Set the types of a model's outputs; skl2onnx calls this before the converter."""
    n_samples = operator.inputs[0].get_first_dimension()
    for variable, output in zip(operator.outputs, list_outputs(_program(operator)), strict=True):
        columns = [] if output.n_columns is None else [output.n_columns]
        variable.type = TYPES[output.dtype.name]([n_samples, *columns])


def convert(scope: Scope, operator: Operator, container: ModelComponentContainer) -> None:
    """Add a model's nodes to the graph; skl2onnx calls this as the converter."""
    graph, program = ContainerGraph(scope, container), _program(operator)
    x = operator.inputs[0].full_name
    if not isinstance(operator.inputs[0].type, TYPES[program.dtype.name]):
        x = graph.node("Cast", x, to=helper.np_dtype_to_tensor_dtype(program.dtype))
    results = add_program(graph, program, [x])
    for result, output in zip(results, operator.outputs, strict=True):
        graph.add("Identity", [result], output.full_name)


def _program(operator: Operator) -> ModelProgram:
    """Return a model's program in the input's dtype; in float32 if the model has a precision."""
    model, is_double = operator.raw_operator, isinstance(operator.inputs[0].type, DoubleTensorType)
    return lower_model(model, "float64" if is_double and model.precision is None else "float32")


def infer_encoding_shapes(operator: Operator) -> None:
    """Set the type of a TableEncoding's matrix."""
    encoding = operator.raw_operator
    options = operator.scope_inst.get_options(encoding, {"double": False})
    kind = DoubleTensorType if options["double"] else FloatTensorType
    n_samples = operator.inputs[0].get_first_dimension()
    operator.outputs[0].type = kind([n_samples, len(encoding.get_feature_names_out())])


def convert_encoding(scope: Scope, operator: Operator, container: ModelComponentContainer) -> None:
    """Add the nodes of a TableEncoding to the graph."""
    table, graph = lower_encoding(operator.raw_operator), ContainerGraph(scope, container)
    names = [each.full_name for each in operator.inputs]
    nodes = Nodes(graph, table.operations, table.inputs, names)
    nodes.render(RENDERERS, {})
    matrix = nodes.matrices[-1]
    if not isinstance(operator.outputs[0].type, DoubleTensorType):
        matrix = graph.node("Cast", matrix, to=TensorProto.FLOAT)
    graph.add("Identity", [matrix], operator.outputs[0].full_name)


class ContainerGraph:
    """Graph in which skl2onnx collects nodes and constants."""

    def __init__(self, scope: Scope, container: ModelComponentContainer) -> None:
        self.scope, self.container = scope, container

    def constant(self, array: AnyArray) -> str:
        """Add an array and return its name."""
        name: str = self.scope.get_unique_variable_name("constant")
        if array.dtype.kind == "O":
            texts = [text.encode() for text in array]
            self.container.add_initializer(name, TensorProto.STRING, array.shape, texts)
        else:
            tensor = numpy_helper.from_array(np.ascontiguousarray(array), name)
            self.container.add_initializer(name, None, None, tensor)
        return name

    def node(self, operator: str, *inputs: str, spare: int = 0, **attributes: Attribute) -> str:
        """Add an operator and return the name of its first output; further outputs are unused."""
        name: str = self.scope.get_unique_variable_name(operator.lower())
        unread = [f"{name}_{i}" for i in range(spare)]
        self.add(operator, inputs, name, *unread, **attributes)
        return name

    def add(
        self, operator: str, inputs: Sequence[str], *outputs: str, **attributes: Attribute
    ) -> None:
        """Add an operator whose output has a given name."""
        name = self.scope.get_unique_operator_name(operator)
        domain = attributes.pop("domain", "")
        self.container.add_node(
            operator, list(inputs), list(outputs), domain, name=name, **attributes
        )
