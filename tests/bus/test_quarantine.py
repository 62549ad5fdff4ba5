#!/usr/bin/python3
"""What is held back: who sees, reads, releases and deletes it; a real polkitd, real delivery by the helper."""

import email
import email.policy
import http.server
import json
import os
import re
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import held  # noqa: E402
import instance as isolated  # noqa: E402
from harness import equal, true  # noqa: E402

PATH, IFACE = '/org/postferry1/quarantine', 'org.postferry1.Quarantine.'
CALLER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'caller.py')
ASK = 'org.freedesktop.DBus.Error.InteractiveAuthorizationRequired'
UNKNOWN = 'org.postferry1.Error.UnknownMessage'
OWN = 'org.postferry1.quarantine-own'


class World(isolated.Instance):
    """alice owns the account; bob is one of its Recipients; gwen is in group postferry. `mail`: (number, arguments of hold())."""

    def __init__(self, *mail, own=(), conf='', account='LocalUser=alice\n', **options):
        super().__init__(**options)
        self.mail, self.own, self.conf, self.account = mail, own, conf, account

    def make_world(self):
        super().make_world()
        self.add_user('gwen', ['postferry'])
        if self.own:
            path = '/etc/polkit-1/rules.d/10-test.rules'
            with open(path, 'w', encoding='utf-8') as file:
                for user, action in self.own:
                    file.write('polkit.addRule(function(action, subject) { if (action.id == "%s" && subject.user == "%s")'
                               ' return polkit.Result.YES; });\n' % (action, user))
            os.chmod(path, 0o644)

    def start_service(self):
        if not os.path.exists(self.path('config')):
            self.configure('[Log]\nTarget=file:{log}\n[Filter]\nRspamdUrl=off\nClamdSocket=off\n' + self.conf)
            os.makedirs(self.path('config', 'accounts.d'))
            held.write(self.path('config', 'accounts.d', 'c@example.net.account'),
                       ('[Account]\nAddress=c@example.net\nServer=127.0.0.1\nSecurity=none\nPort=1\nEnabled=false\n' + self.account).encode())
            for path in ('config', 'config/accounts.d'):
                held.give(self.path(path))
            for number, keys in self.mail:
                held.hold(self, number, **keys)
        super().start_service()

    def call(self, method, *arguments, user=None):
        return self.gdbus('call', '-d', 'org.postferry1', '-o', PATH, '-m', method if '.' in method else IFACE + method, *arguments, user=user)

    def ids(self, user=None):
        answer = self.call('List', '{}', '0', '0', user=user)
        equal(answer.returncode, 0, answer.stderr)
        return set(re.findall(r"'([0-9a-f]{32})'", answer.stdout))

    def count(self, user=None):
        answer = self.call('org.freedesktop.DBus.Properties.Get', IFACE[:-1], 'Count', user=user)
        return int(re.search(r'uint32 (\d+)', answer.stdout).group(1))

    def maildir(self, user='alice', folder=''):
        """{file's place: content}"""
        found = {}
        for name in ('new', 'cur'):
            place = os.path.join('/home', user, 'Maildir', folder, name)
            for entry in os.listdir(place) if os.path.isdir(place) else []:
                with open(os.path.join(place, entry), 'rb') as file:
                    found[os.path.join(name, entry)] = file.read()
        return found

    def log(self, word):
        isolated.wait_for(lambda: word in self.read('mail.log'), 10, word + ' in the log')


def error_name(answer):
    match = re.search(r'GDBus\.Error:([A-Za-z0-9_.]+)', answer.stderr)
    return match.group(1) if match else 'none: ' + answer.stdout + answer.stderr


def a(*ids):
    return '[%s]' % ', '.join("'%s'" % one for one in ids)


# Mutant: in list(), leave out the filter's recipient.
def test_who_sees():
    with World((1, {}), (2, {'verdict': 'virus'}), (3, {'user': 'bob'}), (4, {'user': 'carl'})) as world:
        one, two, three, four = (held.id_of(number) for number in (1, 2, 3, 4))
        for user, seen in ((None, {one, two, three, four}), ('gwen', {one, two, three, four}), ('alice', {one, two}), ('bob', {three})):
            equal(world.ids(user), seen, str(user))
            equal(world.count(user), len(seen), str(user))
        managed = world.gdbus('call', '-d', 'org.postferry1', '-o', '/org/postferry1', '-m', 'org.freedesktop.DBus.ObjectManager.GetManagedObjects',
                              user='bob')
        true("'Count': <uint32 1>" in managed.stdout, managed.stdout)
        equal(error_name(world.call('Open', one, '{}', user='bob')), UNKNOWN)
        equal(error_name(world.call('Open', held.id_of(77), '{}', user='bob')), UNKNOWN)
        equal(error_name(world.call('Release', a(three, one), '{}', user='bob')), UNKNOWN)
        equal(error_name(world.call('Delete', a(one), '{}', user='bob')), UNKNOWN)
        # Without a rule, and without logind, one's own asks for the password; others' mail for an administrator's.
        equal(error_name(world.call('Release', a(one), '{}', user='alice')), ASK)
        equal(error_name(world.call('Open', three, '{}', user='gwen')), ASK)
        equal(world.maildir('alice'), {})
        equal(len(held.names(world)), 8)


