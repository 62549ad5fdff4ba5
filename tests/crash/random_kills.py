#!/usr/bin/python3
"""Kills the service at random moments of checks, a thousand times and more: nothing may be lost, nothing doubled.

usage: random_kills.py [--kills N] [--protocol pop3|imap] [--remove never|after-delivery] [--who daemon|helper|both|supervisor|any]
                       [--seed N]      (PF_BUILD names the build)
New mail arrives before each kill, so that each hits a check at work. Every 50 kills a check runs undisturbed, and all mail is
counted. Without --protocol and --remove: POP3 and IMAP, removing and keeping, N kills each. Needs root.
"""

import argparse
import collections
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import trial  # noqa: E402
import instance as isolated  # noqa: E402
from dovecot import Dovecot  # noqa: E402

ROUND = 50
ARRIVING = 12
ADDRESS = 'c@example.net'


class Run:
    def __init__(self, instance, provider, protocol, remove):
        self.instance, self.provider, self.protocol, self.remove = instance, provider, protocol, remove
        self.count = 0
        self.wanted = {}
        self.hits = collections.Counter()
        self.totals = [0, 0, 0]

    def arrive(self):
        names = ['%s-%d' % (self.protocol, self.count + i) for i in range(ARRIVING)]
        self.count += ARRIVING
        batch = {name: trial.message(name, random.choice((500, 4000, 30000))) for name in names}
        trial.put(self.provider, 'carol', batch.values())
        self.wanted.update(batch)

    def measure(self):
        """How long a check takes that nobody disturbs."""
        start = time.monotonic()
        answer = self.instance.cli('check', ADDRESS)
        if answer.returncode != 0:
            raise SystemExit('a check failed that nobody disturbed: %s%s' % (answer.stdout, answer.stderr))
        return time.monotonic() - start

    def kill_once(self, who, longest):
        self.arrive()
        check = trial.start_cli(self.instance, 'check', ADDRESS)
        time.sleep(random.uniform(0, longest))
        whom = random.choice(['daemon', 'daemon', 'helper', 'writer', 'both', 'supervisor']) if who == 'any' else who
        if trial.kill(trial.processes(self.instance)[whom]) > 0:
            self.hits[whom] += 1
        check.wait(120)
        if whom not in ('helper', 'writer'):
            trial.restart(self.instance)

    def verify(self):
        """Undisturbed checks until all is done, then counts, and begins anew."""
        answer = self.instance.cli('check', ADDRESS)
        texts = trial.files('/home/alice/Maildir')
        figures = trial.tell(self.wanted, texts.values())
        left = self.provider.left('carol')
        again = self.instance.cli('check', ADDRESS)
        unchanged = sorted(trial.files('/home/alice/Maildir')) == sorted(texts)
        self.totals = [a + b for a, b in zip(self.totals, figures)]
        expected = 0 if self.remove == 'after-delivery' else len(self.wanted)
        if figures != (0, 0, 0) or left != expected or not unchanged or answer.returncode != 0 or again.returncode != 0:
            print('WRONG: %s, %d left of %d, unchanged %s, checks exit %d and %d\n%s' %
                  (figures, left, expected, unchanged, answer.returncode, again.returncode, self.instance.read('mail.log')[-3000:]), flush=True)
            return False
        for path in texts:
            os.unlink(path)
        for name in ('new', 'cur'):
            folder = os.path.join(self.provider.mailbox('carol'), name)
            for entry in os.listdir(folder):
                os.unlink(os.path.join(folder, entry))
        self.wanted = {}
        return True


def run(protocol, remove, who, kills):
    with isolated.Instance(polkit=False) as instance, Dovecot(instance.path('provider')) as provider:
        answer = instance.cli('add', ADDRESS, 'Protocol=' + protocol, 'Security=tls', 'Server=127.0.0.1', 'UserName=carol',
                              'LocalUser=alice', 'Port=%d' % provider.ports[protocol + 's'], 'Remove=' + remove, 'Push=false',
                              'Enabled=false', 'Certificate=' + provider.certificate, '--password-file', instance.secret_file())
        if answer.returncode != 0:
            raise SystemExit(answer.stdout + answer.stderr)
        one = Run(instance, provider, protocol, remove)
        longest = 0
        for _ in range(5):
            one.arrive()
            longest = max(longest, one.measure())
        good, done, start = True, 0, time.monotonic()
        while done < kills and good:
            one.kill_once(who, 1.2 * longest)
            done += 1
            if done % ROUND == 0 or done == kills:
                good = one.verify()
        print('%s Remove=%s: %d kills (hit: %s) in %d s, %d messages: %d lost, %d doubled, %d strange%s'
              % (protocol, remove, done, ', '.join('%s %d' % item for item in sorted(one.hits.items())), time.monotonic() - start,
                 one.count, *one.totals, '' if good else '  WRONG'), flush=True)
        return good


def main():
    isolated.enter()
    parser = argparse.ArgumentParser()
    parser.add_argument('--kills', type=int, default=1000)
    parser.add_argument('--protocol', choices=['pop3', 'imap'])
    parser.add_argument('--remove', choices=['never', 'after-delivery'])
    parser.add_argument('--who', choices=['daemon', 'helper', 'writer', 'both', 'supervisor', 'any'], default='any')
    parser.add_argument('--seed', type=int, default=int(time.time()))
    options = parser.parse_args()
    print('seed %d' % options.seed, flush=True)
    random.seed(options.seed)
    good = [run(protocol, remove, options.who, options.kills)
            for protocol in ([options.protocol] if options.protocol else ['pop3', 'imap'])
            for remove in ([options.remove] if options.remove else ['after-delivery', 'never'])]
    sys.exit(0 if all(good) else 1)


if __name__ == '__main__':
    main()
