#!/usr/bin/python3
"""Mail that is pushed: it arrives without the interval, whatever the server does with IDLE. Every account's interval is a day.

What no test here does is wait for a number of seconds: each waits for what must come, and what must not come would be another day's.
"""

import os
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))

import harness  # noqa: E402
import hostile  # noqa: E402
import instance as isolated  # noqa: E402
import sample  # noqa: E402
from harness import equal  # noqa: E402
from test_dovecot import World  # noqa: E402
from test_hostile import Kit  # noqa: E402

MESSAGES = [message.replace(b'\n', b'\r\n') for message in sample.small(12)]


class Idle(hostile.Imap):
    """An IMAP server with IDLE, one mailbox for all its sessions. `idles` counts IDLE commands."""

    capabilities = hostile.Imap.capabilities + ' IDLE'

    def __init__(self, *arguments, **options):
        self.arrived = threading.Condition()
        self.idles = 0
        super().__init__(*arguments, **options)

    def deliver(self, message):
        with self.arrived:
            self.messages.append(message)
            self.arrived.notify_all()

    def do_select(self, line, tag, argument):
        line.known = len(self.messages)
        super().do_select(line, tag, argument)

    do_examine = do_select

    def do_idle(self, line, tag, argument):
        self.idles += 1
        line.send('+ idling\r\n')
        threading.Thread(target=self.tell, args=(line, line.known), daemon=True).start()
        return self.until_done(line, tag)

    def tell(self, line, known):
        with self.arrived:
            self.arrived.wait_for(lambda: len(self.messages) > known or self.ended)
        try:
            line.send('* %d EXISTS\r\n' % len(self.messages))
        except OSError:
            pass

    def until_done(self, line, tag):
        equal(line.line().upper(), 'DONE')
        self.ok(line, tag)


class DropsIdle(Idle):
    """Ends the session in IDLE as soon as nothing has happened in it."""

    def tell(self, line, known):
        line.sock.close()


class MutedIdle(Idle):
    """Never answers DONE, in its first session."""

    def until_done(self, line, tag):
        equal(line.line().upper(), 'DONE')
        if self.sessions == 1:
            raise hostile.Hang()
        self.ok(line, tag)


class NoIdle(hostile.Imap):
    """Has no IDLE."""


class TellsEarly(Idle):
    """Mail comes while the mailbox is listed: it is told then, and never again."""

    late = MESSAGES[5]

    def do_uid_fetch(self, line, tag, argument):
        super_result = super().do_uid_fetch(line, tag, argument)
        if 'BODY' not in argument and self.late is not None:
            self.messages.append(self.late)
            self.late = None
            line.send('* %d EXISTS\r\n' % len(self.messages))
        return super_result


def count(kit):
    folders = [os.path.join(kit.maildir, name) for name in ('new', 'cur')]
    return sum(len(os.listdir(folder)) for folder in folders if os.path.isdir(folder))


def state(kit):
    return kit.instance.cli('list', '--no-legend').stdout


def add(kit, server, *settings):
    answer = kit.instance.cli('add', 'p@example.net', 'Protocol=imap', 'Security=none', 'Server=127.0.0.1', 'Port=%d' % server.port,
                              'Interval=86400', *settings, '--no-test', '--password-file', kit.instance.secret_file())
    equal(answer.returncode, 0, answer.stdout + answer.stderr)


def listening(kit):
    isolated.wait_for(lambda: 'listening' in state(kit), 60, 'listening')


def test_dovecot_pushes_each_mail():
    with World() as world:
        world.add('c@example.net', 'imap', 'tls', 'carol', 'alice', 'Interval=86400')
        world.instance.cli('set', 'c@example.net', 'Push=true')
        isolated.wait_for(lambda: world.account('c@example.net')['state'] == 'listening', what='listening')
        for number in range(5):
            world.provider.fill('carol', sample.small(1, start=number))
            isolated.wait_for(lambda wanted=number + 1: len(world.maildir('alice')) == wanted, what='mail %d' % number)
        world.provider.fill('carol', sample.small(20, start=100))
        isolated.wait_for(lambda: len(world.maildir('alice')) == 25, what='a shower of mail')


def test_dovecot_that_was_restarted_is_listened_to_again():
    with World() as world:
        world.add('c@example.net', 'imap', 'tls', 'carol', 'alice', 'Interval=86400')
        world.instance.cli('set', 'c@example.net', 'Push=true')
        isolated.wait_for(lambda: world.account('c@example.net')['state'] == 'listening', what='listening')
        world.provider.__exit__()
        isolated.wait_for(lambda: world.account('c@example.net')['state'] != 'listening', what='the end to be noticed')
        world.provider.__enter__()
        # Refused connections are tried again by back-off: a person need not wait for that.
        world.instance.cli('check', 'c@example.net')
        isolated.wait_for(lambda: world.account('c@example.net')['state'] == 'listening', what='listening again')
        world.provider.fill('carol', sample.small(1))
        isolated.wait_for(lambda: len(world.maildir('alice')) == 1, what='the mail')


def test_a_stand_in_pushes():
    with Kit() as kit:
        server = Idle(MESSAGES[:1])
        add(kit, server)
        listening(kit)
        for wanted in range(2, 5):
            server.deliver(MESSAGES[wanted])
            isolated.wait_for(lambda wanted=wanted: count(kit) == wanted, what='mail %d' % wanted)
        server.close()


def test_idle_that_is_dropped_is_taken_up_again_and_then_let_be():
    """Fails when pf_entry_may_listen() is always TRUE: the server is dialled for ever."""
    with Kit() as kit:
        server = DropsIdle(MESSAGES[:1])
        add(kit, server)
        isolated.wait_for(lambda: server.idles == 3, 90, 'three tries')
        isolated.wait_for(lambda: 'idle' in state(kit) and count(kit) == 1, 60, 'polling')
        server.deliver(MESSAGES[1])
        equal(kit.instance.cli('check').returncode, 0)
        equal((count(kit), server.idles), (2, 3), 'polled, and not tried again')
        server.close()


def test_done_that_is_not_answered_is_noticed():
    """Fails when the pump's clocks do not run while IDLE's end is awaited."""
    with Kit() as kit:
        server = MutedIdle(MESSAGES[:1])
        add(kit, server)
        listening(kit)
        server.deliver(MESSAGES[1])
        isolated.wait_for(lambda: count(kit) == 2, 60, 'the mail by another session')
        listening(kit)
        server.close()


def test_without_idle_it_is_polled():
    with Kit() as kit:
        server = NoIdle(MESSAGES[:1])
        add(kit, server)
        isolated.wait_for(lambda: count(kit) == 1, what='the first mail')
        isolated.wait_for(lambda: '  idle  ' in state(kit), what='idle')
        server.messages.append(MESSAGES[1])
        equal(kit.instance.cli('check').returncode, 0)
        equal(count(kit), 2)
        server.close()


def test_mail_told_of_while_listing_is_fetched():
    """Fails when imap_idle() begins to listen although EXISTS came since the folder was opened: the mail would wait for the interval."""
    with Kit() as kit:
        server = TellsEarly(MESSAGES[:1])
        add(kit, server)
        isolated.wait_for(lambda: count(kit) == 2, what='the mail that came between')
        listening(kit)
        server.close()


if __name__ == '__main__':
    isolated.enter()
    harness.run_tests(globals(), [name for name in globals() if name.startswith('test_')] if not sys.argv[1:] else None)
