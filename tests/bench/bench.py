#!/usr/bin/python3
"""Messages a second, against the peers in the same run. usage (root): bench.py [--quick] [--alone] [--protocol P] [--rtt MS] [--runs N]

One mailbox at a Dovecot over TLS, fetched into a Maildir on a disk, kept at the provider, filters off. Each round runs every program
once, so that what the machine does besides strikes all alike. The wall time of the whole command counts, its start included.
"""

import argparse
import os
import pwd
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import line  # noqa: E402
import peers  # noqa: E402
import instance as isolated  # noqa: E402
import sample  # noqa: E402
from dovecot import Dovecot  # noqa: E402

TICKS = os.sysconf('SC_CLK_TCK')


class Postferry:
    """The service on an isolated system bus, with the helper; the check is started by the command line."""

    slow = False
    protocols = ('pop3', 'imap')

    def __init__(self, instance, provider, host, protocol):
        self.instance, self.provider, self.host, self.protocol = instance, provider, host, protocol
        self.maildir = instance.path('mail', 'alice')
        self.user = pwd.getpwnam('alice')

    def cli(self, *arguments):
        answer = self.instance.cli(*arguments)
        if answer.returncode != 0:
            raise RuntimeError(answer.stdout + answer.stderr)

    def prepare(self):
        self.instance.cli('remove', 'a@example.net', '--yes')
        put_away(self.maildir)
        os.makedirs(self.maildir)
        os.chown(self.maildir, self.user.pw_uid, self.user.pw_gid)
        self.cli('add', 'a@example.net', 'Protocol=' + self.protocol, 'Server=' + self.host,
                 'Port=%d' % self.provider.ports[self.protocol + 's'], 'UserName=carol', 'LocalUser=alice', 'Enabled=false', 'CheckAttachments=false',
                 'Certificate=' + self.provider.certificate, '--no-test', '--password-file', self.instance.secret_file())

    def command(self):
        return [os.path.join(self.instance.build, 'cli-client', 'postferry'), 'check', 'a@example.net']

    def delivered(self):
        return sum(len(files) for _, _, files in os.walk(self.maildir))

    def used(self):
        """Seconds of CPU: supervisor, daemon, helper and the helper's children."""
        total = 0
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                with open('/proc/%s/comm' % pid, encoding='utf-8') as file:
                    name = file.read().strip()
                with open('/proc/%s/stat' % pid, encoding='utf-8') as file:
                    fields = file.read().rsplit(')', 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if name.startswith('postferryd') or name.startswith('postferry-deliv'):
                total += sum(int(value) for value in fields[11:15])
        return total / TICKS


def put_away(path):
    """ext4 that has just deleted thousands of files is slow to make new ones, for a minute: what a run leaves stays until the end."""
    if os.path.exists(path):
        os.rename(path, '%s.%d' % (path, time.monotonic_ns()))


def run(program, expected, environment):
    """Seconds of one run, and of CPU where the program tells them."""
    program.prepare()
    os.sync()
    used = program.used() if isinstance(program, Postferry) else None
    start = time.monotonic()
    answer = subprocess.run(program.command(), env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - start
    got = program.delivered()
    if got < expected:
        raise RuntimeError('%s: %d of %d: %s%s' % (type(program).__name__, got, expected, answer.stdout[-2000:], answer.stderr[-2000:]))
    return seconds, program.used() - used if used is not None else None


def measure(instance, lmtp, options, rtt, protocol, count, size):
    """[(name, messages a second [], CPU ms a message [])], Postferry first."""
    messages = sample.small(count, size=size)
    few = messages[:max(50, count // 20)]
    rows = []
    with line.Line(rtt) as way, Dovecot('/home/provider-%d-%s-%d' % (rtt, protocol, count), listen=way.server, launcher=way.launcher,
                                        users=('carol',)) as provider:
        programs = [Postferry(instance, provider, line.NAME, protocol)]
        for kind in peers.ALL:
            if protocol in kind.protocols and not options.alone and (options.peers or not kind.slow):
                programs.append(kind(instance.path('peer', kind.__name__), provider, line.NAME, protocol))
                programs[-1].lmtp = lmtp
        rows = [(type(program).__name__, [], []) for program in programs]
        for slow in (False, True):
            mailbox = few if slow and rtt else messages
            provider.clear('carol')
            provider.fill('carol', mailbox)
            for _ in range(1 if slow else options.runs):
                for program, row in zip(programs, rows):
                    if program.slow != slow:
                        continue
                    seconds, cpu = run(program, len(mailbox), instance.environment())
                    row[1].append(len(mailbox) / seconds)
                    if cpu is not None:
                        row[2].append(cpu * 1000 / len(mailbox))
    return rows


def tell(report, title, rows):
    best = max((statistics.median(rates) for name, rates, _ in rows if name != 'Postferry'), default=0)
    report.append('\n%s\n\n| | messages a second | spread | ratio to the best peer | CPU ms a message |\n|---|---|---|---|---|' % title)
    for name, rates, cpu in rows:
        median = statistics.median(rates)
        report.append('| %s | %.0f | %.0f to %.0f | %s | %s |' % (
            name, median, min(rates), max(rates), '%.2f' % (median / best) if best else '', '%.3f' % statistics.median(cpu) if cpu else ''))
        print(report[-1], flush=True)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--quick', action='store_true', help='the fast peers alone')
    parser.add_argument('--alone', action='store_true', help='without peers, to profile')
    parser.add_argument('--protocol', action='append', choices=['pop3', 'imap'])
    parser.add_argument('--rtt', action='append', type=int, help='round trip in milliseconds')
    parser.add_argument('--runs', type=int, default=5)
    parser.add_argument('--count', type=int, default=2000)
    parser.add_argument('--size', type=int, default=8192)
    parser.add_argument('--no-large', dest='large', action='store_false')
    options = parser.parse_args()
    options.peers = not options.quick
    return options


def let_settle(folder):
    """ext4 takes no inode again within a minute of its deletion, and looks at each of them on the way to another."""
    stamp = os.path.join(folder, 'bench.md')
    if os.path.exists(stamp):
        time.sleep(max(0, os.path.getmtime(stamp) + 65 - time.time()))


def main():
    options = parse()
    isolated.enter()
    let_settle(os.path.join(isolated.SOURCE, 'build'))
    report = ['# Throughput', '', '`tests/bench/bench.py ' + ' '.join(sys.argv[1:]) + '`, %d cores' % os.cpu_count()]
    # Beside the build: a disk, where /tmp may be memory. The provider's mail is in memory (/home is the instance's own).
    folder = tempfile.mkdtemp(prefix='bench-', dir=os.path.join(isolated.SOURCE, 'build'))
    os.makedirs(os.path.join(folder, 'mail'))
    instance = isolated.Instance(folder=folder)
    instance.make_world()
    instance.make_world = lambda: None
    instance.configure('[Log]\nTarget=file:{log}\n[Local]\nMailbox=%s/%%u\n[Filter]\nRspamdUrl=off\nClamdSocket=off\n' % instance.path('mail'))
    with instance, Dovecot(instance.path('lmtp'), users=('dave',)) as lmtp:
        for protocol in options.protocol or ('pop3', 'imap'):
            for rtt in options.rtt if options.rtt is not None else (0, 20, 80):
                rows = measure(instance, lmtp, options, rtt, protocol, options.count, options.size)
                tell(report, '%s, round trip %d ms, %d messages of %d octets' % (protocol.upper(), rtt, options.count, options.size), rows)
            if options.large:
                for count, size in ((200, 1000000), (200, 2000)):
                    rows = measure(instance, lmtp, options, 20, protocol, count, size)
                    tell(report, '%s, round trip 20 ms, %d messages of %d octets' % (protocol.upper(), count, size), rows)
    shutil.rmtree(folder)
    with open(os.path.join(isolated.SOURCE, 'build', 'bench.md'), 'w', encoding='utf-8') as file:
        file.write('\n'.join(report) + '\n')


if __name__ == '__main__':
    main()
