#!/usr/bin/env python3
"""What the tree promises: source files under 600 lines, no path of somebody's machine, no package registry's host, no leftovers."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = {".cc", ".h", ".ts", ".tsx", ".mjs", ".js", ".py", ".css"}
MOST_LINES = 600
RULES = [
    ("a path of one machine", re.compile(r"(?<![\w.])/(?:home|root|work|Users)/\w")),
    ("a package registry's host", re.compile(r"https?://(?:registry|files|deb|mirror|index|pypi)\.[a-z.]+|https?://[a-z.]*(?:jsdelivr|unpkg|npmjs|pythonhosted)\.|\"resolved\": *\"http")),
    ("a leftover", re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")),
    ("a skipped or lone test", re.compile(r"\b(?:test|it|describe)\.(?:skip|only)\b|\bDISABLED_\w")),
]
HERE = "tests/check_tree.py"


def main():
    files = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True)
    found = []
    for name in sorted(filter(None, files.stdout.decode().split("\0"))):
        path = ROOT / name
        if name == HERE or not path.is_file():
            continue
        data = path.read_bytes()
        if b"\0" in data[:8192]:
            continue
        text = data.decode(errors="replace")
        lines = text.count("\n")
        if path.suffix in SOURCE and lines > MOST_LINES:
            found.append(f"{name}: {lines} lines, at most {MOST_LINES}")
        if name == "package-lock.json":
            rules = RULES[:2]
        else:
            rules = RULES
        for number, line in enumerate(text.splitlines(), 1):
            for what, pattern in rules:
                match = pattern.search(line)
                if match:
                    found.append(f"{name}:{number}: {what}: {match.group(0)}")
    print("\n".join(found) or "the tree keeps its promises")
    return bool(found)


sys.exit(main())
