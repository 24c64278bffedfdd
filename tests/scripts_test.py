#!/usr/bin/env python3
"""Tests of the tools that the tests rely on: the include check, the counting of logs."""
import importlib.util
import pathlib
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent


def load(name):
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class CheckIncludes(unittest.TestCase):
    ARROWS = "webinfer_module(base OPTIMIZE -Oz)\nwebinfer_module(tensor DEPENDS base)\nwebinfer_module(ops DEPENDS tensor)\n"

    def problems(self, files):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {"src/CMakeLists.txt": self.ARROWS, **files}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            return load("check_includes").problems(root)

    def test_arrows_may_be_followed_over_several_modules(self):
        self.assertEqual(self.problems({"src/ops/a.cc": '#include "base/status.h"\n#include "tensor/shape.h"\n'}), [])

    def test_an_include_against_the_arrows_is_named(self):
        (line,) = self.problems({"src/base/a.h": '#include "tensor/shape.h"\n'})
        self.assertIn("src/base/a.h", line)
        self.assertIn("tensor/shape.h", line)

    def test_tests_follow_the_arrows_too(self):
        self.assertEqual(len(self.problems({"tests/cpp/tensor/a_test.cc": '#include "ops/op.h"\n'})), 1)

    def test_only_wasm_includes_emscripten(self):
        self.assertEqual(len(self.problems({"src/base/a.cc": "#include <emscripten/bind.h>\n"})), 1)
        self.assertEqual(self.problems({"wasm/a.cc": '#include <emscripten/bind.h>\n#include "ops/op.h"\n'}), [])

    def test_an_undeclared_folder_is_named(self):
        self.assertEqual(len(self.problems({"src/new/a.cc": ""})), 1)

    def test_circles_are_refused(self):
        with self.assertRaisesRegex(ValueError, "a -> b -> a"):
            load("check_includes").read_arrows("webinfer_module(a DEPENDS b)\nwebinfer_module(b DEPENDS a)\n")


class CountOfLogs(unittest.TestCase):
    def count(self, log):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(log)
            file.flush()
            return subprocess.run([HERE / "count.awk", file.name], check=True, capture_output=True, text=True).stdout.strip()

    def test_googletest(self):
        log = "[  PASSED  ] 7 tests.\n[  SKIPPED ] 2 tests, listed below:\n[  SKIPPED ] A.B\n[  FAILED  ] 1 test, listed below:\n[  FAILED  ] A.C\n"
        self.assertEqual(self.count(log), "7 1 2")

    def test_jest(self):
        self.assertEqual(self.count("Tests:       1 failed, 2 skipped, 3 passed, 6 total\n"), "3 1 2")

    def test_unittest(self):
        self.assertEqual(self.count("Ran 9 tests in 0.1s\n\nFAILED (failures=1, errors=2)\n"), "6 3 0")
        self.assertEqual(self.count("Ran 9 tests in 0.1s\n\nOK\n"), "9 0 0")

    def test_our_own(self):
        self.assertEqual(self.count("ok   a\n4 passed, 0 failed, 1 skipped\n"), "4 0 1")

    def test_nothing(self):
        self.assertEqual(self.count("some text\n"), "0 0 0")


if __name__ == "__main__":
    unittest.main()
