#!/usr/bin/env python3
"""Holds every #include of src/ and wasm/ to the arrows of src/CMakeLists.txt.

A file of module m may include headers of m and of the modules that m reaches through DEPENDS; nothing in src/ may include
Emscripten's headers, and the engine's tests include only what their module may.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)


def read_arrows(text):
    """{module: every module it reaches} from the webinfer_module(...) lines."""
    direct = {}
    for name, rest in re.findall(r"^ *webinfer_module\((\w+)([^)]*)\)", text, re.MULTILINE):
        depends = re.search(r"\bDEPENDS\s+([\w\s]+)", rest)
        direct[name] = set(depends.group(1).split()) if depends else set()
    reached = {}

    def reach(name, path=()):
        if name in path:
            raise ValueError("the modules depend on each other in a circle: " + " -> ".join([*path, name]))
        if name not in reached:
            reached[name] = {name}.union(*(reach(d, (*path, name)) for d in direct[name]))
        return reached[name]

    for name in direct:
        reach(name)
    return reached


def problems(root):
    arrows = read_arrows((root / "src/CMakeLists.txt").read_text())
    arrows["wasm"] = set(arrows) | {"wasm"}
    found = []
    for folder in ("src", "wasm", "tests/cpp"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".cc", ".h"):
                continue
            relative = path.relative_to(root / folder)
            module = "wasm" if folder == "wasm" else relative.parts[0]
            if module not in arrows:
                if len(relative.parts) > 1 and folder == "src":
                    found.append(f"{path.relative_to(root)}: the folder {module}/ is no webinfer_module of src/CMakeLists.txt")
                continue
            for kind, header in INCLUDE.findall(path.read_text(errors="replace")):
                target = header.split("/")[0]
                if folder == "src" and header.startswith("emscripten"):
                    found.append(f"{path.relative_to(root)}: <{header}>: only wasm/ includes Emscripten's headers")
                if kind == '"' and "/" in header and target in arrows and target not in arrows[module]:
                    may = ", ".join(sorted(arrows[module] - {module})) or "nothing else"
                    found.append(f'{path.relative_to(root)}: "{header}": {module} may use {may}')
    return found


if __name__ == "__main__":
    lines = problems(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
    print("\n".join(lines) or "every #include follows the arrows")
    sys.exit(bool(lines))
