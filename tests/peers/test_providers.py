#!/usr/bin/python3
"""What is peculiar to known providers, with the built-in data and stand-ins that behave as they do (servers/provider_quirks.py).

Each test names the change of one line that makes it fail; tests/mutants applies them.
"""

import datetime
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))

import harness  # noqa: E402
import hostile  # noqa: E402
import instance as isolated  # noqa: E402
import provider_quirks as quirks  # noqa: E402
import sample  # noqa: E402
from harness import equal, true  # noqa: E402

CONF = '[Log]\nTarget=file:{log}\n[Limits]\nConnectTimeout=5\nReplyTimeout=5\n[Local]\nMailbox={maildir}\n'


def crlf(messages):
    return [message.replace(b'\n', b'\r\n') for message in messages]


class Kit:
    """A session instance for which 127.0.0.1 is a server of `provider`."""

    def __init__(self, provider=None):
        self.provider = provider

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix='postferry-')
        self.maildir = os.path.join(self.folder, 'Maildir')
        self.instance = isolated.Instance(folder=self.folder, session=True)
        self.instance.configure(CONF.replace('{maildir}', self.maildir))
        if self.provider is not None:
            with open(self.instance.path('config', 'providers.conf'), 'w', encoding='ascii') as data:
                data.write('[%s]\nServers=127.0.0.1\n' % self.provider)
        self.instance.__enter__()
        key, self.certificate = os.path.join(self.folder, 'key.pem'), os.path.join(self.folder, 'cert.pem')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '9', '-subj',
                        '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', self.certificate], check=True,
                       stderr=subprocess.DEVNULL)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.certificate, key)
        self.servers = []
        return self

    def __exit__(self, *exception):
        if exception[0] is not None:
            print(self.instance.read('mail.log')[-3000:])
            print(self.instance.read('service.log')[-3000:])
        for server in self.servers:
            server.close()
        self.instance.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def serve(self, server_class, messages, security='none', **values):
        server = server_class(messages, security, self.context)
        for name, value in values.items():
            setattr(server, name, value)
        self.servers.append(server)
        return server

    def add(self, server, *settings, address='tim@example.net', password='secret'):
        protocol = 'pop3' if isinstance(server, hostile.Pop3) else 'imap'
        answer = self.instance.cli('add', address, 'Protocol=' + protocol, 'Security=' + server.security, 'Server=127.0.0.1',
                                   'Port=%d' % server.port, 'Certificate=' + self.certificate, *(settings or ['Enabled=false']), '--no-test',
                                   '--password-file', self.instance.secret_file(password))
        equal(answer.returncode, 0, answer.stdout + answer.stderr)

    def check(self, address='tim@example.net'):
        done = self.instance.cli('check', address, '--json')
        true(done.stdout, done.stderr)
        return json.loads(done.stdout)[0]

    def account(self, address='tim@example.net'):
        return json.loads(self.instance.cli('show', address, '--json').stdout)

    def got(self):
        return sample.delivered(self.maildir)


def code(result):
    return (result['problem'] or {}).get('code')


def test_gmail_pop3_is_fetched_to_its_end():
    """Fails with: pf_check_goes_on() that answers FALSE."""
    messages = sample.small(2 * quirks.SHOWN + 20)
    with Kit('gmail') as kit:
        server = kit.serve(quirks.GmailPop3, crlf(messages))
        kit.add(server, 'Enabled=false')
        result = kit.check()
        equal((result['problem'], result['delivered']), (None, len(messages)))
        # The last session finds nothing.
        equal(server.sessions, 4)
        equal(sample.compare(messages, kit.got()), (0, 0, 0))
        equal(kit.check()['delivered'], 0)


def test_gmail_pop3_hides_what_is_removed_too():
    messages = sample.small(quirks.SHOWN + 5)
    with Kit('gmail') as kit:
        server = kit.serve(quirks.GmailPop3, crlf(messages))
        kit.add(server, 'Enabled=false', 'Remove=after-delivery')
        equal(kit.check()['delivered'], len(messages))
        equal(sorted(server.removed), list(range(len(messages))))
        equal(sample.compare(messages, kit.got()), (0, 0, 0))


def test_gmail_pop3_keeps_to_the_number_of_messages():
    """Fails with: pf_check_goes_on() that does not look at limit_left."""
    messages = sample.small(quirks.SHOWN + 5)
    with Kit('gmail') as kit:
        server = kit.serve(quirks.GmailPop3, crlf(messages))
        kit.add(server, 'Enabled=false', 'MaxMessagesPerCheck=10')
        equal(kit.check()['delivered'], 10)
        equal(server.sessions, 1)
        equal(kit.instance.cli('set', 'tim@example.net', 'MaxMessagesPerCheck=0').returncode, 0)
        equal(kit.check()['delivered'], len(messages) - 10)
        equal(sample.compare(messages, kit.got()), (0, 0, 0))


