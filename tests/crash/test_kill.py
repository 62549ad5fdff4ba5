#!/usr/bin/python3
"""kill -9 at random moments of a check, ten times in a row, then one undisturbed check: every message exactly once.

usage: test_kill.py [--kills N] [--messages N] [--protocol pop3|imap] [--remove POLICY] [--who daemon|helper|both|supervisor]
Without arguments: a short run of each. Prints how often each step of a message's way was passed.
"""

import argparse
import collections
import os
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))

import instance as isolated  # noqa: E402
import sample  # noqa: E402
from dovecot import Dovecot  # noqa: E402


def parent_of(pid):
    try:
        with open('/proc/%d/stat' % pid, encoding='utf-8', errors='replace') as file:
            return int(file.read().rpartition(')')[2].split()[1])
    except OSError:
        return 0


def children(pid):
    """Not every kernel lists them in /proc/PID/task."""
    return [int(name) for name in os.listdir('/proc') if name.isdigit() and parent_of(int(name)) == pid]


def name_of(pid):
    try:
        with open('/proc/%d/comm' % pid, encoding='ascii') as file:
            return file.read().strip()
    except OSError:
        return ''


def victims(instance, who):
    supervisor = instance.processes['service'].pid
    below = children(supervisor)
    daemons = [pid for pid in below if name_of(pid) == 'postferryd']
    helpers = [pid for pid in below if name_of(pid) == 'postferry-deliv']
    return {'daemon': daemons, 'helper': helpers + [child for pid in helpers for child in children(pid)],
            'both': daemons + helpers, 'supervisor': [supervisor]}[who]


def start_check(instance, address):
    command = [os.path.join(instance.build, 'cli-client', 'postferry'), 'check', address]
    return subprocess.Popen(command, env=instance.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def kill_once(instance, address, who, longest):
    """One check, killed after a while. Answers whether anything was there to be killed."""
    check = start_check(instance, address)
    time.sleep(random.uniform(0, longest))
    targets = victims(instance, who)
    for pid in targets:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    check.wait(120)
    if who != 'helper':
        instance.end('service', signal.SIGKILL)
        isolated.wait_for(lambda: not instance.has_owner('org.postferry1'), what='the name to be free')
        instance.start_service()
    return bool(targets)


def run(protocol, remove, who, kills, count):
    messages = sample.small(count, size=8000)
    with isolated.Instance() as instance, Dovecot(instance.path('provider')) as provider:
        steps = instance.path('steps')
        instance.service_environment['PF_STEP_COUNTS'] = steps
        open(steps, 'w', encoding='ascii').close()
        os.chmod(steps, 0o666)
        instance.restart_service()
        provider.fill('carol', messages)
        answer = instance.cli('add', 'c@example.net', 'Protocol=' + protocol, 'Security=tls', 'Server=127.0.0.1', 'UserName=carol',
                              'LocalUser=alice', 'Port=%d' % provider.ports[protocol + 's'], 'Remove=' + remove, 'Push=false',
                              'Enabled=false', 'Certificate=' + provider.certificate, '--password-file', instance.secret_file())
        if answer.returncode != 0:
            raise SystemExit(answer.stdout + answer.stderr)
        hits = sum(kill_once(instance, 'c@example.net', who, 0.9) for _ in range(kills))
        answer = instance.cli('check', 'c@example.net')
        got = sample.delivered('/home/alice/Maildir')
        missing, doubled, strange = sample.compare(messages, got)
        left = provider.left('carol')
        again = instance.cli('check', 'c@example.net')
        unchanged = len(sample.delivered('/home/alice/Maildir')) == len(got)
        with open(steps, encoding='ascii') as file:
            counts = collections.Counter(file.read().split())
        print('%s remove=%s killed=%s: %d kills (%d hit), %d messages: %d lost, %d doubled, %d strange, %d left at the provider; '
              'check exit %d, %d' % (protocol, remove, who, kills, hits, count, missing, doubled, strange, left, answer.returncode,
                                     again.returncode), flush=True)
        if counts:
            print('  steps passed: ' + ', '.join('%s %d' % item for item in sorted(counts.items())), flush=True)
        wrong = missing or doubled or strange or not unchanged or answer.returncode != 0
        if wrong or left != (0 if remove == 'after-delivery' else count):
            print(instance.read('mail.log')[-4000:])
            print(instance.read('service.log')[-2000:])
            return False
        return True


def main():
    isolated.enter()
    parser = argparse.ArgumentParser()
    parser.add_argument('--kills', type=int, default=10)
    parser.add_argument('--messages', type=int, default=200)
    parser.add_argument('--protocol', choices=['pop3', 'imap'])
    parser.add_argument('--remove', default=None)
    parser.add_argument('--who', choices=['daemon', 'helper', 'both', 'supervisor'])
    options = parser.parse_args()
    runs = [('pop3', 'never', 'daemon'), ('imap', 'after-delivery', 'daemon'), ('pop3', 'after-delivery', 'both'),
            ('imap', 'never', 'helper'), ('pop3', 'after-delivery', 'supervisor')]
    if options.protocol or options.remove or options.who:
        runs = [(options.protocol or 'imap', options.remove or 'never', options.who or 'daemon')]
    good = [run(*one, options.kills, options.messages) for one in runs]
    sys.exit(0 if all(good) else 1)


if __name__ == '__main__':
    main()
