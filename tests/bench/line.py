"""A line with a round trip: a network namespace for the server, and the wire between."""

import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))

from instance import SOURCE, wait_for  # noqa: E402

# Peers check names, not all of them addresses.
NAME = 'mail.provider.example'
# Two benches may run at a time.
NETWORK = '10.213.%d' % random.randrange(256)
HERE, THERE = NETWORK + '.1', NETWORK + '.2'


class Line:
    """`server` is where a server is to listen, `launcher` starts it there, NAME leads to it (/etc must be the caller's own).
    Without a round trip all is this machine's own."""

    def __init__(self, milliseconds):
        self.milliseconds = milliseconds
        self.server = THERE if milliseconds else '127.0.0.1'
        self.launcher = []

    def __enter__(self):
        with open('/etc/hosts', 'w', encoding='utf-8') as file:
            file.write('127.0.0.1 localhost\n%s %s\n' % (self.server, NAME))
        if not self.milliseconds:
            return self
        self.holder = subprocess.Popen(['unshare', '--net', 'sleep', 'infinity'])
        space = '/proc/%d/ns/net' % self.holder.pid
        wait_for(lambda: os.readlink(space) != os.readlink('/proc/self/ns/net'), what='a network namespace')
        self.wire = subprocess.Popen([build('wire.c', 'bench-wire'), str(self.holder.pid), HERE, THERE, str(self.milliseconds)],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.wire.stdout.readline() != b'ready\n':
            raise RuntimeError('the wire could not be laid')
        self.launcher = ['nsenter', '--net=' + space]
        return self

    def __exit__(self, *exception):
        if self.milliseconds:
            self.wire.stdin.close()
            self.wire.wait()
            self.holder.kill()
            self.holder.wait()


def build(name, target, *options):
    """A program of this folder, made where it is older than its source."""
    source = os.path.join(SOURCE, 'tests', 'bench', name)
    program = os.path.join(SOURCE, 'build', target)
    if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(source):
        os.makedirs(os.path.dirname(program), exist_ok=True)
        subprocess.run(['cc', '-O2', '-o', program, source, *options], check=True)
    return program