def test_hidden_is_not_renumbered():
    """Two messages of one content, shown in different checks, are two. Fails with: pf_plan_make() that does not look at `part`."""
    messages = crlf(sample.small(3))
    with Kit('gmail') as kit:
        server = kit.serve(quirks.GmailPop3, messages)
        kit.add(server, 'Enabled=false')
        equal(kit.check()['delivered'], 3)
        server.messages += messages[:1]
        equal(kit.check()['delivered'], 1)


def test_outlook_pop3_gets_no_initial_response():
    """Fails with: pf_pop3_auth() that does not look at two_steps."""
    messages = sample.small(2)
    with Kit('outlook') as kit:
        server = kit.serve(quirks.OutlookPop3, crlf(messages), 'tls')
        kit.add(server, 'Enabled=false')
        equal((kit.check()['problem'], server.user), (None, 'tim@example.net'))
        equal(sample.compare(messages, kit.got()), (0, 0, 0))


def test_outlook_sizes_are_guesses():
    """Messages of another size than was listed may be removed there, and nowhere else. Fails with: is_odd() that takes all sizes for exact."""
    messages = sample.small(2)
    for provider, removed in (('outlook', [1, 2]), (None, [])):
        with Kit(provider) as kit:
            server = kit.serve(quirks.OutlookImap, crlf(messages))
            kit.add(server, 'Enabled=false', 'Remove=after-delivery')
            equal(kit.check()['delivered'], 2)
            equal((sorted(server.removed), len(kit.got())), (removed, 2), provider)


def test_outlook_throttles():
    """No folder is missing. Fails with: pf_session_refusal() that answers `otherwise`."""
    with Kit('outlook') as kit:
        kit.add(kit.serve(quirks.OutlookThrottledImap, crlf(sample.small(1))), 'Enabled=false')
        equal(code(kit.check()), 'server-busy')


def test_a_limit_of_messages_a_command():
    """Fails when ask_for_more() takes the first piece of a listing for all of it."""
    with Kit('yahoo') as kit:
        messages = crlf(sample.small(110, size=300))
        server = kit.serve(quirks.LimitingImap, messages)
        kit.add(server, 'Enabled=false', 'Remove=after-delivery')
        for _ in range(4):
            kit.check()
        equal(sample.compare([message.replace(b'\r\n', b'\n') for message in messages], sample.delivered(kit.maildir)), (0, 0, 0))
        equal(sorted(server.removed), list(range(1, 111)))


def test_yahoo_is_left_alone_when_it_says_so():
    """Fails with: seconds_to_retry() without the provider's pause."""
    with Kit('yahoo') as kit:
        kit.add(kit.serve(quirks.YahooImap, []), 'Enabled=true')
        isolated.wait_for(lambda: kit.account()['state'] == 'retrying', what='the check to fail')
        account = kit.account()
        equal(account['problem']['code'], 'server-busy')
        times = [datetime.datetime.fromisoformat(account[key].replace('Z', '+00:00')) for key in ('last_check', 'next_check')]
        true((times[1] - times[0]).total_seconds() >= 890, 'it tries again after %s' % (times[1] - times[0]))


def test_icloud_gets_the_name_it_wants():
    """Fails with: pf_provider_user_name() that answers the address."""
    with Kit('icloud') as kit:
        kit.add(kit.serve(quirks.ICloudImap, crlf(sample.small(1))), 'Enabled=false', address='tim@icloud.com')
        equal(kit.check('tim@icloud.com')['delivered'], 1)
        equal(kit.account('tim@icloud.com')['user_name'], 'tim')
        equal(kit.instance.cli('set', 'tim@icloud.com', 'UserName=tim@icloud.com', '--password-file',
                               kit.instance.secret_file()).returncode, 0)
        refused = kit.check('tim@icloud.com')
        equal(code(refused), 'credentials-rejected')
        true('app-specific password' in refused['problem']['text'], refused['problem']['text'])


def test_gmail_imap_removal_goes_into_the_trash():
    """Fails with: pf_imap_removal_begin() that begins with STORE."""
    messages = sample.small(3)
    with Kit('gmail') as kit:
        server = kit.serve(quirks.GmailImap, crlf(messages))
        kit.add(server, 'Enabled=false', 'Remove=after-delivery')
        result = kit.check()
        equal((result['problem'], result['delivered'], result['removed']), (None, 3, 3))
        equal([len(server.folders[name]) for name in (server.INBOX, server.ALL, server.TRASH)], [0, 0, 3])


