#!/usr/bin/python3
"""Servers that misbehave: each fault ends in a named problem within its time-out; nothing lost, doubled, cut or removed.

Runs as one runs it for oneself: --session on a private bus.
"""

import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))

import harness  # noqa: E402
import hostile  # noqa: E402
import instance as isolated  # noqa: E402
import sample  # noqa: E402
from harness import equal, true  # noqa: E402

CONF = '[Log]\nTarget=file:{log}\n[Limits]\nConnectTimeout=3\nReplyTimeout=2\nCommandTimeout=5\nMaxMessageSize=5M\n[Local]\nMailbox={maildir}\n'
MESSAGES = [message.replace(b'\n', b'\r\n') for message in sample.small(2)]
LONGEST = 20


class Kit:
    """A session instance that lives through many faults; one account a fault."""

    def __init__(self, conf=CONF, build=None):
        self.conf, self.build = conf, build

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix='postferry-')
        self.maildir = os.path.join(self.folder, 'Maildir')
        self.instance = isolated.Instance(folder=self.folder, session=True, build=self.build)
        self.instance.configure(self.conf.replace('{maildir}', self.maildir))
        self.instance.__enter__()
        self.key = os.path.join(self.folder, 'key.pem')
        self.certificate = os.path.join(self.folder, 'cert.pem')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '9', '-subj',
                        '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', self.key, '-out',
                        self.certificate], check=True, stderr=subprocess.DEVNULL)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.certificate, self.key)
        self.count = 0
        return self

    def __exit__(self, *exception):
        if exception[0] is not None:
            print(self.instance.read('mail.log')[-3000:])
            print(self.instance.read('service.log')[-3000:])
        self.instance.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def check(self, server_class, security, messages=MESSAGES, times=1, *settings):
        """Fetches from a server of this class; answers (results of the checks, account, server, what was delivered)."""
        self.count += 1
        server = server_class(messages, security, self.context)
        address = 'f%d@example.net' % self.count
        protocol = 'pop3' if issubclass(server_class, hostile.Pop3) else 'imap'
        shutil.rmtree(self.maildir, ignore_errors=True)
        answer = self.instance.cli('add', address, 'Protocol=' + protocol, 'Security=' + security, 'Server=127.0.0.1', 'Port=%d' % server.port,
                                   'Certificate=' + self.certificate, 'Enabled=false', *(settings or ['Remove=after-delivery']), '--no-test',
                                   '--password-file', self.instance.secret_file())
        equal(answer.returncode, 0, answer.stdout + answer.stderr)
        results = []
        for _ in range(times):
            start = time.monotonic()
            done = self.instance.cli('check', address, '--json')
            true(time.monotonic() - start < LONGEST, 'it took %.1f s' % (time.monotonic() - start))
            true(done.stdout, done.stderr)
            results.append(json.loads(done.stdout)[0])
        account = json.loads(self.instance.cli('show', address, '--json').stdout)
        self.instance.cli('remove', address, '--yes')
        server.close()
        return results, account, server, sample.delivered(self.maildir)


def run_faults(faults, security):
    wrong = []
    with Kit() as kit:
        for name, server_class, problems in faults:
            results, account, server, got = kit.check(server_class, security)
            code = (results[0]['problem'] or {}).get('code')
            whole = all(any(sample.same(message.replace(b'\r\n', b'\n'), one) for message in MESSAGES) for one in got)
            true(whole, '%s: something was delivered that is no message' % name)
            removed = [m for m in set(server.removed)]
            if code not in problems:
                wrong.append('%s: %s, wanted one of %s' % (name, code, sorted(problems)))
            if len(removed) > len(got):
                wrong.append('%s: %d removed, %d delivered' % (name, len(removed), len(got)))
            if len(got) > len(MESSAGES):
                wrong.append('%s: doubled' % name)
    equal(wrong, [], security)


def test_pop3_faults_plain():
    run_faults(hostile.POP3_FAULTS, 'none')


def test_pop3_faults_tls():
    run_faults(hostile.POP3_FAULTS, 'tls')


def test_pop3_faults_starttls():
    run_faults(hostile.POP3_FAULTS, 'starttls')


def test_imap_faults_plain():
    run_faults(hostile.IMAP_FAULTS, 'none')


def test_imap_faults_tls():
    run_faults(hostile.IMAP_FAULTS, 'tls')


def test_imap_faults_starttls():
    run_faults(hostile.IMAP_FAULTS, 'starttls')


def test_one_odd_message_does_not_hold_up_the_rest():
    with Kit() as kit:
        for name, server_class in hostile.ODD_BODIES:
            results, account, server, got = kit.check(server_class, 'none')
            equal(len(got), 1, name)
            true(sample.same(MESSAGES[1].replace(b'\r\n', b'\n'), got[0]), name)
            true(set(server.removed) <= {2}, '%s: removed %s' % (name, server.removed))


