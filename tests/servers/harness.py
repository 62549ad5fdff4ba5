"""A small test runner: functions named test_*, each told as it ends; the exit status says whether all passed."""

import inspect
import os
import sys
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


class Skip(Exception):
    """Raised with the reason by a test that cannot run here."""


def run_tests(module_globals, names=None):
    """Runs the test_* functions of a module in the order they stand, or those named on the command line."""
    chosen = names or sys.argv[1:]
    tests = [(name, value) for name, value in module_globals.items()
             if name.startswith('test_') and inspect.isfunction(value) and (not chosen or name in chosen)]
    failed = []
    for name, function in tests:
        try:
            function()
            print('ok   %s' % name, flush=True)
        except Skip as reason:
            print('skip %s: %s' % (name, reason), flush=True)
        except BaseException:  # a test that dies by SystemExit failed as well
            failed.append(name)
            print('FAIL %s' % name, flush=True)
            traceback.print_exc(file=sys.stdout)
    if failed:  # the last lines are what a log that was cut still shows
        print('failed: ' + ' '.join(failed), flush=True)
    print('%d of %d passed' % (len(tests) - len(failed), len(tests)), flush=True)
    sys.exit(1 if failed or not tests else 0)


def equal(got, wanted, what=''):
    if got != wanted:
        raise AssertionError('%s: got %r, wanted %r' % (what, got, wanted))


def true(value, what=''):
    if not value:
        raise AssertionError('%s: got %r' % (what, value))