# Mutant: in keeper-release.c, deliver() into the inbox whatever the folder.
def test_a_release_is_a_delivery():
    with World((1, {}), (2, {'Folder': 'Lists/a', 'Seen': 'true', 'Date': '1000000000'}), (3, {'user': 'bob'}),
               own=[('alice', OWN), ('bob', OWN)]) as world:
        one, two, three = (held.id_of(number) for number in (1, 2, 3))
        equal(world.call('Release', a(one, two), '{}', user='alice').returncode, 0)
        equal(world.maildir(), {'new/0.%s.postferry' % one: held.text(1)})
        equal(world.maildir(folder='.Lists.a'), {'cur/0.%s.postferry:2,S' % two: held.text(2)})
        equal(int(os.stat('/home/alice/Maildir/.Lists.a/cur/0.%s.postferry:2,S' % two).st_mtime), 1000000000)
        equal(held.names(world), {three + '.eml', three + '.meta'})
        equal((world.count('alice'), world.count(), world.ids()), (0, 1, {three}))
        equal(error_name(world.call('Release', a(one), '{}', user='alice')), UNKNOWN)
        world.log('released to alice')
        true('by=alice' in world.read('mail.log'), world.read('mail.log'))
        equal(world.call('Delete', a(three), '{}', user='bob').returncode, 0)
        equal((held.names(world), world.count()), (set(), 0))
        world.log('deleted')
        equal(world.maildir('bob'), {})


# Mutant: in quarantine_action(), do not look at may_have.
def test_a_virus_is_an_administrators():
    with World((1, {'verdict': 'virus'}), (2, {'Unscanned': 'true'}), (3, {'verdict': 'never-heard-of'}),
               own=[('alice', OWN), ('gwen', 'org.postferry1.quarantine')]) as world:
        ids = [held.id_of(number) for number in (1, 2, 3)]
        equal(world.ids('alice'), set(ids))
        for name in ids:
            for method, argument in (('Release', a(name)), ('Delete', a(name)), ('Open', name)):
                equal(error_name(world.call(method, argument, '{}', user='alice')), ASK, method + name)
        equal(error_name(world.call('Release', a(ids[0]), "{'learn': <true>}", user='alice')), ASK)
        equal(len(held.names(world)), 6)
        equal(world.call('Release', a(ids[0]), '{}', user='gwen').returncode, 0)
        equal(list(world.maildir()), ['new/0.%s.postferry' % ids[0]])
        world.log('by=gwen')
        equal(world.call('Release', a(*ids[1:]), '{}').returncode, 0, 'root is never asked about')
        equal(len(world.maildir()), 3)


def test_options_that_cannot_be_met():
    with World((1, {}), (2, {'Sender': 'example.net'}), (3, {'Account': 'gone@example.net'}), own=[('alice', OWN)]) as world:
        one, two, three = (held.id_of(number) for number in (1, 2, 3))
        for ids, options, error in ((one, "{'learn': <true>}", 'org.postferry1.Error.NotSupported'),
                                    (two, "{'allow-sender': <true>}", 'org.postferry1.Error.InvalidSetting'),
                                    (three, "{'allow-sender': <true>}", 'org.postferry1.Error.UnknownAccount'),
                                    (one, "{'colour': <true>}", 'org.freedesktop.DBus.Error.InvalidArgs'),
                                    (one, "{'learn': <'yes'>}", 'org.freedesktop.DBus.Error.InvalidArgs')):
            equal(error_name(world.call('Release', a(ids), options)), error, options)
        equal((world.maildir(), world.count()), ({}, 3), 'nothing is done')
        account = world.path('config', 'accounts.d', 'c@example.net.account')
        equal(world.call('Release', a(one), "{'allow-sender': <true>}", user='alice').returncode, 0)
        with open(account, encoding='utf-8') as file:
            true('AllowSenders=eve@example.net\n' in file.read())
        world.log('its sender allowed')
        equal(len(world.maildir()), 1)


