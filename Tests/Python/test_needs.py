"""A test whose tool is missing fails, unless skips are permitted."""

import os
import unittest
from unittest import mock

from needs import need, needs


def outcome(test, **environment):
    """What becomes of a test: passed, failed, or skipped."""
    with mock.patch.dict(os.environ):
        os.environ.pop("WSRIG_SKIPS_ALLOWED", None)
        os.environ.update(environment)
        result = unittest.TestResult()
        unittest.defaultTestLoader.loadTestsFromTestCase(test).run(result)
    return "skipped" if result.skipped else "failed" if result.failures or result.errors else "passed"


def cases(there):
    @needs(there, "there is no tool")
    class Whole(unittest.TestCase):
        def test(self):
            pass

    class One(unittest.TestCase):
        @needs(there, "there is no tool")
        def test(self):
            pass

    class Inside(unittest.TestCase):
        def test(self):
            need(there, "there is no tool")

    return Whole, One, Inside


class Needs(unittest.TestCase):
    def test_a_tool_that_is_there_lets_the_test_run(self):
        self.assertEqual([outcome(test) for test in cases(True)], ["passed"] * 3)

    def test_one_that_is_missing_fails_it(self):
        self.assertEqual([outcome(test) for test in cases(False)], ["failed"] * 3)

    def test_only_permission_skips_it(self):
        self.assertEqual([outcome(test, WSRIG_SKIPS_ALLOWED="1") for test in cases(False)], ["skipped"] * 3)
        self.assertEqual([outcome(test, WSRIG_SKIPS_ALLOWED="0") for test in cases(False)], ["failed"] * 3)


if __name__ == "__main__":
    unittest.main()
