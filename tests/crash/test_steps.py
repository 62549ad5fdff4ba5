#!/usr/bin/python3
"""Stops the service with _exit() at each step of a message's way, restarts it, and wants every message exactly once.

Needs a build with -Dsteps=true. usage: test_steps.py [STEP...]
"""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))

import instance as isolated  # noqa: E402
import sample  # noqa: E402
from dovecot import Dovecot  # noqa: E402

DAEMON = ['listed', 'spooled', 'intent', 'intent-done', 'helper-sent', 'effect-done', 'delivered', 'delivered-done']
REMOVAL = ['remove-sent', 'remove-commit', 'remove-done', 'gone', 'gone-done']
HELPER = ['helper-written', 'helper-renamed', 'helper-synced']


def run(instance, provider, step, number, protocol, remove):
    messages = sample.small(12)
    address = '%s-%d-%s@example.net' % (step, number, protocol)
    provider.clear('carol')
    provider.fill('carol', messages)
    answer = instance.cli('add', address, 'Protocol=' + protocol, 'Security=tls', 'Server=127.0.0.1', 'UserName=carol',
                          'LocalUser=alice', 'TargetFolder=' + address.split('@', maxsplit=1)[0], 'Port=%d' % provider.ports[protocol + 's'], 'Remove=' + remove,
                          'Push=false', 'Enabled=false', 'Certificate=' + provider.certificate, '--password-file',
                          instance.secret_file())
    if answer.returncode != 0:
        raise SystemExit(answer.stdout + answer.stderr)
    instance.service_environment['PF_STEP_STOP'] = '%s:%d' % (step, number)
    instance.restart_service(signal.SIGKILL)
    stopped = instance.cli('check', address)
    del instance.service_environment['PF_STEP_STOP']
    instance.restart_service(signal.SIGKILL)
    answer = instance.cli('check', address)
    folder = '.' + address.split('@', maxsplit=1)[0]
    missing, doubled, strange = sample.compare(messages, sample.delivered('/home/alice/Maildir', folder))
    left = provider.left('carol')
    wanted = 0 if remove == 'after-delivery' else len(messages)
    good = (missing, doubled, strange, left, answer.returncode) == (0, 0, 0, wanted, 0)
    print('%s %s:%d %s: stopped check exit %d; then %d lost, %d doubled, %d strange, %d left, exit %d'
          % ('ok  ' if good else 'FAIL', step, number, protocol, stopped.returncode, missing, doubled, strange, left, answer.returncode),
          flush=True)
    return good


def main():
    isolated.enter()
    chosen = sys.argv[1:] or DAEMON + REMOVAL + HELPER
    good = True
    with isolated.Instance() as instance, Dovecot(instance.path('provider')) as provider:
        for step in chosen:
            for protocol in ('pop3', 'imap'):
                for number in (1, 7) if step not in REMOVAL + ['listed'] else (1,):
                    good = run(instance, provider, step, number, protocol, 'after-delivery') and good
    sys.exit(0 if good else 1)


if __name__ == '__main__':
    main()
