#!/usr/bin/python3
"""A stand-in for the service on the session bus, for what clients do: it follows the XML and does what accounts' Note tells it.

Note of an account, for its checks: "problem CODE" ends with that problem, "hang" runs until it is cancelled, "done" has ended before
its path is told, "die" ends the service, "vanish" removes the Check, "slow" tells progress. For changes: "deny" refuses them all.
A change of Server needs the secret anew. TestSettings succeeds with the secret "secret". What it was told is printed as JSON lines.
"""

import hashlib
import json
import os
import sys
import time

import gi
from gi.repository import Gio, GLib

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NAME, ROOT = 'org.postferry1', '/org/postferry1'
ERROR = NAME + '.Error.'
DENIED = 'org.freedesktop.DBus.Error.AccessDenied'
COUNTS = ['Delivered', 'Junked', 'Quarantined', 'Deferred', 'Refused', 'Skipped', 'Known', 'Removed']
DEFAULTS = {'Enabled': True, 'Protocol': 'imap', 'Security': 'tls', 'Port': 993, 'Folders': ['INBOX'], 'Interval': 900, 'Push': True,
            'Remove': 'never', 'RemoveAfterDays': 14, 'Initial': 'all', 'Authentication': 'auto', 'KeepSeen': True,
            'CheckSpam': True, 'CheckVirus': True, 'CheckAttachments': True, 'State': 'idle', 'EnvelopeSeen': 'unknown',
            'Problem': ('', '')}
EMPTY = {'s': '', 'b': False, 'q': 0, 'u': 0, 't': 0, 'as': [], 'a{sv}': {}, '(ss)': ('', ''), 'o': '/', 'aa{sv}': []}


class Refused(Exception):
    """A D-Bus error: name, text."""


def say(**what):
    print(json.dumps(what), flush=True)


def interface(name):
    with open(os.path.join(SOURCE, 'dbus-interfaces', name + '.xml'), encoding='utf-8') as file:
        return Gio.DBusNodeInfo.new_for_xml(file.read()).interfaces[0]


INTERFACES = {name: interface(NAME + '.' + name) for name in ('Manager', 'Account', 'Check')}
TYPES = {name: {one.name: one.signature for one in info.properties} for name, info in INTERFACES.items()}
MANAGER = Gio.DBusNodeInfo.new_for_xml("""<node><interface name="org.freedesktop.DBus.ObjectManager">
<method name="GetManagedObjects"><arg type="a{oa{sa{sv}}}" direction="out"/></method></interface></node>""").interfaces[0]


def variants(kind, values):
    return {key: GLib.Variant(TYPES[kind][key], value) for key, value in values.items()}


class Object:
    """One object: its properties, and a method for each of the interface's."""

    kind = None

    def __init__(self, service, path, properties):
        self.service, self.path = service, path
        self.properties = {name: EMPTY[signature] for name, signature in TYPES[self.kind].items()}
        self.properties.update(properties)
        self.id = service.bus.register_object(path, INTERFACES[self.kind], self.on_call, self.on_get, None)

    def on_get(self, _connection, sender, _path, _interface, name):
        self.service.listeners.add(sender)
        return GLib.Variant(TYPES[self.kind][name], self.properties[name])

    def on_call(self, _connection, sender, _path, _interface, method, arguments, invocation):
        self.service.listeners.add(sender)
        try:
            answer = getattr(self, method)(invocation, *arguments.unpack())
        except Refused as error:
            invocation.return_dbus_error(*error.args)
            return
        if invocation is not None and answer is not False:
            invocation.return_value(answer)

    def change(self, **values):
        self.properties.update(values)
        self.service.emit(self.path, 'org.freedesktop.DBus.Properties', 'PropertiesChanged',
                          GLib.Variant('(sa{sv}as)', (NAME + '.' + self.kind, variants(self.kind, values), [])))

    def remove(self):
        self.service.bus.unregister_object(self.id)
        self.service.emit(ROOT, 'org.freedesktop.DBus.ObjectManager', 'InterfacesRemoved',
                          GLib.Variant('(oas)', (self.path, [NAME + '.' + self.kind])))


def read_secret(invocation, handle):
    fd = invocation.get_message().get_unix_fd_list().get(handle)
    with os.fdopen(fd, 'rb') as file:
        file.seek(0)
        return file.read().decode()


