#!/usr/bin/python3
"""A D-Bus client for many.py: many calls on one connection.

many-client.py add N KEY=VALUE...   AddAccount for u00000@example.net and so on; prints the seconds
many-client.py enable               Update Enabled=true of every account
many-client.py objects N            GetManagedObjects N times: prints the octets and the seconds of the quickest
many-client.py wait N               the same, and prints the longest wait of another caller meanwhile (ms)
"""

import os
import subprocess
import sys
import time

import gi

gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib  # noqa: E402

NAME, ROOT, MANAGER = 'org.postferry1', '/org/postferry1', '/org/postferry1/Manager'
TYPES = {'Enabled': ('b', lambda text: text == 'true'), 'Push': ('b', lambda text: text == 'true'), 'Port': ('q', int),
         'Interval': ('u', int)}


def call(bus, path, interface, method, parameters=None, fds=None):
    answer, _ = bus.call_with_unix_fd_list_sync(NAME, path, interface, method, parameters, None, Gio.DBusCallFlags.NONE, 120000, fds, None)
    return answer


def value(key, text):
    kind, convert = TYPES.get(key, ('s', str))
    return GLib.Variant(kind, convert(text))


def memfd(data):
    fd = os.memfd_create('secret', os.MFD_CLOEXEC)
    os.write(fd, data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def add(bus, count, more):
    for number in range(count):
        settings = {key: value(key, text) for key, text in (word.split('=', 1) for word in more)}
        settings['Address'] = GLib.Variant('s', 'u%05d@example.net' % number)
        settings['UserName'] = GLib.Variant('s', 'u%05d' % number)
        fds, fd = Gio.UnixFDList.new(), memfd(b'secret')
        options = {'secret': GLib.Variant('h', fds.append(fd)), 'secret-kind': GLib.Variant('s', 'password')}
        os.close(fd)
        call(bus, MANAGER, 'org.postferry1.Manager', 'AddAccount', GLib.Variant('(a{sv}a{sv})', (settings, options)), fds)


def objects(bus):
    return call(bus, ROOT, 'org.freedesktop.DBus.ObjectManager', 'GetManagedObjects')


def ask_all_the_time(bus):
    """One line for each line read: the longest wait since the last one."""
    longest = 0.0
    os.set_blocking(0, False)
    while True:
        start = time.monotonic()
        call(bus, MANAGER, 'org.freedesktop.DBus.Properties', 'Get', GLib.Variant('(ss)', ('org.postferry1.Manager', 'Version')))
        longest = max(longest, time.monotonic() - start)
        try:
            asked = os.read(0, 100)
        except BlockingIOError:
            continue
        if not asked:
            return
        print(longest * 1000, flush=True)
        longest = 0.0


def measure(bus, count):
    best = 1e9
    for _ in range(count):
        start = time.monotonic()
        answer = objects(bus)
        best = min(best, time.monotonic() - start)
    print(answer.get_size(), best)


def measure_wait(bus, count):
    asker = subprocess.Popen([sys.executable, '-B', __file__, 'ask'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def longest():
        asker.stdin.write('x')
        asker.stdin.flush()
        return float(asker.stdout.readline())

    time.sleep(0.5)
    longest()
    for _ in range(count):
        objects(bus)
    print(longest())
    asker.stdin.close()
    asker.wait()


def main():
    bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == 'add':
        start = time.monotonic()
        add(bus, int(arguments[0]), arguments[1:])
        print(time.monotonic() - start)
    elif command == 'enable':
        for path in objects(bus).get_child_value(0).unpack():
            if '/account/' in path:
                changes = {'Enabled': GLib.Variant('b', True)}
                call(bus, path, 'org.postferry1.Account', 'Update', GLib.Variant('(a{sv}a{sv})', (changes, {})))
    elif command == 'ask':
        ask_all_the_time(bus)
    elif command == 'objects':
        measure(bus, int(arguments[0]))
    elif command == 'wait':
        measure_wait(bus, int(arguments[0]))


if __name__ == '__main__':
    main()