def test_good_servers_work_over_everything():
    with Kit() as kit:
        for server_class in (hostile.Pop3, hostile.Imap):
            for security in ('none', 'tls', 'starttls'):
                results, account, server, got = kit.check(server_class, security, MESSAGES, 2)
                equal(sample.compare([m.replace(b'\r\n', b'\n') for m in MESSAGES], got), (0, 0, 0), security)
                equal(set(server.removed), {1, 2}, security)


def test_injection_before_tls_is_refused():
    def pop3_stls(self, line, argument):
        line.send('+OK go on\r\n+OK injected\r\n')
        line.upgrade(self.context)

    def imap_starttls(self, line, tag, argument):
        line.send(tag + ' OK go on\r\n* CAPABILITY IMAP4rev1\r\n')
        line.upgrade(self.context)

    with Kit() as kit:
        for server_class in (hostile.fault(hostile.Pop3, 'F', do_stls=pop3_stls), hostile.fault(hostile.Imap, 'F', do_starttls=imap_starttls)):
            results, account, server, got = kit.check(server_class, 'starttls')
            equal(results[0]['problem']['code'], 'tls-failed')
            equal(got, [])


def test_starttls_that_is_not_offered_is_told():
    with Kit() as kit:
        for server_class in (hostile.fault(hostile.Pop3, 'F', do_capa=lambda self, line, argument: self.multi(line, ['USER', 'UIDL'])),
                             hostile.fault(hostile.Imap, 'F', capabilities='IMAP4rev1')):
            results, account, server, got = kit.check(server_class, 'starttls')
            equal(results[0]['problem']['code'], 'tls-unavailable')
            equal(account['state'], 'on-hold' if account['enabled'] else 'disabled')


def test_a_server_without_uidl_delivers_once():
    with Kit() as kit:
        server_class = hostile.fault(hostile.Pop3, 'F', do_uidl=lambda self, line, argument: line.send('-ERR what?\r\n'))
        results, account, server, got = kit.check(server_class, 'none', MESSAGES + MESSAGES[:1], 2, 'Remove=never')
        equal([result['delivered'] for result in results], [3, 0])
        equal(len(got), 3)


def test_a_mailbox_in_use_for_a_moment_is_waited_for():
    def password(self, line, argument):
        self.logins = getattr(self, 'logins', 0) + 1
        line.send('-ERR [IN-USE] somebody else is here\r\n' if self.logins < 3 else '+OK\r\n')

    with Kit() as kit:
        results, account, server, got = kit.check(hostile.fault(hostile.Pop3, 'F', do_pass=password), 'none')
        equal((results[0]['problem'], len(got), server.logins), (None, 2, 3))


def test_renumbered_uidls_deliver_once():
    def uidl(self, line, argument):
        self.multi(line, ['%d s%d-%d' % (i + 1, self.sessions, i + 1) for i in range(len(self.messages))])

    with Kit() as kit:
        results, account, server, got = kit.check(hostile.fault(hostile.Pop3, 'F', do_uidl=uidl), 'none', MESSAGES + MESSAGES[:1], 3, 'Remove=never')
        equal([result['delivered'] for result in results], [3, 0, 0])
        equal(len(got), 3)


def test_without_uidplus_others_marks_are_not_expunged():
    class Foreign(hostile.Imap):
        capabilities = 'IMAP4rev1'

        def do_uid_search(self, line, tag, argument):
            if 'DELETED' in argument:
                line.send('* SEARCH %s 99\r\n' % ' '.join(map(str, sorted(self.marked))))
                self.ok(line, tag)
            else:
                hostile.Imap.do_uid_search(self, line, tag, argument)

    class Alone(hostile.Imap):
        capabilities = 'IMAP4rev1'

    with Kit() as kit:
        results, account, server, got = kit.check(Foreign, 'none')
        equal((len(got), server.removed, results[0]['problem']['code']), (2, [], 'removal-suspended'))
        equal(server.marked, set(), 'the marks are taken back')
        results, account, server, got = kit.check(Alone, 'none')
        equal((len(got), server.removed), (2, [1, 2]))


def test_a_read_only_folder_is_left_as_it_is():
    """Fails when what was delivered is removed without a look at the folder's rights."""
    class ReadOnly(hostile.Imap):
        def do_select(self, line, tag, argument):
            line.send('* 2 EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\n')
            self.ok(line, tag, '[READ-ONLY] selected')

    with Kit() as kit:
        results, account, server, got = kit.check(ReadOnly, 'none', MESSAGES, 2)
        equal((len(got), server.removed, results[1]['problem']['code']), (2, [], 'removal-suspended'))
        equal(server.marked, set(), 'nothing is even marked')


if __name__ == '__main__':
    harness.run_tests(globals())
