#!/usr/bin/python3
"""Every command of `postferry` against a stand-in for the service: answers, errors, exit statuses, terminals.

usage: test-commands.py PROGRAM [TEST...]
"""

import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SERVERS = os.path.join(HERE, '..', '..', 'servers')
sys.path.insert(0, SERVERS)

import harness  # noqa: E402
import terminal  # noqa: E402
from harness import equal, true  # noqa: E402

PROGRAM = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 and os.path.exists(sys.argv[1]) else None
ACCOUNTS = ['ok@x.y', 'bad@x.y=problem credentials-rejected', 'net@x.y=problem tls-failed', 'slow@x.y=slow', 'hang@x.y=hang',
            'vanish@x.y=vanish', 'done@x.y=done', 'deny@x.y=deny']
PATIENCE = 60


class Bus:
    """A session bus of its own, with or without the stand-in on it."""

    def __init__(self, *accounts, service=True):
        self.folder = tempfile.TemporaryDirectory(prefix='postferry-cli-')
        self.accounts, self.service = accounts, service
        self.environment = {key: value for key, value in os.environ.items()
                            if not key.startswith(('DBUS_', 'NO_COLOR', 'CLICOLOR', 'PAGER', 'POSTFERRY', 'SUDO_'))}
        self.environment.update(DBUS_SESSION_BUS_ADDRESS='unix:path=' + self.path('bus'), LC_ALL='C.UTF-8', TZ='UTC', TERM='xterm')
        self.environment['ASAN_OPTIONS'] = 'detect_leaks=1:abort_on_error=1'

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def __enter__(self):
        self.daemon = subprocess.Popen(['dbus-daemon', '--session', '--nofork', '--nosyslog', '--address=unix:path=' + self.path('bus')],
                                       stderr=subprocess.DEVNULL)
        self.wait(lambda: os.path.exists(self.path('bus')))
        self.mock = None
        if self.service:
            self.start()
        return self

    def __exit__(self, *exception):
        for process in (self.mock, self.daemon):
            if process is not None:
                process.kill()
                process.wait()
        self.folder.cleanup()

    def start(self):
        with open(self.path('told'), 'ab') as told:
            self.mock = subprocess.Popen([os.path.join(SERVERS, 'mock-service.py')] + list(self.accounts), env=self.environment, stdout=told)
        self.wait(lambda: self.run('status').returncode in (0, 10))

    @staticmethod
    def wait(condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            true(time.monotonic() < end, 'in time')
            time.sleep(0.02)

    def run(self, *arguments, stdin=None, environment=None, **options):
        wanted = dict(self.environment, **(environment or {}))
        return subprocess.run([PROGRAM, '--session'] + list(arguments), env=wanted, capture_output=True, text=True, timeout=PATIENCE,
                              check=False, **({'input': stdin} if stdin is not None else {'stdin': subprocess.DEVNULL}), **options)

    def json(self, *arguments, status=0, **options):
        answer = self.run(*arguments, '--json', **options)
        equal((answer.returncode, answer.stderr), (status, ''), ' '.join(arguments))
        return json.loads(answer.stdout)

    def error(self, *arguments, **options):
        """The status and the code of an error with --json: standard output stays empty."""
        answer = self.run(*arguments, '--json', **options)
        equal(answer.stdout, '', ' '.join(arguments))
        return answer.returncode, json.loads(answer.stderr)['error']['code']

    def told(self):
        with open(self.path('told'), encoding='utf-8') as file:
            return [json.loads(line) for line in file]

    def secret(self, text='secret\n'):
        with open(self.path('secret'), 'w', encoding='utf-8') as file:
            file.write(text)
        os.chmod(self.path('secret'), 0o600)
        return self.path('secret')

    def terminal(self, *arguments, script=(), environment=None):
        """Runs it on a terminal: see terminal.run()."""
        return terminal.run([PROGRAM, '--session'] + list(arguments), dict(self.environment, **(environment or {})), script)


# --- Asking ---------------------------------------------------------------------------------------------------------


def test_status():
    with Bus('ok@x.y', 'need@x.y=needs no-secret') as bus:
        status = bus.json('status', status=10)
        equal(list(status), ['version', 'online', 'accounts', 'attention', 'disk_low', 'delivery', 'needs', 'next_check'])
        equal(status['needs'], [{'account': 'need@x.y', 'problem': {'code': 'no-secret', 'text': 'Somebody is needed'}}])
        true(re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', status['next_check']), status['next_check'])
        equal(bus.json(status=10), status, 'no command is status')
        true('need@x.y: no-secret' in bus.run().stdout)
    with Bus('ok@x.y') as bus:
        equal(bus.json('status')['needs'], [])


def test_list_and_show():
    with Bus('b@x.y', 'a@x.y') as bus:
        accounts = bus.json('list')
        equal([account['address'] for account in accounts], ['a@x.y', 'b@x.y'])
        equal(bus.json('show', 'a@x.y'), accounts[0])
        for key in ('local_user', 'oauth2_provider', 'max_messages_per_check', 'state', 'has_secret', 'on_server'):
            true(key in accounts[0], key)
        equal((accounts[0]['problem'], accounts[0]['last_success']), (None, None))
        equal(len(bus.run('list').stdout.splitlines()), 3)
        equal(len(bus.run('list', '--no-legend').stdout.splitlines()), 2)
        equal(bus.error('show', 'nobody@x.y'), (4, 'UnknownAccount'))
    with Bus() as bus:
        equal(bus.json('list'), [])


def test_log_pages_and_order():
    with Bus('ok@x.y') as bus:
        lines = [json.loads(line) for line in bus.run('log', '--json', '--lines', '2200').stdout.splitlines()]
        equal([int(line['uid']) for line in lines], list(range(300, 2500)), 'each entry once, the latest last')
        equal(len(bus.run('log', '--json').stdout.splitlines()), 100)
        equal(len(bus.run('log', '--json', '--since', '2020-01-01').stdout.splitlines()), 2500)
        equal(len(bus.run('log', '--json', '--since', '2023-11-14 22:27:13').stdout.splitlines()), 1)
        shown = bus.run('log', '-n', '3').stdout
        true('\x1b' not in shown and '\u202e' not in shown, repr(shown))
        equal(bus.error('log', '--since', 'whenever')[0], 2)
        equal(bus.error('log', '--lines', '-3')[0], 2)


def test_monitor():
    with Bus('ok@x.y') as bus:
        process = subprocess.Popen([PROGRAM, '--session', 'monitor', '--json'], env=bus.environment, stdout=subprocess.PIPE, text=True)
        entry = json.loads(process.stdout.readline())
        equal((entry['event'], entry['account'], entry['time']), ('mended', 'ok@x.y', '2023-11-14T22:13:20Z'))
        bus.mock.kill()
        bus.mock.wait()
        while select.select([process.stdout], [], [], 0.5)[0]:
            process.stdout.readline()
        bus.start()
        equal(json.loads(process.stdout.readline())['event'], 'mended', 'after the service came back')
        process.send_signal(signal.SIGINT)
        equal(process.wait(PATIENCE), 130)


# --- Checks ---------------------------------------------------------------------------------------------------------


def test_check_results_and_statuses():
    with Bus(*ACCOUNTS) as bus:
        one = bus.json('check', 'ok@x.y')[0]
        equal(list(one), ['account', 'state', 'delivered', 'junked', 'quarantined', 'deferred', 'refused', 'skipped', 'known', 'removed',
                          'octets', 'problem'])
        equal((one['state'], one['delivered'], one['octets'], one['problem']), ('succeeded', 3, 4096, None))
        both = bus.json('check', 'net@x.y', 'OK@x.y', 'bad@x.y', 'net@x.y', status=7)
        equal([check['account'] for check in both], ['net@x.y', 'ok@x.y', 'bad@x.y'], 'in the order asked, each once')
        equal(bus.json('check', 'net@x.y', status=8)[0]['problem']['code'], 'tls-failed')
        equal(bus.json('check', 'done@x.y')[0]['state'], 'succeeded', 'ended before it was told')
        equal(bus.json('check', 'vanish@x.y', status=1)[0]['state'], 'cancelled')
        before = len(bus.told())
        equal(bus.error('check', 'ok@x.y', 'nobody@x.y'), (4, 'UnknownAccount'))
        equal(len(bus.told()), before, 'nothing was started')
        true('\x1b' not in bus.run('check', 'bad@x.y').stdout, 'a sentence with an escape sequence')


def test_check_all():
    with Bus('a@x.y', 'b@x.y=slow') as bus:
        equal(sorted(check['account'] for check in bus.json('check')), ['a@x.y', 'b@x.y'])
    with Bus() as bus:
        equal(bus.json('check'), [])


def test_check_explain():
    with Bus('ok@x.y') as bus:
        message = bus.json('check', '--explain')[0]['messages'][0]
        equal((message['uid'], message['new'], message['remove_at'], message['symbols']), ('17', True, None, ['A']))
        equal(bus.told()[-1]['options'], {'explain': True})
        true('never seen' in bus.run('check', 'ok@x.y', '--explain').stdout)
        equal(bus.error('check', '--explain', '--no-wait')[0], 2)


def test_check_without_waiting():
    with Bus('hang@x.y=hang') as bus:
        equal(bus.json('check', '--no-wait')[0]['state'], 'running')
        equal(bus.run('check', 'hang@x.y', '--no-wait').returncode, 0)
        true(not any('cancelled' in line for line in bus.told()))


def test_service_dies_during_check():
    with Bus('die@x.y=die') as bus:
        equal(bus.error('check', 'die@x.y'), (5, 'ServiceUnavailable'))


def test_interrupt_cancels():
    with Bus('hang@x.y=hang') as bus:
        shown, status, restored = bus.terminal('check', 'hang@x.y', script=[('connecting', '\x03')])
        equal((status, restored), (130, True), shown)
        true(any('cancelled' in line for line in bus.told()), bus.told())


def test_progress_on_terminal_only():
    with Bus('slow@x.y=slow') as bus:
        shown, status, _ = bus.terminal('check', 'slow@x.y')
        true('fetching [' in shown and '\r\x1b[Kslow@x.y  3 delivered' in shown and status == 0, shown)
        answer = bus.run('check', 'slow@x.y')
        equal((answer.stdout, answer.stderr), ('slow@x.y  3 delivered\n', ''))


def test_doctor():
    with Bus('ok@x.y', 'bad@x.y=problem x') as bus:
        result = bus.json('test', 'OK@x.y')
        equal(list(result), ['account', 'ok', 'steps'])
        equal((result['account'], result['ok'], [step['name'] for step in result['steps']]), ('ok@x.y', True, ['name', 'tcp', 'login']))
        result = bus.json('test', 'bad@x.y', status=7)
        equal((result['ok'], result['steps'][-1]), (False, {'name': 'login', 'ok': False, 'text': 'The password was refused',
                                                             'mend': 'Check the password'}))
        true('FAILED' in bus.run('test', 'bad@x.y').stdout)


# --- Changing -------------------------------------------------------------------------------------------------------


def test_add():
    with Bus('ok@x.y') as bus:
        account = bus.json('add', 'new@x.y', 'Server=h', 'Folders=a;b', 'Port=1', '--password-file', bus.secret())
        equal((account['address'], account['folders'], account['has_secret']), ('new@x.y', ['a', 'b'], True))
        test, add = bus.told()[-2:]
        equal((test['secret'], add['secret'], add['untested']), ('secret', 'secret', False), 'tested, then stored')
        equal(bus.run('add', 'Address=second@x.y', 'Server=h', '--password-file', '-', stdin='secret\n').returncode, 0)
        equal(bus.error('add', 'NEW@x.y', 'Server=h', '--password-file', bus.secret()), (9, 'AccountExists'))
        true('test' not in bus.told()[-1], 'not even tested')
        equal(bus.error('add', 'w@x.y', 'Server=h', '--password-file', bus.secret('wrong')), (7, 'AuthenticationFailed'))
        true('add' not in bus.told()[-1], 'stored only when it works')
        equal(bus.error('add', 'w@x.y', 'Server=h', 'Interval=5', '--password-file', bus.secret()), (2, 'InvalidSetting'))


def test_add_without_test():
    with Bus() as bus:
        equal(bus.run('add', 'new@x.y', 'Server=h', '--no-test').returncode, 0)
        equal((bus.told()[-1]['secret'], bus.told()[-1]['untested']), (None, True))
        equal(bus.run('add', 'two@x.y', 'Server=h', '--no-test', '--password-file', bus.secret('x')).returncode, 0)
        equal(bus.told()[-1]['secret'], 'x')


def test_add_names_what_is_missing():
    with Bus() as bus:
        for arguments, name in (((), 'Address'), (('a@x.y',), 'Server'), (('a@x.y', 'Server=h'), '--password-file')):
            answer = bus.run('add', *arguments)
            equal(answer.returncode, 2, answer.stderr)
            true(name in answer.stderr, answer.stderr)
        answer = subprocess.run([PROGRAM, 'add', 'a@x.y', 'Server=h'], env=bus.environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        true(answer.returncode == 2 and 'LocalUser' in answer.stderr, answer.stderr)


def test_add_asks_on_terminal():
    with Bus() as bus:
        shown, status, restored = bus.terminal('add', script=[
            ('E-mail address: ', 'anna@x.y\n'), ('[imap]: ', 'pop3\n'), ('Server: ', 'h\n'), ('[anna@x.y]: ', '\n'), ('Password', 'secret\n')])
        equal((status, restored), (0, True), shown)
        equal(bus.told()[-1]['add'], {'Address': 'anna@x.y', 'Protocol': 'pop3', 'Server': 'h'})
        true('secret' not in shown, 'the password is not shown')


def test_interrupted_password_restores_the_terminal():
    # Safety: without restore() in on_signal() of terminal.c the shell would stay without echo.
    with Bus() as bus:
        shown, status, restored = bus.terminal('add', 'a@x.y', 'Server=h', script=[('Password', '\x03')])
        equal((status, restored), (130, True), shown)
        shown, status, restored = bus.terminal('add', 'a@x.y', 'Server=h', script=[('Password', '\x04')])
        equal((status, restored), (1, True), shown)


def test_set():
    with Bus('ok@x.y', 'deny@x.y=deny') as bus:
        equal(bus.run('set', 'ok@x.y', 'Folders=a', 'Folders=b;c', 'MaxMessageSize=1M', 'Push=no').returncode, 0)
        equal(bus.told()[-1]['update'], {'Folders': ['a', 'b', 'c'], 'MaxMessageSize': 1048576, 'Push': False})
        equal(bus.error('set', 'ok@x.y', 'Interval=1'), (2, 'InvalidSetting'))
        equal(bus.error('set', 'ok@x.y', 'interval=60'), (2, 'Usage'))
        equal(bus.error('set', 'deny@x.y', 'Interval=60'), (6, 'AccessDenied'))
        equal(bus.error('set', 'nobody@x.y', 'Interval=60'), (4, 'UnknownAccount'))
        answer = bus.run('set', 'ok@x.y', 'Server=other')
        true(answer.returncode == 6 and '--password-file' in answer.stderr, answer.stderr)
        equal(bus.run('set', 'ok@x.y', 'Server=other', '--password-file', bus.secret('neu')).returncode, 0)
        equal([line for line in bus.told() if 'secret' in line][-1]['secret'], 'neu')
        shown, status, _ = bus.terminal('set', 'ok@x.y', 'Server=third', script=[('Password', 'noch\n')])
        equal((status, bus.told()[-2:]), (0, [{'secret': 'noch'}, {'update': {'Server': 'third'}}]), shown)


def test_enable_disable_password():
    with Bus('a@x.y', 'b@x.y') as bus:
        equal(bus.run('disable', 'a@x.y', 'b@x.y').returncode, 0)
        equal([account['enabled'] for account in bus.json('list')], [False, False])
        equal(bus.error('enable', 'a@x.y', 'nobody@x.y')[0], 4)
        equal(bus.json('show', 'a@x.y')['enabled'], False, 'all or none')
        equal(bus.run('enable', 'a@x.y').returncode, 0)
        equal(bus.json('show', 'a@x.y')['enabled'], True)
        equal(bus.run('password', 'a@x.y', '--password-file', '-', stdin='p w\n\n').returncode, 0)
        equal(bus.told()[-1], {'kind': 'password', 'secret': 'p w\n'})
        equal(bus.error('password', 'a@x.y')[0], 2)
        equal(bus.error('password', 'a@x.y', '--password-file', '-', stdin='\n')[0], 2)


def test_remove_asks():
    with Bus('a@x.y', 'b@x.y') as bus:
        equal(bus.error('remove', 'a@x.y')[0], 2)
        equal(bus.terminal('remove', 'a@x.y', script=[('[y/N]', '\n')])[1], 1)
        equal(len(bus.json('list')), 2)
        equal(bus.terminal('remove', 'a@x.y', script=[('[y/N]', 'y\n')])[1], 0)
        equal(bus.error('remove', 'b@x.y', 'nobody@x.y', '--yes')[0], 4)
        equal(len(bus.json('list')), 1, 'all or none')
        equal(bus.run('remove', 'b@x.y', '-y').returncode, 0)
        equal(bus.json('list'), [])


# --- Around ---------------------------------------------------------------------------------------------------------


def test_service_missing():
    with Bus(service=False) as bus:
        for command in (['status'], ['list'], ['check'], ['monitor'], ['show', 'a@x.y'], ['remove', 'a@x.y', '--yes']):
            equal(bus.error(*command), (5, 'ServiceUnavailable'), command)
        true('postferryd' in bus.run('list').stderr)
        equal(bus.error('list', environment={'DBUS_SESSION_BUS_ADDRESS': 'unix:path=/nonexistent'}), (5, 'ServiceUnavailable'))


def test_usage():
    with Bus(service=False) as bus:
        for arguments in (['lits'], ['quarantine', 'explode'], ['list', 'x'], ['show'], ['show', 'a', 'b'], ['list', '--explain'], ['--wibble'],
                          ['list', '--color=pink'], ['set', 'a@x.y'], ['help', 'wibble']):
            equal(bus.error(*arguments), (2, 'Usage'), arguments)
        true('did you mean list?' in bus.run('lits').stderr)
        true('monitor' in bus.run('discombobulate').stderr, 'the commands are listed')
        for arguments in (['--help'], ['help'], ['help', 'check'], ['check', '--help'], ['-h'], ['--version']):
            answer = bus.run(*arguments)
            equal((answer.returncode, answer.stderr), (0, ''), arguments)
            true(all(len(line) <= 80 for line in answer.stdout.splitlines()) and answer.stdout, answer.stdout)
        equal(bus.run('-').returncode, 2)
        equal(bus.run('--', 'lits').returncode, 2)


def test_colour():
    with Bus('ok@x.y') as bus:
        true('\x1b[' not in bus.run('list').stdout)
        true('\x1b[1m' in bus.run('list', '--color=always').stdout)
        true('\x1b[1m' in bus.run('list', environment={'CLICOLOR_FORCE': '1'}).stdout)
        true('\x1b[1m' in bus.terminal('list', '--no-pager')[0])
        true('\x1b[' not in bus.terminal('list', '--no-pager', environment={'NO_COLOR': '1'})[0])
        true('\x1b[' not in bus.terminal('list', '--no-pager', '--color=never')[0])
        true('\x1b[1m' in bus.terminal('list', '--no-pager', '--color=always', environment={'NO_COLOR': '1'})[0])


def test_pager():
    with Bus('ok@x.y') as bus:
        shown, status, _ = bus.terminal('list', environment={'PAGER': 'sed s/^/paged:/'})
        true('paged:ADDRESS' in shown.replace('\x1b[1m', '') and status == 0, shown)
        for environment in ({'PAGER': ''}, {'PAGER': 'cat'}, {'POSTFERRY_PAGER': '', 'PAGER': 'sed s/^/paged:/'}, {'PAGER': '/nonexistent'}):
            shown, status, _ = bus.terminal('list', environment=environment)
            true('paged:' not in shown and 'ok@x.y' in shown and status == 0, shown)
        true('paged:' not in bus.terminal('list', '--json', environment={'PAGER': 'sed s/^/paged:/'})[0])
        true('paged:' not in bus.run('list', environment={'PAGER': 'sed s/^/paged:/'}).stdout)
        equal(bus.terminal('log', '-n', '2000', environment={'PAGER': 'head -1'})[1], 0, 'a pager that ends early')


def test_reader_goes_away():
    with Bus('ok@x.y') as bus:
        for form in ([], ['--json']):
            process = subprocess.Popen([PROGRAM, '--session', 'log', '-n', '2500'] + form, env=bus.environment, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
            process.stdout.close()
            equal((process.wait(PATIENCE), process.stderr.read()), (0, b''), form)
            process.stderr.close()
        with open('/dev/full', 'w', encoding='utf-8') as full:
            process = subprocess.run([PROGRAM, '--session', 'list'], env=bus.environment, stdout=full, stderr=subprocess.PIPE, check=False)
        true(process.returncode == 1 and process.stderr, 'a full disk is an error')


def test_locale_without_umlauts():
    with Bus('ok@x.y') as bus:
        answer = bus.run('set', 'ok@x.y', 'TargetFolder=Bücher', environment={'LC_ALL': 'C'})
        equal((answer.returncode, bus.told()[-1]), (0, {'update': {'TargetFolder': 'Bücher'}}), answer.stderr)
        true('Bücher' in bus.run('show', 'ok@x.y', environment={'LC_ALL': 'C'}).stdout)


def complete(bus, *words):
    answer = bus.run('__complete', '--session', *words)
    equal((answer.returncode, answer.stderr), (0, ''), words)
    return [line.split('\t')[0] for line in answer.stdout.splitlines()]


def test_completion():
    with Bus('anna@x.y', 'bob@x.y') as bus:
        equal(complete(bus, 'st'), ['status'])
        true('__complete' not in complete(bus, ''))
        equal(complete(bus, 'show', 'an'), ['anna@x.y'])
        equal(complete(bus, 'show', 'anna@x.y', ''), [])
        equal(complete(bus, 'check', 'anna@x.y', ''), ['anna@x.y', 'bob@x.y'])
        equal(complete(bus, 'set', 'anna@x.y', 'Secu'), ['Security='])
        equal(complete(bus, 'set', 'anna@x.y', 'Security='), ['Security=tls', 'Security=starttls', 'Security=none'])
        equal(complete(bus, 'add', 'LocalUser=a'), ['LocalUser=alice'])
        equal(complete(bus, 'filter', 'OnS'), ['OnSpam=', 'OnScannerFailure='])
        equal(complete(bus, 'filter', 'OnSpam=junk', 'QuarantineDigest='), ['QuarantineDigest=daily', 'QuarantineDigest=never'])
        equal(complete(bus, 'check', '--ex'), ['--explain'])
        equal(complete(bus, 'list', '--ex'), [])
    with Bus(service=False) as bus:
        equal(complete(bus, 'show', 'an'), [], 'no service, no candidates, no error')


if __name__ == '__main__':
    harness.run_tests(globals())
