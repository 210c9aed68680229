"""Changes of a finished ONNX model: a target's scale, and probabilities by label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lamina.encoding import TargetEncoding
from lamina.errors import ExportError
from lamina.export.lowering.program import TargetScale
from lamina.export.onnx.outputs import label_array
from lamina.export.onnx.program import INNER
from lamina.export.onnx.table import ML
from lamina.formulas.table import AnyArray

if TYPE_CHECKING:
    from onnx import ModelProto, ValueInfoProto


def scale_back(proto: ModelProto, target: TargetScale, dtype: np.dtype[np.generic]) -> None:
    """Invert the scaling of the targets, in place: y factor + offset, and factor times a std."""
    from onnx import helper, numpy_helper

    factor, offset = f"{INNER}target_factor", f"{INNER}target_offset"
    for name, array in {factor: target.factor, offset: target.offset}.items():
        proto.graph.initializer.append(numpy_helper.from_array(array.astype(dtype), name))
    prediction, *stds = [each.name for each in proto.graph.output]
    scaled = [_set_aside(proto, output) for output in (prediction, *stds)]
    scaled_out = f"{INNER}scaled_out"
    proto.graph.node.extend(
        [
            helper.make_node("Mul", [scaled[0], factor], [scaled_out]),
            helper.make_node("Add", [scaled_out, offset], [prediction]),
            *(
                helper.make_node("Mul", [each, factor], [output])
                for each, output in zip(scaled[1:], stds, strict=True)
            ),
        ]
    )


def zip_probabilities(proto: ModelProto, label_columns: Sequence[TargetEncoding]) -> None:
    """Replace a model's probabilities by dictionaries by label, in place."""
    from onnx import helper

    for i, encoding in enumerate(label_columns):
        # Not named 'probabilities' if a column of the table has that name.
        output = proto.graph.output[2 * i + 1]
        _zip(proto, output, label_array(encoding))
    if ML not in {each.domain for each in proto.opset_import}:
        proto.opset_import.append(helper.make_opsetid(ML, 1))


def _zip(proto: ModelProto, output: ValueInfoProto, labels: AnyArray) -> None:
    """Replace one output by dictionaries with a label for each of its columns."""
    from onnx import TensorProto, helper

    attributes = {"O": "classlabels_strings", "i": "classlabels_int64s"}
    if labels.dtype.kind not in attributes or len(labels) < 2:
        raise ExportError(
            "zipmap=True requires at least two labels, which are strings or integers, got "
            f"{labels.tolist()}: leave zipmap=False"
        )
    by_label = {attributes[labels.dtype.kind]: labels.tolist()}
    numbers = f"{INNER}{output.name}_to_zip"
    proto.graph.node.extend(
        [
            helper.make_node(
                "Cast", [_set_aside(proto, output.name)], [numbers], to=TensorProto.FLOAT
            ),
            helper.make_node("ZipMap", [numbers], [output.name], domain=ML, **by_label),
        ]
    )
    key = helper.np_dtype_to_tensor_dtype(labels.dtype)
    value = helper.make_tensor_type_proto(TensorProto.FLOAT, [])
    dictionaries = helper.make_sequence_type_proto(helper.make_map_type_proto(key, value))
    output.CopyFrom(helper.make_value_info(output.name, dictionaries))


def _set_aside(proto: ModelProto, output: str) -> str:
    """Rename the value of an output, so that further nodes can compute the output from it."""
    [last] = [node for node in proto.graph.node if list(node.output) == [output]]
    last.output[0] = f"{INNER}{output}_before"
    return str(last.output[0])
