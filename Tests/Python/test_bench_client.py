"""What scripts/bench-client makes of its measurements; measuring itself is no test."""

import contextlib
import importlib.machinery
import importlib.util
import io
import pathlib
import sys
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "bench-client"


def load():
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("bench_client", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def measured(factor, slow=1.0):
    """A round in which our client takes as many times the unit as the factor says."""

    def echo(kind, size, p50):
        return {"what": "echo", "kind": kind, "size": size, "p50": p50, "perSecond": 1000 / p50}

    def ours(factor):
        kinds = [("binary", 16), ("binary", 1024), ("binary", 16384), ("binary into a buffer", 16384)]
        kinds += [("ASCII", 16384), ("CJK", 16384)]
        return [echo(kind, size, 10 * factor) for kind, size in kinds] + [
            {"what": "writes", "count": slow},
            {"what": "allocated", "bytes": 700 * slow},
            {"what": "masking", "us": 7 * slow},
            {"what": "gap", "idle": 2000, "busy": 2000 + 1000 * slow},
        ]

    others = [echo("binary", size, 10) for size in (16, 1024, 16384)]
    return {
        "raw socket": others,
        "ours": ours(factor),
        "ours, plain": ours(factor),
        "published": [*others, {"what": "masking", "us": 2600}],
    }


class Limits(unittest.TestCase):
    def shown(self, rounds):
        bench = load()
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            kept = bench.show(bench.Table(rounds), list(rounds[0]), len(rounds))
        return kept, output.getvalue()

    def test_all_kept(self):
        kept, text = self.shown([measured(1.9)] * 5)
        self.assertTrue(kept, text)
        self.assertNotIn("MISSED", text)
        self.assertIn("19 us, 1.90 x", text)

    def test_one_round_that_went_wrong_changes_nothing_and_a_median_does(self):
        self.assertTrue(self.shown([measured(1.9)] * 3 + [measured(50)] * 2)[0])
        kept, text = self.shown([measured(1.9)] * 2 + [measured(2.1)] * 3)
        self.assertFalse(kept)
        self.assertEqual(text.count("MISSED"), 1, text)

    def test_every_limit_can_be_missed(self):
        kept, text = self.shown([measured(90, slow=30)])
        self.assertFalse(kept)
        # round trips of both, throughput; of both: memory, masking, writes, gap
        self.assertEqual(text.count("MISSED"), 7 + 2 + 4 * 2, text)


if __name__ == "__main__":
    unittest.main()
