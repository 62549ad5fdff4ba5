#!/usr/bin/python3
"""Passwords with --session: the user's Secret Service (a real gnome-keyring-daemon), open, locked, absent, silent.

usage: session.py PROGRAM (session.c)
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SERVICE = ['--session', '--dest=org.freedesktop.secrets', '--print-reply']
BUS = '''<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>'''


class Session:
    """A session bus of its own where nothing is started by itself."""

    def __init__(self, program):
        self.program = program
        self.folder = tempfile.mkdtemp(prefix='pf-session-')
        self.state = self.path('state')
        self.children = []
        for name in ('state', 'run', 'data'):
            os.mkdir(self.path(name), 0o700)
        with open(self.path('bus.conf'), 'w', encoding='ascii') as file:
            file.write(BUS % self.path('bus'))
        self.environment = {'PATH': os.environ['PATH'], 'HOME': self.folder, 'XDG_RUNTIME_DIR': self.path('run'),
                            'XDG_DATA_HOME': self.path('data'), 'DBUS_SESSION_BUS_ADDRESS': 'unix:path=' + self.path('bus'),
                            'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '')}

    def path(self, name):
        return os.path.join(self.folder, name)

    def __enter__(self):
        self.start('dbus-daemon', '--config-file=' + self.path('bus.conf'), '--nofork', '--nopidfile')
        self.until(lambda: os.path.exists(self.path('bus')))
        return self

    def __exit__(self, *_):
        for child in reversed(self.children):
            child.send_signal(signal.SIGCONT)
            child.kill()
            child.wait()
        shutil.rmtree(self.folder)

    def start(self, *command, **options):
        child = subprocess.Popen(command, env=self.environment, stderr=subprocess.DEVNULL, **options)
        self.children.append(child)
        return child

    @staticmethod
    def until(ready):
        for _ in range(1000):
            if ready():
                return
            time.sleep(0.01)
        raise AssertionError('not ready')

    def ask(self, *call):
        return subprocess.run(['dbus-send', *SERVICE, *call], env=self.environment, capture_output=True, text=True, check=False).stdout

    def keyring(self, password):
        """gnome-keyring-daemon in the foreground; with a password its login keyring is open."""
        if password is None:
            daemon = self.start('gnome-keyring-daemon', '--foreground', '--components=secrets', stdout=subprocess.DEVNULL)
        else:
            daemon = self.start('gnome-keyring-daemon', '--foreground', '--unlock', '--components=secrets',
                                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
            daemon.stdin.write(password)
            daemon.stdin.close()
        self.until(lambda: 'object path' in self.alias())
        return daemon

    def alias(self):
        return self.ask('/org/freedesktop/secrets', 'org.freedesktop.Secret.Service.ReadAlias', 'string:default')

    def lock(self):
        collection = self.alias().split('"')[1]
        assert 'array' in self.ask('/org/freedesktop/secrets', 'org.freedesktop.Secret.Service.Lock', 'array:objpath:' + collection)

    def run(self, *commands, backend=''):
        """(lines, log)"""
        done = subprocess.run([self.program, self.state, backend, *commands], env=self.environment, capture_output=True,
                              text=True, timeout=100, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines(), done.stderr

    def files(self):
        return sorted(os.listdir(self.state))


def equal(found, expected):
    assert found == expected, '%r, not %r' % (found, expected)


def test_open(session):
    """The user's own store: nothing in files, and it is there for the next start."""
    session.keyring(b'password')
    equal(session.run('lookup', 'a@x.y', 'store', 'A@x.y', 'secret', 'lookup', 'a@x.y'), (['none', 'stored', 'secret'], ''))
    equal(session.run('lookup', 'a@x.y', 'clear', 'a@x.y', 'clear', 'a@x.y', 'lookup', 'a@x.y')[0],
          ['secret', 'cleared', 'cleared', 'none'])
    equal(session.files(), [])


def test_locked(session):
    """A locked store is no missing password. Mutant: leave the check out of on_found()."""
    session.keyring(b'password')
    equal(session.run('store', 'a@x.y', 'secret')[0], ['stored'])
    session.lock()
    lines, _ = session.run('lookup', 'a@x.y', 'lookup', 'b@x.y', 'store', 'a@x.y', 'new')
    for line in lines:
        assert line.startswith('unavailable: '), line
    assert 'locked' in lines[0] and 'locked' in lines[1], lines
    equal(session.files(), [])


def test_none(session):
    """No Secret Service: the keyring file, and that is told."""
    lines, log = session.run('store', 'a@x.y', 'secret', 'lookup', 'a@x.y')
    equal(lines, ['stored', 'secret'])
    assert 'passwords are kept in ' + session.state in log, log
    equal(session.files(), ['keyring', 'master.key'])
    # Ever after: what is in the file must be found again.
    session.keyring(b'password')
    equal(session.run('lookup', 'a@x.y'), (['secret'], ''))


def test_no_collection(session):
    """A keyring daemon that nobody logged in to takes no secret: the keyring file."""
    session.keyring(None)
    assert '"/"' in session.alias()
    lines, log = session.run('store', 'a@x.y', 'secret', 'lookup', 'a@x.y')
    equal(lines, ['stored', 'secret'])
    assert 'passwords are kept in' in log, log


def test_chosen(session):
    """[Secrets] Backend= has the last word."""
    session.keyring(b'password')
    equal(session.run('store', 'a@x.y', 'in the file', backend='keyring')[0], ['stored'])
    equal(session.run('store', 'a@x.y', 'in the service', backend='secret-service')[0], ['stored'])
    equal(session.run('lookup', 'a@x.y', backend='keyring')[0], ['in the file'])
    equal(session.run('lookup', 'a@x.y', backend='secret-service')[0], ['in the service'])


def test_chosen_but_absent(session):
    lines, _ = session.run('lookup', 'a@x.y', 'store', 'a@x.y', 'x', backend='secret-service')
    for line in lines:
        assert line.startswith('unavailable: '), line
    equal(session.files(), [])


def test_silent(session):
    """A Secret Service that does not answer is not taken for none: its passwords are not looked for in a file."""
    daemon = session.keyring(b'password')
    equal(session.run('store', 'a@x.y', 'secret')[0], ['stored'])
    daemon.send_signal(signal.SIGSTOP)
    lines, log = session.run('lookup', 'a@x.y', 'store', 'a@x.y', 'x')
    for line in lines:
        assert line.startswith('unavailable: ') and 'not answered' in line, line
    assert 'passwords are kept' not in log, log
    daemon.send_signal(signal.SIGCONT)
    equal(session.run('lookup', 'a@x.y')[0], ['secret'])
    equal(session.files(), [])


def main():
    for program in ('gnome-keyring-daemon', 'dbus-daemon', 'dbus-send'):
        if shutil.which(program) is None:
            print('1..0 # SKIP %s is not installed' % program)
            return 0
    tests = [(name, test) for name, test in sorted(globals().items()) if name.startswith('test_')]
    wanted = sys.argv[2:]
    failed = 0
    print('1..%d' % len(tests))
    for number, (name, test) in enumerate(tests, 1):
        if wanted and name not in wanted:
            continue
        with Session(sys.argv[1]) as session:
            try:
                test(session)
                print('ok %d %s' % (number, name), flush=True)
            except AssertionError as error:
                failed += 1
                print('not ok %d %s\n# %s' % (number, name, error), flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
