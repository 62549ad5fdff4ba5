#!/usr/bin/python3
"""What surrounds the service: logind that tells of sleep, a Secret Service that keeps the passwords, a syslog that takes the lines."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))

import harness  # noqa: E402
import hostile  # noqa: E402
import instance as isolated  # noqa: E402
import sample  # noqa: E402
from harness import Skip, equal, true  # noqa: E402

MESSAGES = [message.replace(b'\n', b'\r\n') for message in sample.small(1)]

LOGIND = """
import gi, sys
gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib
bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
bus.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'RequestName',
              GLib.Variant('(su)', ('org.freedesktop.login1', 4)), None, 0, 5000, None)
for sleeping in (True, False):
    bus.emit_signal(None, '/org/freedesktop/login1', 'org.freedesktop.login1.Manager', 'PrepareForSleep', GLib.Variant('(b)', (sleeping,)))
bus.flush_sync(None)
"""


def account(instance, address):
    return json.loads(instance.cli('show', address, '--json').stdout)


def add(instance, server, address, user):
    answer = instance.cli('add', address, 'Protocol=pop3', 'Security=none', 'Server=127.0.0.1', 'Port=%d' % server.port, 'LocalUser=' + user,
                          'Interval=86400', '--password-file', instance.secret_file())
    equal(answer.returncode, 0, answer.stdout + answer.stderr)


# Mutant: in pf_resume_watch_new(), do not subscribe to PrepareForSleep.
def test_after_sleep_everything_is_checked_at_once():
    server = hostile.Pop3(MESSAGES)
    with isolated.Instance() as instance:
        add(instance, server, 'c@example.net', 'alice')
        instance.cli('check')
        before = server.sessions
        answer = instance.run(['/usr/bin/python3', '-B', '-c', LOGIND])
        equal(answer.returncode, 0, answer.stderr)
        isolated.wait_for(lambda: server.sessions > before, 10, 'a check after the sleep')
    server.close()


def test_passwords_are_in_the_secret_service_where_there_is_one():
    server = hostile.Pop3(MESSAGES)
    folder = tempfile.mkdtemp(prefix='postferry-')
    instance = isolated.Instance(folder=folder, session=True)
    home = {'HOME': folder, 'XDG_RUNTIME_DIR': folder, 'XDG_DATA_HOME': folder}
    instance.start_bus()
    try:
        environment = dict(instance.environment(), **home)
        done = subprocess.run(['gnome-keyring-daemon', '--unlock', '--components=secrets', '--daemonize'], input=b'unlock', env=environment,
                              capture_output=True, check=False)
        if done.returncode != 0:
            raise Skip('gnome-keyring-daemon does not start here')
        isolated.wait_for(lambda: instance.has_owner('org.freedesktop.secrets'), what='the Secret Service')
        instance.service_environment.update(home)
        instance.start_service()
        user = instance.run(['id', '-un']).stdout.strip()
        add(instance, server, 'c@example.net', user)
        equal(instance.cli('check').returncode, 0)
        found = subprocess.run(['secret-tool', 'lookup', 'address', 'c@example.net', 'kind', 'password'], env=environment, capture_output=True,
                               text=True, check=False)
        equal(found.stdout, 'secret', found.stderr)
        true(not os.path.exists(instance.path('state', 'keyring')), 'no keyring file is made')
        instance.cli('remove', 'c@example.net', '--yes')
        found = subprocess.run(['secret-tool', 'lookup', 'address', 'c@example.net'], env=environment, capture_output=True, text=True, check=False)
        equal(found.stdout, '', 'forgotten with the account')
    finally:
        pid = instance.has_owner('org.freedesktop.secrets') and instance.bus_pid('org.freedesktop.secrets')
        instance.stop()
        if pid:
            os.kill(pid, 15)
        server.close()


def test_the_mail_log_gets_one_line_an_event():
    server = hostile.Pop3(MESSAGES)
    with isolated.Instance() as instance:
        if os.path.exists('/run/systemd/journal/socket'):
            raise Skip('journald runs here: lines go to it')
        # /dev is the machine's: it is covered in this namespace alone.
        devices = instance.path('dev')
        os.makedirs(devices)
        subprocess.run(['mount', '--rbind', '/dev', devices], check=True)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', '/dev'], check=True)
        instance.mounts += [devices, '/dev']
        for name in os.listdir(devices):
            if name not in ('log', 'fd', 'stdin', 'stdout', 'stderr'):
                os.symlink(os.path.join(devices, name), os.path.join('/dev', name))
        log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        log.bind('/dev/log')
        os.chmod('/dev/log', 0o666)
        log.settimeout(10)
        instance.configure('[Log]\nTarget=syslog\n')
        instance.restart_service()
        add(instance, server, 'c@example.net', 'alice')
        instance.cli('check')
        lines, end = [], time.monotonic() + 10
        while time.monotonic() < end and not any('check' in line for line in lines):
            lines.append(log.recv(8192).decode('ascii'))
        log.close()
        true(all(int(line[1:line.index('>')]) >> 3 == 2 for line in lines), 'facility mail: %s' % lines)
        for word in ('started', 'c@example.net: added', 'status=delivered', 'check'):
            true(any(word in line for line in lines), '%s: %s' % (word, lines))
    server.close()


if __name__ == '__main__':
    isolated.enter()
    harness.run_tests(globals())
