#!/usr/bin/env python3
"""Writes schemas.json: what each operator's newest version takes and gives, from the schemas of the `onnx` package.

    pip install onnx==1.23.2 && tests/operators/generate-schemas.py

One line per operator: {"op", "domain", "versions", "inputs": [[name, type or variable, kind]], "outputs", "types": {variable: [...]}}.
kind: "" is required, "?" optional, "*" repeated. Types are named as in this repository (float32, not tensor(float)). Functions are
marked, deprecated operators left out.
"""
import json
import pathlib
import re

from onnx import defs

OUTPUT = pathlib.Path(__file__).with_name("schemas.json")
NAMES = {"float": "float32", "double": "float64"}
NOT_HERE = {"float6e2m3", "float6e3m2"}  # new in opset 28; no library, this one included, has tensors of them
KINDS = {"Single": "", "Optional": "?", "Variadic": "*"}


def type_name(text):
    text = re.sub(r"\b(float|double)\b", lambda match: NAMES[match[0]], text)
    return re.sub(r"tensor\((\w+)\)", r"\1", text).replace(" ", "")


def parameter(formal):
    return [formal.name, type_name(formal.type_str), KINDS[formal.option.name]]


def allowed(types):
    names = {type_name(text) for text in types}
    return {name for name in names if not any(missing in name for missing in NOT_HERE)}


def newest():
    found = {}
    for schema in defs.get_all_schemas_with_history():
        key = (schema.domain, schema.name)
        if key not in found or found[key].since_version < schema.since_version:
            found[key] = schema
    return [schema for key, schema in sorted(found.items()) if not schema.deprecated]


def versions_of():
    """{(domain, name): its schema versions}"""
    found = {}
    for schema in defs.get_all_schemas_with_history():
        found.setdefault((schema.domain, schema.name), set()).add(schema.since_version)
    return {key: sorted(versions) for key, versions in found.items()}


def describe(schema, versions):
    return {
        "op": schema.name,
        "domain": schema.domain,
        "versions": versions,
        "inputs": [parameter(p) for p in schema.inputs],
        "outputs": [parameter(p) for p in schema.outputs],
        "types": {c.type_param_str: sorted(allowed(c.allowed_type_strs)) for c in schema.type_constraints},
    }


def main():
    versions = versions_of()
    rows = [json.dumps(describe(schema, versions[schema.domain, schema.name]), separators=(",", ":")) for schema in newest()]
    OUTPUT.write_text("[\n" + ",\n".join(rows) + "\n]\n")


if __name__ == "__main__":
    main()