# Mutant: in pf_policy_action(), RULE_ALLOW_SENDER asks nobody.
def test_one_of_several_does_not_change_the_account():
    with World((1, {'user': 'bob'}), own=[('bob', OWN)],
               account='LocalUser=alice\nEnvelopeHeader=Delivered-To\nRecipients=b@example.net=bob\n') as world:
        one = held.id_of(1)
        equal(error_name(world.call('Release', a(one), "{'allow-sender': <true>}", user='bob')), ASK)
        equal(world.maildir('bob'), {})
        equal(world.call('Release', a(one), '{}', user='bob').returncode, 0)
        equal(len(world.maildir('bob')), 1)


# Mutant: in error paths of keeper-release.c, do not withdraw the intent.
def test_what_cannot_be_delivered_stays():
    with World((1, {'user': 'nobody-there'}), (2, {})) as world:
        one, two = held.id_of(1), held.id_of(2)
        answer = world.call('Release', a(one, two), '{}')
        equal(error_name(answer), 'org.postferry1.Error.RecipientUnknown', answer.stderr)
        equal(world.ids(), {one}, 'the other one went')
        with open(os.path.join(held.folder(world), one + '.meta'), encoding='utf-8') as file:
            true('Release=\n' in file.read(), 'nobody goes on with it')
        equal(len(world.maildir()), 1)


def test_damage_by_hand():
    with World((1, {}), (2, {}), (3, {'Time': 'never'}), (4, {'Id': held.id_of(1)})) as world:
        one, two = held.id_of(1), held.id_of(2)
        equal(world.ids(), {one, two})
        for number in (3, 4):
            true(re.search(held.id_of(number) + r'\.meta is damaged', world.read('mail.log')), world.read('mail.log'))
        five = held.hold(world, 5)
        isolated.wait_for(lambda: five in world.ids(), 30, 'what was put there')
        for suffix in ('.eml', '.meta'):
            os.unlink(os.path.join(held.folder(world), two + suffix))
        isolated.wait_for(lambda: two not in world.ids(), 30, 'what was taken away')
        os.unlink(os.path.join(held.folder(world), one + '.eml'))
        os.symlink('/etc/passwd', os.path.join(held.folder(world), one + '.eml'))
        answer = world.call('Release', a(one), '{}')
        true(answer.returncode != 0, 'a link is no message')
        equal(world.maildir(), {})


# Mutant: in pf_keeper_expire(), `item->time >= before` is never true.
def test_old_mail_expires():
    day = 24 * 3600
    with World((1, {'age': 6 * day}), (2, {'age': 8 * day}), (3, {'age': 9 * day, 'Release': 'intent'}), (4, {'age': 8 * day, 'Time': 'never'}),
               conf='QuarantineDays=7\nQuarantineDigest=never\n') as world:
        isolated.wait_for(lambda: world.ids() == {held.id_of(1)}, 10, 'the expiry')
        world.log('expired')
        equal(list(world.maildir()), ['new/0.%s.postferry' % held.id_of(3)], 'a release that was begun is finished')
        equal({name[:32] for name in held.names(world)}, {held.id_of(1), held.id_of(4)}, 'what nobody can read is not deleted')


def digests(world, user='alice'):
    return [email.message_from_bytes(text, policy=email.policy.default) for text in world.maildir(user).values() if b'held back' in text]


