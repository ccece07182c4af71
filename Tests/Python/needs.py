"""What a test needs and `scripts/setup --tests` installs. Where it is missing the test fails: a skip would be green, and show
nothing. WSRIG_SKIPS_ALLOWED=1 permits the skip."""

import functools
import os
import unittest


def need(there, missing):
    """Lets a test go on if what it needs is there; missing is the sentence that says what is not."""
    if there:
        return
    if os.environ.get("WSRIG_SKIPS_ALLOWED") == "1":
        raise unittest.SkipTest(missing)
    raise AssertionError(missing + ": run scripts/setup --tests, or permit the skip with WSRIG_SKIPS_ALLOWED=1")


def needs(there, missing):
    """The same for a test or a class of tests, as a decorator."""

    def decorate(test):
        if there:
            return test
        if isinstance(test, type):
            test.setUpClass = classmethod(lambda cls: need(there, missing))
            return test
        return functools.wraps(test)(lambda *_: need(there, missing))

    return decorate