class Check(Object):
    """A check or a test that goes its way in steps of the main loop."""

    kind = 'Check'

    def begin(self, script, steps=(), explain=False):
        self.pending = list(steps)
        self.explain = explain
        self.properties['State'] = 'running'
        self.properties['Phase'] = 'connecting'
        if script == 'done':
            self.finish('succeeded', quiet=True)
        elif script == 'die':
            GLib.timeout_add(100, lambda: os._exit(0))
        elif script == 'vanish':
            GLib.timeout_add(100, self.remove)
        elif script == 'slow':
            GLib.timeout_add(50, self.progress)
        elif script.startswith('problem '):
            GLib.timeout_add(20, self.fail, script.split()[1])
        elif script != 'hang':
            GLib.timeout_add(20, self.step)
        return GLib.Variant('(o)', (self.path,))

    def progress(self):
        self.change(Phase='fetching', MessagesTotal=20, OctetsTotal=2000, MessagesDone=self.properties['MessagesDone'] + 1,
                    OctetsDone=self.properties['OctetsDone'] + 100)
        if self.properties['MessagesDone'] < 20:
            return True
        self.finish('succeeded')
        return False

    def step(self):
        if not self.pending:
            self.finish('succeeded')
            return False
        name, ok, text, mend = self.pending.pop(0)
        self.change(Steps=self.properties['Steps'] + [{key: GLib.Variant(kind, value) for key, kind, value in (
            ('Name', 's', name), ('Ok', 'b', ok), ('Text', 's', text), ('Mend', 's', mend))}])
        if ok:
            return True
        self.fail('credentials-rejected')
        return False

    def fail(self, code):
        self.finish('failed', (code, 'The sentence of ' + code + '\x1b[31m'))

    def finish(self, state, problem=('', ''), quiet=False):
        result = {name: GLib.Variant('u', 0) for name in COUNTS}
        result.update(Delivered=GLib.Variant('u', 3 if state == 'succeeded' else 0), Known=GLib.Variant('u', 7), Octets=GLib.Variant('t', 4096),
                      Problem=GLib.Variant('(ss)', problem))
        if self.explain:
            result['Delivered'] = GLib.Variant('u', 0)
            result['Messages'] = GLib.Variant('aa{sv}', [{'Uid': GLib.Variant('s', '17'), 'New': GLib.Variant('b', True),
                'Why': GLib.Variant('s', 'never seen'), 'Size': GLib.Variant('t', 1234), 'MailFrom': GLib.Variant('s', 'x@y.z'),
                'Score': GLib.Variant('d', 0.5), 'Verdict': GLib.Variant('s', 'deliver'), 'Target': GLib.Variant('s', 'INBOX'),
                'Symbols': GLib.Variant('as', ['A']), 'RemoveAt': GLib.Variant('t', 0)}])
        if quiet:
            self.properties.update(State=state, Result=result)
            return
        self.change(State=state, Result=result)
        self.service.emit(self.path, NAME + '.Check', 'Finished', GLib.Variant('(sa{sv})', (state, result)))

    def Cancel(self, _invocation):
        say(cancelled=self.properties['Account'])
        self.finish('cancelled')


class Account(Object):
    """One account."""

    kind = 'Account'
    secret = None

    def allow(self):
        if self.properties['Note'] == 'deny':
            raise Refused(DENIED, 'Not authorised')

    def Update(self, invocation, changes, options):
        self.allow()
        check_settings(changes)
        if 'Server' in changes and 'secret' not in options:
            raise Refused('org.freedesktop.DBus.Error.InteractiveAuthorizationRequired', 'The secret is needed anew')
        if 'secret' in options:
            say(secret=read_secret(invocation, options['secret']))
        say(update=changes)
        self.change(**changes)

    def SetSecret(self, invocation, kind, handle, _options):
        self.allow()
        say(kind=kind, secret=read_secret(invocation, handle))
        self.change(HasSecret=True)

    def Check(self, _invocation, options):
        say(check=self.properties['Address'], options=options)
        return self.service.new_check('check', self.path).begin(self.properties['Note'], explain=options.get('explain', False))

    def Test(self, _invocation, _options):
        return self.service.new_check('test', self.path).begin('', steps_for('wrong' if self.properties['Note'] else 'secret'))

    def Remove(self, _invocation, _options):
        self.allow()
        say(removed=self.properties['Address'])
        del self.service.accounts[self.properties['Address'].lower()]
        self.remove()


def steps_for(secret):
    return [('name', True, 'localhost is 127.0.0.1', ''), ('tcp', True, 'connected', ''),
            ('login', True, 'logged in', '') if secret == 'secret' else ('login', False, 'The password was refused', 'Check the password')]


def check_settings(settings):
    for key in settings:
        if key not in TYPES['Account']:
            raise Refused(ERROR + 'InvalidSetting', key + ': unknown')
    if settings.get('Interval', 60) < 60:
        raise Refused(ERROR + 'InvalidSetting', 'Interval=%d: at least 60\nNothing was changed' % settings['Interval'])


