#!/usr/bin/env python3
"""Runs ONNX's backend tests on the native engine and keeps the record of them in docs/compatibility/.

    tests/conformance/run.py                    a recorded case that no longer passes is a failure; ends with the counts
    tests/conformance/run.py --update           writes the record anew
    tests/conformance/run.py --filter REGEXP    only these cases, nothing compared
    tests/conformance/run.py --rewrite FORM     the small cases written as ONNX (FORM plain, or optimized: after the passes) and read again

The record is docs/compatibility/onnx-backend-tests.txt (the cases that do not pass) and operators.md (versions, types and
score of each operator), which must be current.
"""
import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RECORD = ROOT / "docs/compatibility/onnx-backend-tests.txt"
TABLE = ROOT / "docs/compatibility/operators.md"
TYPES = ROOT / "docs/compatibility/operator-types.txt"
SCHEMAS = ROOT / "tests/operators/schemas.json"
BACKENDS = ("native", "wasm")
DEFINITION = re.compile(r"^WEBINFER_OP\((\w+)\)", re.MULTILINE)
DOMAINS = {"Microsoft": "com.microsoft", "Nchwc": "com.microsoft.nchwc", "Ml": "ai.onnx.ml", "Training": "ai.onnx.preview.training",
           "Preview": "ai.onnx.preview"}


def fields(data):
    """(number, value) of each field of a protocol buffer; values are bytes or integers."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
            continue
        size = {1: 8, 5: 4}.get(key & 7)
        size = varint() if size is None else size
        yield key >> 3, data[at:at + size]
        at += size


def operator_of(case):
    """The operator a case is about, as domain.Name: that of its first node, or of the function that was expanded."""
    model = (case / "model.onnx").read_bytes()
    for number, graph in fields(model):
        if number != 7:
            continue
        for field, node in fields(graph):
            if field == 1:
                parts = {n: v for n, v in fields(node) if n in (4, 7)}
                domain = parts.get(7, b"").decode()
                return (domain + "." if domain not in ("", "ai.onnx") else "") + parts[4].decode()
    return "(none)"


def defined_operators():
    """{domain.Name: path} from the WEBINFER_OP lines; operators of the internal domain are left out."""
    found = {}
    for path in sorted((ROOT / "src/ops").rglob("*.cc")):
        for name in DEFINITION.findall(path.read_text()):
            prefix, _, rest = name.partition("_")
            domain = DOMAINS.get(prefix) if rest else None
            if rest and domain is None:
                continue
            found[(domain + "." if domain else "") + (rest or name)] = path.relative_to(ROOT).as_posix()
    return found


def run_cases(preset, folder, pattern, log, rewrite=None):
    build = ["cmake", "--build", "--preset", preset, "--target", "run_cases"]
    if not (ROOT / "build" / preset / "build.ninja").exists():
        subprocess.run(["cmake", "--preset", preset], cwd=ROOT, check=True, stdout=log)
    subprocess.run(build, cwd=ROOT, check=True, stdout=log)
    passed_file, failed_file = ROOT / "build/conformance-passed.txt", ROOT / "build/conformance-failed.txt"
    command = [ROOT / "build" / preset / "tests/conformance/run_cases", folder, "--jobs", "2", "--timeout", "180", "--quiet",
               "--list-passed", passed_file, "--list-failed", failed_file]
    if pattern:
        command += ["--filter", pattern]
    if rewrite:
        command += ["--rewrite", rewrite]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    print(output.stdout.strip())
    crashes = len(re.findall(r"^\S+\tcrash\t", output.stdout, re.MULTILINE))
    return set(passed_file.read_text().split()), set(failed_file.read_text().split()), crashes


def scores(passed, folder, defined):
    """{operator: [cases passed, cases]} and the operators without a definition that pass all the same, because the reader lifts them."""
    cases = {path.parent.name: operator_of(path.parent) for path in sorted(pathlib.Path(folder).rglob("model.onnx"))}
    score = {operator: [0, 0] for operator in defined}
    lifted = {operator for case, operator in cases.items() if case in passed and "_expanded" not in case} - set(defined)
    for case, operator in cases.items():
        operator = cases.get(case.split("_expanded")[0], operator)  # a function's body is a case of the function
        entry = score.setdefault(operator, [0, 0])
        entry[0] += case in passed
        entry[1] += 1
    return score, lifted


def pairs_of_types():
    """{operator: (versions, pairs, {backend: failing pairs})} of the specification's operators."""
    failing = collections.defaultdict(set)
    for line in TYPES.read_text().splitlines():
        pair, where = line.split("\t")
        for backend in BACKENDS if where == "no case" else where.split(", "):
            failing[pair.split()[0], backend].add(pair)
    found = {}
    for schema in json.loads(SCHEMAS.read_text()):
        operator = (schema["domain"] + "." if schema["domain"] else "") + schema["op"]
        pairs = sum(len(types) for types in schema["types"].values())
        found[operator] = schema["versions"], pairs, {backend: len(failing[operator, backend]) for backend in BACKENDS}
    return found