# Mutants: in keeper-digest.c, leave out `told->told = told->pending`, or the note before the mails.
def test_digest():
    hostile = 'x\\nSubject: forged\\n\\n.\\r\\nBcc: all@example.org \u202eevil\u2066'
    old = {'age': 3600}
    with World((1, dict(old, Subject=hostile, Sender='a\\nb@example.net')), (2, dict(old, verdict='virus')), (3, dict(old, user='bob')),
               (4, {})) as world:
        isolated.wait_for(lambda: digests(world) and digests(world, 'bob'), 20, 'the notices')
        mail = digests(world)[0]
        equal(mail.defects, [])
        equal(sorted(mail.keys()), sorted(['Return-Path', 'X-Postferry-Id', 'From', 'To', 'Subject', 'Date', 'Message-ID', 'Auto-Submitted',
                                           'MIME-Version', 'Content-Type', 'Content-Transfer-Encoding']))
        equal(mail['Subject'], '2 messages held back')
        text = mail.get_content()
        true(held.id_of(1)[:8] in text and held.id_of(2)[:8] in text and held.id_of(3)[:8] not in text, text)
        true('\nSubject: forged' not in text and '\u202e' not in text and '\\x0aSubject: forged' in text, text)
        true('administrator alone' in text and 'postferry quarantine release ID' in text, text)
        true(all(len(line) <= 78 and line.isascii() for text in world.maildir().values() for line in text.split(b'\n\n', 1)[1].split(b'\n')))
        equal(len(world.maildir('bob')), 1)
        told = world.path('state', 'quarantine-told')
        isolated.wait_for(lambda: re.search(r'Pending=0\nSent=[1-9]', open(told, encoding='utf-8').read()), 10, 'the note')
        world.restart_service()
        equal(len(world.ids()), 4)
        time.sleep(1)
        equal((len(world.maildir()), len(world.maildir('bob'))), (1, 1), 'nobody is told twice')
        # A day later, with one that is new and one that was too young then.
        world.end('service')
        with open(told, encoding='utf-8') as file:
            text = re.sub(r'Sent=\d+', 'Sent=1', file.read())
        held.write(told, text.encode())
        held.hold(world, 5, age=1800)
        world.start_service()
        isolated.wait_for(lambda: len(digests(world)) == 2, 20, 'the next notice')
        texts = [one.get_content() for one in digests(world)]
        equal(sum(held.id_of(5)[:8] in text for text in texts), 1)
        equal(sum(held.id_of(1)[:8] in text for text in texts), 1)
        equal(len(world.maildir('bob')), 1)


def test_no_digest_where_nobody_wants_it():
    with World((1, {}), conf='QuarantineDigest=never\n') as world:
        equal(world.count(), 1)
        time.sleep(1)
        equal(world.maildir(), {})


# Mutant: on_stored() in keeper.c does nothing.
def test_thousands():
    with World(*[(number, {'user': 'alice' if number % 2 else 'bob'}) for number in range(1, 5001)], conf='QuarantineDigest=never\n') as world:
        isolated.wait_for(lambda: world.count() == 5000, 60, 'the index')
        equal(world.count('bob'), 2500)
        answer = world.call('List', '{}', '2400', '0', user='bob')
        true(answer.stdout.rstrip().endswith('uint32 2500)'), answer.stdout[-100:])
        equal(len(set(re.findall(r"\('([0-9a-f]{32})'", answer.stdout))), 100)
        answer = world.call('Delete', a(*[held.id_of(number) for number in range(1, 1002)]), '{}')
        equal(error_name(answer), 'org.postferry1.Error.LimitExceeded')
        equal(world.call('Delete', a(*[held.id_of(number) for number in range(1, 1001)]), '{}').returncode, 0)
        equal(world.count(), 4000)


class Controller:
    """Rspamd's controller, as far as learning goes; what it was given is kept."""

    def __init__(self, status=200):
        heard = self.heard = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                heard.append((self.path, self.headers.get('Deliver-To'), self.rfile.read(int(self.headers['Content-Length']))))
                body = b'{"success":true}' if status == 200 else b'{"error":"no"}'
                self.send_response(status)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
        self.conf = 'RspamdControllerUrl=http://127.0.0.1:%d\n' % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


# Mutant: in learn() of keeper-release.c, the offset is 0.
def test_learning():
    controller = Controller()
    with World((1, {}), own=[('alice', OWN)], conf=controller.conf) as world:
        equal(world.cli('quarantine', 'release', held.id_of(1), '--learn', user='alice').returncode, 0)
        equal(controller.heard, [('/learnham', 'alice', held.BODY % (b'1', b'1'))], 'as it was fetched, without any line of ours')
        world.log('learned as ham')
    controller.server.shutdown()
    controller = Controller(500)
    with World((1, {}), conf=controller.conf) as world:
        answer = world.call('Release', a(held.id_of(1)), "{'learn': <true>}")
        equal(error_name(answer), 'org.postferry1.Error.ScannerUnavailable')
        true('was released, but not learned' in answer.stderr, answer.stderr)
        equal((len(world.maildir()), world.count()), (1, 0))
    controller.server.shutdown()


