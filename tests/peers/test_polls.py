#!/usr/bin/python3
"""Checks that find nothing new: what they ask the server, and that no mail is missed for it."""

import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))

import harness  # noqa: E402
import hostile  # noqa: E402
import instance as isolated  # noqa: E402
import sample  # noqa: E402
from harness import equal, true  # noqa: E402
from test_dovecot import World  # noqa: E402

class Watched(World):
    """A world whose Dovecot writes down what it is asked."""

    def __init__(self):
        self.logs = tempfile.mkdtemp(prefix='postferry-')
        os.chmod(self.logs, 0o777)
        super().__init__(extra='protocol imap {\n  rawlog_dir = %s\n}\n' % self.logs)

    def __exit__(self, *exception):
        super().__exit__(*exception)
        shutil.rmtree(self.logs)

    def asked(self):
        """The commands since the last call."""
        commands = []
        for name in sorted(os.listdir(self.logs)):
            if name.endswith('.in'):
                with open(os.path.join(self.logs, name), encoding='latin-1') as file:
                    commands += file.read().splitlines()
                os.unlink(os.path.join(self.logs, name))
        return commands


def listings(commands):
    return [command.split('UID FETCH ')[1].split(' ')[0] for command in commands if 'RFC822.SIZE' in command]


def test_what_dovecot_is_asked():
    with Watched() as world:
        world.provider.fill('carol', sample.small(20))
        world.add('c@example.net', 'imap', 'none')
        world.check('c@example.net')
        world.asked()
        result = world.check('c@example.net')[0]
        equal((result['delivered'], result['known']), (0, 20))
        equal(listings(world.asked()), ['21:*'], 'nothing is listed anew')
        world.provider.fill('carol', sample.small(3, start=500))
        isolated.wait_for(lambda: world.check('c@example.net')[0]['delivered'] == 3, what='the new mail')
        equal(set(listings(world.asked())), {'21:*'})
        world.instance.restart_service()
        world.asked()
        result = world.check('c@example.net')[0]
        equal((result['delivered'], result['known']), (0, 23), 'after a restart')
        true(set(listings(world.asked())) <= {'24:*'}, 'after a restart')
        equal(len(world.maildir('alice')), 23)


def test_a_change_of_settings_lists_all():
    with Watched() as world:
        world.provider.fill('carol', sample.small(4))
        world.add('c@example.net', 'imap', 'none')
        world.check('c@example.net')
        equal(world.instance.cli('set', 'c@example.net', 'Remove=after-delivery').returncode, 0)
        world.check('c@example.net')
        equal(world.provider.left('carol'), 0)
        world.asked()
        world.provider.fill('carol', sample.small(2, start=300))
        # Dovecot looks into a Maildir that changed just now a moment later.
        isolated.wait_for(lambda: world.check('c@example.net')[0]['delivered'], what='the new mail')
        equal(set(listings(world.asked())), {'5:*'}, 'an account that removes is polled cheaply too')
        equal((world.provider.left('carol'), len(world.maildir('alice'))), (0, 6))


def test_another_client_removes():
    with Watched() as world:
        world.provider.fill('carol', sample.small(4))
        world.add('c@example.net', 'imap', 'none')
        world.check('c@example.net')
        world.provider.forget('carol', 1)
        world.asked()
        isolated.wait_for(lambda: world.check('c@example.net')[0]['known'] == 3, what='the count that does not add up')
        equal(listings(world.asked())[-1], '1:*')
        world.check('c@example.net')
        equal(listings(world.asked()), ['5:*'])


def test_limited_checks_fetch_the_rest():
    with Watched() as world:
        world.provider.fill('carol', sample.small(9))
        world.add('c@example.net', 'imap', 'none', 'carol', 'alice', 'MaxMessagesPerCheck=2')
        isolated.wait_for(lambda: world.check('c@example.net') and len(world.maildir('alice')) == 9, what='all the mail')
        world.check('c@example.net')
        world.asked()
        world.check('c@example.net')
        equal(listings(world.asked()), ['10:*'])