def test_gmail_imap_without_a_trash_says_so():
    """Fails with: next_stage() that goes on to COPY, or to STORE, without a trash."""
    messages = sample.small(2)
    with Kit('gmail') as kit:
        server = kit.serve(quirks.GmailImap, crlf(messages), trash_is_shown=False)
        kit.add(server, 'Enabled=false', 'Remove=after-delivery')
        result = kit.check()
        equal((code(result), result['delivered'], result['removed']), ('removal-suspended', 2, 0))
        equal([len(server.folders[name]) for name in (server.INBOX, server.ALL)], [2, 2])


def test_gmail_imap_labels_deliver_once():
    """Fails with: pf_message_recognise() that does not look into other folders; is_skipped() that answers FALSE fetches more often."""
    messages = sample.small(6)
    with Kit('gmail') as kit:
        server = kit.serve(quirks.GmailImap, crlf(messages))
        kit.add(server, 'Enabled=false', 'Folders=*')
        result = kit.check()
        equal((result['problem'], result['delivered'], result['known']), (None, 6, 3))
        equal(sample.compare(messages, kit.got()), (0, 0, 0))
        equal(kit.check()['delivered'], 0)


def test_gmail_imap_folder_by_name_is_fetched():
    messages = sample.small(2)
    with Kit('gmail') as kit:
        server = kit.serve(quirks.GmailImap, crlf(messages))
        kit.add(server, 'Enabled=false', 'Folders=' + server.ALL)
        equal(kit.check()['delivered'], 2)


def test_a_server_without_scram_secrets_gets_plain_in_tls():
    """Fails with: fall_back() that answers FALSE; choose() that does not look at what worked."""
    for server_class in (quirks.SystemUsersPop3, quirks.SystemUsersImap):
        for scram in ('none', 'late'):
            with Kit() as kit:
                server = kit.serve(server_class, crlf(sample.small(1)), 'tls', scram=scram)
                kit.add(server, 'Enabled=false')
                equal(code(kit.check()), None)
                equal(server.attempts, ['SCRAM-SHA-256', 'PLAIN'])
                kit.check()
                equal(server.attempts, ['SCRAM-SHA-256', 'PLAIN', 'PLAIN'])


def test_a_connection_that_ends_is_no_verdict():
    with Kit() as kit:
        server = kit.serve(quirks.ClosingPop3, crlf(sample.small(1)), 'tls')
        kit.add(server, 'Enabled=false')
        true(code(kit.check()) in ('connection-failed', 'tls-failed'))
        equal(code(kit.check()), None)
        equal(server.attempts, ['SCRAM-SHA-256', 'PLAIN'])


def test_a_wrong_password_is_refused_twice_once():
    """Fails with: fall_back() that does not remember."""
    with Kit() as kit:
        server = kit.serve(quirks.SystemUsersPop3, crlf(sample.small(1)), 'tls', scram='good')
        kit.add(server, 'Enabled=false', password='wrong')
        equal([code(kit.check()) for _ in range(3)], ['credentials-rejected'] * 3)
        equal(server.attempts, ['SCRAM-SHA-256', 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-256'])


def test_the_password_stays_hidden_where_it_must():
    """Not in the clear, not to a server whose proof is wrong, not where SCRAM worked before or is asked for.

    Fails with: may_fall_back() without its look at TLS; fall_back() without its look at `cancelled`; note_success() without NEVER."""
    with Kit() as kit:
        server = kit.serve(quirks.SystemUsersPop3, crlf(sample.small(1)))
        kit.add(server, 'Enabled=false', address='clear@example.net')
        equal(code(kit.check('clear@example.net')), 'credentials-rejected')
        equal(server.attempts, ['SCRAM-SHA-256'], 'in the clear')
        server = kit.serve(quirks.SystemUsersPop3, crlf(sample.small(1)), 'tls', scram='forged')
        kit.add(server, 'Enabled=false', address='forged@example.net')
        equal([code(kit.check('forged@example.net')) for _ in range(2)], ['mechanism-unavailable'] * 2)
        equal(server.attempts, ['SCRAM-SHA-256'] * 2, 'to a server that proves nothing')
        server = kit.serve(quirks.SystemUsersPop3, crlf(sample.small(1)), 'tls', scram='good')
        kit.add(server, 'Enabled=false', address='worked@example.net')
        equal(code(kit.check('worked@example.net')), None)
        server.scram = 'none'
        equal(code(kit.check('worked@example.net')), 'credentials-rejected')
        equal(server.attempts, ['SCRAM-SHA-256'] * 2, 'where SCRAM worked')
        server = kit.serve(quirks.SystemUsersPop3, crlf(sample.small(1)), 'tls')
        kit.add(server, 'Enabled=false', 'Authentication=SCRAM-SHA-256', address='named@example.net')
        equal(code(kit.check('named@example.net')), 'credentials-rejected')
        equal(server.attempts, ['SCRAM-SHA-256'], 'where it is named')


if __name__ == '__main__':
    harness.run_tests(globals())