class Manager(Object):
    """The manager."""

    kind = 'Manager'

    def AddAccount(self, invocation, settings, options):
        check_settings(settings)
        if settings['Address'].lower() in self.service.accounts:
            raise Refused(ERROR + 'AccountExists', 'It exists')
        say(add=settings, secret=read_secret(invocation, options['secret']) if 'secret' in options else None,
            untested=options.get('untested', False))
        return GLib.Variant('(o)', (self.service.new_account(settings, 'secret' in options).path,))

    def GetAccount(self, _invocation, address):
        account = self.service.accounts.get(address.lower())
        if account is None:
            raise Refused(ERROR + 'UnknownAccount', 'There is no account ' + address)
        return GLib.Variant('(o)', (account.path,))

    def CheckAll(self, _invocation, _options):
        accounts = [one for one in self.service.accounts.values() if one.properties['Enabled']]
        return GLib.Variant('(ao)', ([one.Check(None, {}).unpack()[0] for one in accounts],))

    def TestSettings(self, invocation, settings, handle, _options):
        secret = read_secret(invocation, handle)
        say(test=settings, secret=secret)
        return self.service.new_check('test', '/').begin('', steps_for(secret))

    def Validate(self, _invocation, settings, _options):
        try:
            check_settings(settings)
        except Refused as error:
            return GLib.Variant('(aa{sv})', ([{'Key': GLib.Variant('s', 'Interval'), 'Text': GLib.Variant('s', error.args[1])}],))
        return GLib.Variant('(aa{sv})', ([],))

    def Recipients(self, _invocation, _options):
        return GLib.Variant('(as)', (['alice', 'bob'],))

    def GetLog(self, _invocation, options):
        # Three entries share each moment, so that pages end between equals.
        rows = [(1700000000000000 + number // 3 * 1000000, number) for number in range(2500)]
        rows = [row for row in reversed(rows) if row[0] >= options.get('Since', 0) and row[0] < options.get('Before', 1 << 62)]
        entries = [{'Time': GLib.Variant('t', when), 'Event': GLib.Variant('s', 'message'), 'Account': GLib.Variant('s', 'ok@x.y'),
                    'Outcome': GLib.Variant('s', 'delivered'), 'Uid': GLib.Variant('s', str(number)), 'Size': GLib.Variant('t', 100),
                    'Subject': GLib.Variant('s', 'Hallo \x1b[2J \u202e')} for when, number in rows[:min(options['Limit'], 1000)]]
        return GLib.Variant('(aa{sv})', (entries,))


class Service:
    """All of it."""

    def __init__(self, bus):
        self.bus, self.listeners, self.accounts, self.checks = bus, set(), {}, []
        self.manager = Manager(self, ROOT + '/Manager', {'Version': '0.0', 'Delivery': 'local', 'Online': True})
        bus.register_object(ROOT, MANAGER, self.on_managed, None, None)

    def on_managed(self, _connection, sender, _path, _interface, _method, _arguments, invocation):
        self.listeners.add(sender)
        attention = [one for one in self.accounts.values() if one.properties['Problem'][0]]
        self.manager.properties.update(Accounts=len(self.accounts), Attention=len(attention))
        everything = [self.manager] + list(self.accounts.values()) + self.checks
        invocation.return_value(GLib.Variant('(a{oa{sa{sv}}})', ({one.path: {NAME + '.' + one.kind: variants(one.kind, one.properties)}
                                                                  for one in everything},)))

    def emit(self, path, interface_name, signal, arguments):
        for listener in self.listeners:
            self.bus.emit_signal(listener, path, interface_name, signal, arguments)

    def new_account(self, settings, has_secret):
        values = dict(DEFAULTS)
        values.update(settings)
        values.setdefault('LocalUser', 'alice')
        values['HasSecret'] = has_secret
        if settings.get('Note', '').startswith('needs '):
            values.update(State='on-hold', Problem=(settings['Note'].split()[1], 'Somebody is needed'))
        path = ROOT + '/account/' + hashlib.sha256(settings['Address'].lower().encode()).hexdigest()[:32]
        self.accounts[settings['Address'].lower()] = Account(self, path, values)
        return self.accounts[settings['Address'].lower()]

    def new_check(self, kind, account):
        check = Check(self, '%s/check/%d' % (ROOT, len(self.checks) + 1), {'Account': account, 'Kind': kind})
        self.checks.append(check)
        return check


def main():
    bus = Gio.bus_get_sync(Gio.BusType.SESSION)
    service = Service(bus)
    for argument in sys.argv[1:]:
        address, _, note = argument.partition('=')
        service.new_account({'Address': address, 'Server': 'localhost', 'LocalUser': 'alice', 'Note': note}, True).properties.update(
            LastCheck=int((time.time() - 120) * 1000000), NextCheck=int((time.time() + 800) * 1000000))
    GLib.timeout_add(200, lambda: service.emit(ROOT + '/Manager', NAME + '.Manager', 'Logged', GLib.Variant('(a{sv})', ({
        'Time': GLib.Variant('t', 1700000000000000), 'Event': GLib.Variant('s', 'mended'), 'Account': GLib.Variant('s', 'ok@x.y')},))) or True)
    Gio.bus_own_name_on_connection(bus, NAME, Gio.BusNameOwnerFlags.DO_NOT_QUEUE, None, None)
    GLib.MainLoop().run()


if __name__ == '__main__':
    gi.require_version('Gio', '2.0')
    main()
