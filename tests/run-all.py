#!/usr/bin/python3
"""`make check`: builds plain and sanitized, runs every suite, ends with one line `N passed, N failed`."""

import json
import os
import subprocess
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PLAIN = os.path.join(SOURCE, 'build', 'plain')
CHECKED = os.path.join(SOURCE, 'build', 'check')


def build(folder, *options, targets=()):
    """Configures where needed and builds, all or `targets`; the output only matters when it fails."""
    if not os.path.exists(os.path.join(folder, 'build.ninja')):
        step(['meson', 'setup', folder] + list(options))
    step(['ninja', '-C', folder] + list(targets))


def step(command):
    print('$ ' + ' '.join(command), flush=True)
    done = subprocess.run(command, cwd=SOURCE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout)
        print('0 passed, 1 failed')
        raise SystemExit(1)
    warnings = [line for line in done.stdout.splitlines() if 'warning:' in line]
    if warnings:
        print('\n'.join(warnings))


def run_suites():
    """All meson tests of the sanitized build; each is one row of the count."""
    environment = dict(os.environ, PF_BUILD_PLAIN=PLAIN, PF_BUILD=CHECKED,
                       UBSAN_OPTIONS='halt_on_error=1:print_stacktrace=1')
    # One more than there are processors: the long ones wait for time-outs most of the time.
    subprocess.run(['meson', 'test', '-C', CHECKED, '--print-errorlogs', '--no-rebuild', '--num-processes', str(os.cpu_count() + 1)],
                   env=environment, check=False)
    passed = failed = skipped = 0
    with open(os.path.join(CHECKED, 'meson-logs', 'testlog.json'), encoding='utf-8') as log:
        for line in log:
            result = json.loads(line)['result']
            passed += result in ('OK', 'EXPECTEDFAIL')
            skipped += result == 'SKIP'
            failed += result not in ('OK', 'EXPECTEDFAIL', 'SKIP')
    return passed, failed, skipped


def main():
    # The tests themselves run sanitized; beside that only what must be measured or preloaded is needed without.
    build(PLAIN, '--buildtype=release', '-Db_lto=false', targets=('programs', 'drivers'))
    build(CHECKED, '--buildtype=debugoptimized', '-Db_sanitize=address,undefined', '-Dsteps=true')
    passed, failed, skipped = run_suites()
    print('%d passed, %d failed%s' % (passed, failed, ', %d skipped' % skipped if skipped else ''))
    sys.exit(1 if failed or not passed else 0)


if __name__ == '__main__':
    main()