class Odd(hostile.Imap):
    """One whose folder can be changed under the client. `listed` counts what FETCH told."""

    validity = 1
    exists = None
    modseq = None
    uidnext = None

    def __init__(self, *arguments, **options):
        self.asked = []
        super().__init__(*arguments, **options)

    def do_select(self, line, tag, argument):
        line.send('* %d EXISTS\r\n* OK [UIDVALIDITY %d] ok\r\n' % (len(self.uids()), self.validity))
        if self.uidnext != 0:
            line.send('* OK [UIDNEXT %d] ok\r\n' % (self.uidnext or len(self.messages) + 1))
        if self.modseq is not None:
            line.send('* OK [%s] ok\r\n' % ('HIGHESTMODSEQ %d' % self.modseq if self.modseq else 'NOMODSEQ'))
        self.ok(line, tag, '[READ-WRITE] selected')

    do_examine = do_select

    def do_uid_fetch(self, line, tag, argument):
        if 'RFC822.SIZE' in argument:
            self.asked.append(argument.split(' ')[0])
        chosen = self.chosen(argument)
        # RFC 3501: "n:*" is the last message at least.
        if not chosen and '*' in argument and self.uids():
            chosen = self.uids()[-1:]
        for uid in chosen:
            line.send(self.body(uid) if 'BODY' in argument else self.listing(uid))
        self.ok(line, tag)


def with_odd(steps, **attributes):
    """`steps` get a server with three messages that are delivered, and a function that checks and tells what was listed, and how many
    messages the user has then."""
    messages = [message.replace(b'\n', b'\r\n') for message in sample.small(10)]
    with isolated.Instance() as world:
        server = type('Server', (Odd,), attributes)(messages[:3])
        try:
            answer = world.cli('add', 'c@example.net', 'Protocol=imap', 'Security=none', 'Server=127.0.0.1', 'Port=%d' % server.port,
                               'UserName=carol', 'LocalUser=alice', 'Push=false', '--password-file', world.secret_file())
            equal(answer.returncode, 0, answer.stdout + answer.stderr)

            def check():
                server.asked.clear()
                answer = world.cli('check', 'c@example.net')
                equal(answer.returncode, 0, answer.stdout + answer.stderr)
                return server.asked[:], len(sample.delivered('/home/alice/Maildir', ''))

            check()
            steps(server, check, messages)
        finally:
            server.close()


def test_without_uidnext():
    def steps(server, check, messages):
        equal(check(), (['4:*'], 3))
        server.messages.append(messages[3])
        equal(check(), (['4:*'], 4))
    with_odd(steps, uidnext=0)


def test_another_uidvalidity():
    """Other messages under the same numbers, as many as there were. Fails when agrees() does not compare UIDVALIDITY."""
    def steps(server, check, messages):
        server.validity = 2
        server.messages = messages[3:6]
        equal(check(), (['4:*', '1:*'], 6))
    with_odd(steps)


def test_a_folder_that_went_backwards():
    """Restored from a copy: UIDNEXT or HIGHESTMODSEQ tells, when the count does not."""
    def by_uidnext(server, check, messages):
        server.uidnext = 3
        equal(check(), (['4:*', '1:*'], 3))
    with_odd(by_uidnext)

    def by_modseq(server, check, messages):
        server.modseq = 8
        equal(check(), (['4:*', '1:*'], 3))
        equal(check(), (['4:*'], 3))
        server.modseq = 0
        equal(check(), (['4:*', '1:*'], 3), 'NOMODSEQ')
        equal(check(), (['4:*'], 3))
    with_odd(by_modseq, modseq=9)


def test_mail_below_what_was_settled():
    """Against the protocol, and fetched all the same. Fails when adds_up() does not count."""
    def steps(server, check, messages):
        server.gone = {2}
        check()
        equal(check(), (['4:*'], 3))
        server.gone = set()
        server.messages[1] = messages[7]
        equal(check()[0], ['4:*', '1:*'])
    with_odd(steps)


def test_a_server_that_finds_it_wrong():
    """An empty folder, and "1:*" is an error; an error for what is new, and all is listed."""
    def wrong(self, line, tag, argument):
        if not self.chosen(argument):
            self.asked.append(argument.split(' ')[0])
            line.send(tag + ' BAD no such message\r\n')
        else:
            Odd.do_uid_fetch(self, line, tag, argument)

    def steps(server, check, messages):
        equal(check(), (['4:*', '1:*'], 3))
        server.gone = {1, 2, 3}
        equal(check(), (['4:*', '1:*'], 3))
        server.messages.append(messages[3])
        equal(check()[1], 4)
    with_odd(steps, do_uid_fetch=wrong)


if __name__ == '__main__':
    isolated.enter()
    harness.run_tests(globals())