def render(passed, failed, folder):
    defined = defined_operators()
    score, lifted = scores(passed, folder, defined)
    types = pairs_of_types()
    total = len(passed) + len(failed)
    pairs = sum(count for _, count, _ in types.values())
    good = {backend: pairs - sum(failing[backend] for _, _, failing in types.values()) for backend in BACKENDS}
    lines = [
        "# Operators",
        "",
        "Generated by `tests/conformance/run.py --update`; `script/test` verifies that it is current. *Versions* are those of the operator's",
        "schemas, all of which are read: older ones are lifted to the newest. *Types* counts pairs of a type variable and a type that the newest",
        "schema allows, as `tests/operators/run.mjs` tries them on each backend; those that do not pass are in",
        "[operator-types.txt](operator-types.txt). *Cases* are those of ONNX's backend tests (onnx 1.22.0) about the operator; those that do not",
        "pass are in [onnx-backend-tests.txt](onnx-backend-tests.txt), and pass or fail alike on both backends.",
        "",
        "float16 and bfloat16 are computed in float32; so are float64 convolutions, poolings, attention and places in images. Whole numbers",
        "and the rest of float64 are computed as what they are.",
        "",
        "| suite | native | wasm |",
        "| --- | ---: | ---: |",
        f"| ONNX's backend tests | {len(passed)} / {total} | the same |",
        f"| pairs of operator and type | {good['native']} / {pairs} | {good['wasm']} / {pairs} |",
        "",
        f"**{len(defined)} operators are defined.** [operator-speed.md](operator-speed.md) compares their speed with onnxruntime-web's.",
        "",
        "| operator | versions | types, native | types, wasm | cases | defined in |",
        "| --- | --- | ---: | ---: | ---: | --- |",
    ]
    everything = {**{operator: [0, 0] for operator in types}, **score}
    for operator, (right, all_cases) in sorted(everything.items(), key=lambda item: (item[0].count("."), item[0].lower())):
        path = defined.get(operator)
        where = f"[{path.removeprefix('src/ops/')}](../../{path})" if path else "lifted to its successor when read" if operator in lifted else "not yet"
        versions, count, failing = types.get(operator, ([], 0, {}))
        cells = [f"{count - failing[backend]} / {count}" if count else "" for backend in BACKENDS]
        cells = [operator, ", ".join(map(str, versions)), *cells, f"{right} / {all_cases}" if all_cases else "", where]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--preset", default="native-asan")
    parser.add_argument("--filter")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--rewrite", choices=["plain", "optimized"])
    arguments = parser.parse_args()
    folder = subprocess.run([ROOT / "script/fetch-onnx-testdata"], check=True, capture_output=True, text=True).stdout.strip()
    pattern = arguments.filter or ("^test_" if arguments.rewrite else None)
    passed, failed, crashes = run_cases(arguments.preset, folder, pattern, sys.stderr, arguments.rewrite)
    if arguments.filter:
        return bool(failed)
    table = None if arguments.rewrite else render(passed, failed, folder)
    if arguments.update and table:
        RECORD.write_text("".join(f"{name}\n" for name in sorted(failed)))
        TABLE.write_text(table)
    recorded = set(RECORD.read_text().split()) if RECORD.exists() else set()
    for name in sorted(failed - recorded):
        print(f"passed before: {name}")
    for name in sorted(recorded & passed):
        print(f"passes now, record it with --update: {name}")
    lost = len(failed - recorded)
    if table and TABLE.read_text() != table:
        print("docs/compatibility/operators.md is not current: tests/conformance/run.py --update")
        lost += 1
    print(f"{len(passed)} passed, {lost + crashes} failed, {len(failed & recorded)} skipped")
    return lost + crashes > 0


if __name__ == "__main__":
    sys.exit(main())