def test_the_command_line():
    hostile = b'From: Eve <eve@example.net>\nSubject: \x1b[31mred\n folded\nX-Long: ' + b'x' * 5000 + b'\n\nfirst \x1b]0;title\x07 line\r\n\xff\n' + b'more\n' * 100
    with World((1, {'data': hostile, 'Subject': '\u202ered'}), (2, {'verdict': 'virus'}), (3, {'user': 'bob', 'Account': 'gone@example.net'}),
               own=[('alice', OWN)], conf='QuarantineDigest=never\n') as world:
        one, two, three = (held.id_of(number) for number in (1, 2, 3))
        answer = world.cli('quarantine', 'list')
        equal(answer.returncode, 0, answer.stderr)
        true(all(name[:8] in answer.stdout for name in (one, two, three)) and 'virus' in answer.stdout, answer.stdout)
        answer = world.cli('quarantine', user='alice')
        true(one[:8] in answer.stdout and three[:8] not in answer.stdout, answer.stdout)
        listed = json.loads(world.cli('quarantine', 'list', '--json').stdout)
        equal({item['id']: item['account'] for item in listed}, {one: 'c@example.net', two: 'c@example.net', three: ''})
        equal(list(listed[0])[:11], ['id', 'account', 'recipient', 'sender', 'subject', 'time', 'size', 'verdict', 'reason', 'score', 'symbols'])
        true(re.fullmatch(r'20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ', listed[0]['time']), listed[0])
        equal((listed[0]['score'], listed[0]['symbols']), (12.5, ['A(1.0)', 'B(2.0)']))
        answer = world.cli('quarantine', 'show', one[:6], user='alice')
        true(all(ord(c) >= 32 or c == '\n' for c in answer.stdout) and '\u202e' not in answer.stdout, answer.stdout)
        true('Subject: \\x1b[31mred folded\n' in answer.stdout and 'first \\x1b]0;title\\x07 line\n\\xff\nmore' in answer.stdout, answer.stdout)
        true('[and more]' in answer.stdout and max(map(len, answer.stdout.split('\n'))) < 1100, answer.stdout)
        shown = json.loads(world.cli('quarantine', 'show', one, '--json', user='alice').stdout)
        equal(shown[0]['header'][0], {'name': 'From', 'value': 'Eve <eve@example.net>'})
        equal((len(shown[0]['text']), shown[0]['more'], shown[0]['id']), (40, True, one))
        for arguments, user, status, words in ((['show', two], 'alice', 6, 'AccessDenied'), (['release', two], 'alice', 6, ''),
                                               (['show', 'ffffffffff'], None, 1, 'no message'), (['show', three], 'alice', 1, 'no message'),
                                               (['release'], None, 2, 'which'), (['explode'], None, 2, 'list, show'), (['list', one], None, 2, 'no id'),
                                               (['list', '--learn'], None, 2, 'release'), (['delete', one], None, 2, '--yes'),
                                               (['release', one, '--learn'], None, 1, 'controller')):
            answer = world.cli('quarantine', *arguments, user=user)
            equal(answer.returncode, status, ' '.join(arguments) + answer.stdout + answer.stderr)
            true(words == 'AccessDenied' or words in answer.stderr, answer.stderr)
        error = json.loads(world.cli('quarantine', 'show', 'ff00ff00ff', '--json').stderr)
        equal(error['error']['code'], 'UnknownMessage')
        names = world.cli('__complete', 'quarantine', 'show', one[:2]).stdout
        true(one[:8] in names, names)
        equal({line.split('\t')[0] for line in world.cli('__complete', 'quarantine', '').stdout.split('\n')}, {'list', 'show', 'release', 'delete', ''})
        equal(world.cli('quarantine', 'release', one[:8], '--allow-sender', user='alice').returncode, 0)
        equal(list(world.maildir().values()), [hostile])
        equal(world.cli('quarantine', 'delete', two[:10], three, '--yes').returncode, 0)
        equal(json.loads(world.cli('quarantine', 'list', '--json').stdout), [])
        equal(world.cli('quarantine').returncode, 0)


def test_a_beginning_of_several():
    with World(*[(number, {}) for number in range(1, 40)], conf='QuarantineDigest=never\n') as world:
        counted = {}
        for number in range(1, 40):
            counted.setdefault(held.id_of(number)[0], []).append(held.id_of(number))
        digit, names = next((digit, names) for digit, names in counted.items() if len(names) > 1)
        answer = world.cli('quarantine', 'delete', digit, '--yes')
        equal(answer.returncode, 2, answer.stderr)
        true('several' in answer.stderr, answer.stderr)
        equal(world.cli('quarantine', 'delete', names[0].upper(), names[0], '--yes').returncode, 0)
        equal(world.count(), 38)


if __name__ == '__main__':
    isolated.enter()
    harness.run_tests(globals())
