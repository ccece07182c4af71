"""What counts a client's lines: fixtures/fuzz/instrument.py."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "fuzz" / "instrument.py"


def instrumented(source):
    """A module with its notes, as namespace and array, and how many notes there are."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = pathlib.Path(folder, "in.json"), pathlib.Path(folder, "out.json")
        before.write_text(json.dumps({"client.py": source}))
        subprocess.run([sys.executable, SCRIPT, before, after], check=True)
        document = json.loads(after.read_text())
    hits = bytearray(document["lines"])
    names = {"_wsrig_lines": hits}
    text = document["files"]["client.py"].replace("from wsrig_lines import hits as _wsrig_lines", "")
    exec(text, names)  # our own text
    return names, hits


class Instrument(unittest.TestCase):
    def test_lines_that_run_are_noted_and_others_are_not(self):
        names, hits = instrumented("def f(a):\n    if a:\n        return 1\n    return 2\n")
        self.assertEqual(names["f"](0), 2)
        self.assertEqual(list(hits), [1, 0, 1])

    def test_functions_in_statements_of_the_module_are_counted(self):
        source = "try:\n    if True:\n        def f():\n            return 1\nexcept OSError:\n    def g():\n        return 2\n"
        names, hits = instrumented(source)
        self.assertEqual(names["f"](), 1)
        self.assertEqual(sorted(hits), [0, 1], "one that ran, and one that is not even there")

    def test_native_code_is_left_alone(self):
        source = "class micropython:\n    native = staticmethod(lambda f: f)\n\n@micropython.native\ndef f():\n    return 1\n"
        names, hits = instrumented(source)
        self.assertEqual((names["f"](), len(hits)), (1, 0))


if __name__ == "__main__":
    unittest.main()
