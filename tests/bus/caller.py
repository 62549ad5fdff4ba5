#!/usr/bin/python3
"""A D-Bus client for the tests: passes descriptors, which gdbus cannot.

caller.py add SECRET KEY=VALUE...      AddAccount, prints the path
caller.py update PATH SECRET KEY=VALUE...
caller.py set-secret PATH memfd|pipe|empty|nul|file|device|large|silent
caller.py listen SECONDS               prints the signals that reach it
"""

import os
import sys

import gi

gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib  # noqa: E402

NAME, MANAGER = 'org.postferry1', '/org/postferry1/Manager'


def variant(key, text):
    if key in ('Enabled', 'Push', 'KeepSeen', 'AllowCleartext'):
        return GLib.Variant('b', text == 'true')
    if key == 'Port':
        return GLib.Variant('q', int(text))
    if key in ('Interval', 'RemoveAfterDays'):
        return GLib.Variant('u', int(text))
    return GLib.Variant('s', text)


def settings(arguments):
    return {key: variant(key, value) for key, value in (argument.split('=', 1) for argument in arguments)}


def memfd(data):
    fd = os.memfd_create('secret', os.MFD_CLOEXEC)
    os.write(fd, data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def call(bus, path, interface, method, parameters, fds, reply=None):
    answer, _ = bus.call_with_unix_fd_list_sync(NAME, path, interface, method, parameters, reply and GLib.VariantType(reply),
                                                Gio.DBusCallFlags.NONE, 60000, fds, None)
    return answer


def descriptor(kind):
    """(fd, what to keep open) for set-secret."""
    if kind == 'pipe':
        read, write = os.pipe()
        os.write(write, b'hunter2')
        os.close(write)
        return read, None
    if kind == 'silent':
        return os.pipe()
    if kind == 'file':
        return os.open('/etc/passwd', os.O_RDONLY), None
    if kind == 'device':
        return os.open('/dev/zero', os.O_RDONLY), None
    return memfd({'memfd': b'hunter2', 'empty': b'', 'nul': b'hunter2\0x', 'large': b'x' * (64 * 1024 + 1)}[kind]), None


def listen(bus, seconds):
    def heard(connection, sender, path, interface, member, parameters):
        print(path, interface, member, parameters.print_(False), flush=True)

    bus.signal_subscribe(NAME, None, None, None, None, Gio.DBusSignalFlags.NONE, heard)
    bus.call_sync(NAME, MANAGER, 'org.freedesktop.DBus.Properties', 'GetAll', GLib.Variant('(s)', ('org.postferry1.Manager',)), None,
                  Gio.DBusCallFlags.NONE, 60000, None)
    loop = GLib.MainLoop()
    GLib.timeout_add_seconds(seconds, loop.quit)
    loop.run()


def main():
    bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
    command, arguments = sys.argv[1], sys.argv[2:]
    fds = Gio.UnixFDList.new()
    if command == 'listen':
        listen(bus, int(arguments[0]))
    elif command == 'add':
        options = {'secret': GLib.Variant('h', fds.append(memfd(arguments[0].encode()))), 'secret-kind': GLib.Variant('s', 'password')}
        answer = call(bus, MANAGER, 'org.postferry1.Manager', 'AddAccount', GLib.Variant('(a{sv}a{sv})', (settings(arguments[1:]), options)), fds,
                      '(o)')
        print(answer.unpack()[0])
    elif command == 'update':
        options = {'secret': GLib.Variant('h', fds.append(memfd(arguments[1].encode()))), 'secret-kind': GLib.Variant('s', 'password')}
        call(bus, arguments[0], 'org.postferry1.Account', 'Update', GLib.Variant('(a{sv}a{sv})', (settings(arguments[2:]), options)), fds)
    elif command == 'set-secret':
        fd, _keep = descriptor(arguments[1])
        call(bus, arguments[0], 'org.postferry1.Account', 'SetSecret', GLib.Variant('(sha{sv})', ('password', fds.append(fd), {})), fds)


if __name__ == '__main__':
    try:
        main()
    except GLib.Error as error:
        print('error ' + (Gio.DBusError.get_remote_error(error) or error.message), error.message, sep='\n')
        sys.exit(1)
