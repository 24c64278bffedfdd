#!/usr/bin/env python3
"""Writes ONNX's backend cases again for every older schema version that they are valid for, so that run_cases can run them.

    python3 tests/conformance/old_opsets.py OUT && build/native-release/tests/conformance/run_cases OUT --jobs 2 --quiet

Needs the Python package `onnx` (1.22), whose schemas and checker decide what is valid; it is no part of script/test. Inputs that were
attributes once are moved there. Ends with the schema versions that no case reaches: tests/cpp/runtime/old_opsets_test.cc has them.
"""
import collections
import pathlib
import shutil
import subprocess
import sys

import onnx
from onnx import checker, defs, helper, numpy_helper, shape_inference

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MOST_CASES = 6  # of each schema version

# operator: (input, the attribute that it was, how many numbers that held)
MOVED = {
    "Reshape": [(1, "shape", "ints")],
    "Pad": [(1, "pads", "ints"), (1, "paddings", "ints"), (2, "value", "float")],
    "Slice": [(1, "starts", "ints"), (2, "ends", "ints"), (3, "axes", "ints")],
    "Split": [(1, "split", "ints")],
    "Squeeze": [(1, "axes", "ints")],
    "Unsqueeze": [(1, "axes", "ints")],
    "Clip": [(1, "min", "float"), (2, "max", "float")],
    "TopK": [(1, "k", "int")],
    "Dropout": [(1, "ratio", "float")],
}
# Same form, another meaning: (operator, versions below).
CHANGED = {"Softmax": 13, "LogSoftmax": 13, "Hardmax": 13, "PRelu": 7, "RoiAlign": 16, "DFT": 99, "Bernoulli": 99}


def single_nodes(folder):
    """{(domain, operator): [(case, model)]} of the cases whose model is one node."""
    found = collections.defaultdict(list)
    for case in sorted(folder.glob("test_*")):
        model = onnx.load(case / "model.onnx")
        if len(model.graph.node) == 1 and "_expanded" not in case.name:
            node = model.graph.node[0]
            found["" if node.domain == "ai.onnx" else node.domain, node.op_type].append((case, model))
    return found


def lower(model, schema, history, case):
    """`model` as a file of `schema`'s time, and the positions of the inputs it keeps; None if some input has no stored value."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    node, names = model.graph.node[0], [value.name for value in model.graph.input]
    inputs, dropped = list(node.input), set()
    moves = [(1, "axes", "ints")] if schema.name.startswith("Reduce") else MOVED.get(schema.name, [])
    for index, attribute, kind in moves:
        if index >= len(inputs) or not inputs[index] or attribute not in schema.attributes:
            continue
        if inputs[index] not in names:
            return None
        stored = onnx.TensorProto.FromString((case / f"test_data_set_0/input_{names.index(inputs[index])}.pb").read_bytes())
        values = numpy_helper.to_array(stored).reshape(-1).tolist()
        value = values if kind == "ints" else float(values[0]) if kind == "float" else int(values[0])
        node.attribute.append(helper.make_attribute(attribute, value, attr_type=onnx.AttributeProto.INTS if kind == "ints" else None))
        dropped.add(inputs[index])
        inputs[index] = ""
    while inputs and not inputs[-1]:
        inputs.pop()
    node.input[:] = inputs
    for attribute in list(node.attribute):
        if attribute.name == "to" and schema.name == "Cast" and schema.since_version < 6:
            node.attribute.append(helper.make_attribute("to", onnx.TensorProto.DataType.Name(attribute.i)))
            node.attribute.remove(attribute)
        elif attribute.name not in schema.attributes:
            defaults = [newer.attributes[attribute.name].default_value for newer in history if attribute.name in newer.attributes]
            value = helper.get_attribute_value(attribute)
            if any(default.name and helper.get_attribute_value(default) == value for default in defaults):
                node.attribute.remove(attribute)
    kept = [value for value in model.graph.input if value.name not in dropped]
    positions = [i for i, name in enumerate(names) if name not in dropped]
    del model.graph.input[:]
    model.graph.input.extend(kept)
    for opset in model.opset_import:
        if ("" if opset.domain == "ai.onnx" else opset.domain) == schema.domain:
            opset.version = schema.since_version
    model.ir_version = 8
    return model, positions


def valid(model):
    try:
        checker.check_model(model)
        shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    except (checker.ValidationError, shape_inference.InferenceError):
        return False
    return True


def main(out):
    data = subprocess.run([ROOT / "script/fetch-onnx-testdata"], check=True, capture_output=True, text=True).stdout.strip()
    cases, histories = single_nodes(pathlib.Path(data) / "node"), collections.defaultdict(list)
    for schema in defs.get_all_schemas_with_history():
        if schema.domain in ("", "ai.onnx.ml") and not schema.deprecated:
            histories[schema.domain, schema.name].append(schema)
    written, missing = 0, []
    for key, history in sorted(histories.items()):
        for schema in sorted(history, key=lambda s: s.since_version):
            count = 0
            for case, model in cases.get(key, []) if schema.since_version >= CHANGED.get(key[1], 0) else []:
                lowered = lower(model, schema, history, case)
                if count == MOST_CASES or lowered is None or not valid(lowered[0]):
                    continue
                target = out / f"{key[1]}-{schema.since_version}--{case.name}"
                (target / "test_data_set_0").mkdir(parents=True)
                onnx.save(lowered[0], target / "model.onnx")
                for to, position in enumerate(lowered[1]):
                    shutil.copy(case / f"test_data_set_0/input_{position}.pb", target / f"test_data_set_0/input_{to}.pb")
                for result in (case / "test_data_set_0").glob("output_*.pb"):
                    shutil.copy(result, target / "test_data_set_0")
                count += 1
            written += count
            if count == 0:
                missing.append(f"{key[1]}-{schema.since_version}")
    print(f"{written} cases; without one: {' '.join(missing)}")


if __name__ == "__main__":
    if len(sys.argv) != 2 or pathlib.Path(sys.argv[1]).exists():
        sys.exit("usage: old_opsets.py OUT (a folder that does not exist yet)")
    main(pathlib.Path(sys.argv[1]))
