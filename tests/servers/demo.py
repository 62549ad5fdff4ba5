#!/usr/bin/python3
"""`make run`: an isolated instance fetches a sample mailbox by POP3 and by IMAP, and shows the result.

On a terminal the instance stays up until it is ended, so that one can play with it.
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import instance as isolated  # noqa: E402
import sample  # noqa: E402
from dovecot import Dovecot  # noqa: E402


def show(title, instance, *arguments):
    print('\n$ postferry ' + ' '.join(arguments), flush=True)
    command = [os.path.join(instance.build, 'cli-client', 'postferry')] + (['--session'] if instance.session else []) + list(arguments)
    status = subprocess.run(command, env=instance.environment(), check=False).returncode
    if status not in (0, 10):
        raise SystemExit('%s failed with exit status %d; the service says:\n%s' % (title, status, instance.read('service.log')))


def add(instance, provider, address, protocol, port, user, local_user):
    show('add', instance, 'add', address, 'Protocol=' + protocol, 'Security=tls', 'Server=localhost', 'Port=%d' % port,
         'UserName=' + user, 'LocalUser=' + local_user, 'Certificate=' + provider.certificate, '--password-file',
         instance.secret_file())


def listing(user):
    print('\n$ ls -l ~%s/Maildir/new' % user, flush=True)
    subprocess.run(['ls', '-l', '/home/%s/Maildir/new' % user], check=True)


def stay(instance):
    print("""
The instance stays up. From another terminal, as root:

  export DBUS_SYSTEM_BUS_ADDRESS=unix:path=%s
  %s list

Its files: %s (mail.log is the mail log). Press Enter here to end it.""" % (
        instance.path('bus'), os.path.join(instance.build, 'cli-client', 'postferry'), instance.folder), flush=True)
    try:
        sys.stdin.readline()
    except KeyboardInterrupt:
        pass


def main():
    isolated.enter()
    messages = sample.messages()
    with isolated.Instance() as instance, Dovecot(instance.path('provider')) as provider:
        provider.fill('carol', messages)
        provider.fill('dave', messages)
        print('Postferry runs at unix:path=%s, the provider is a Dovecot with %d messages in each of two mailboxes.'
              % (instance.path('bus'), len(messages)), flush=True)
        add(instance, provider, 'carol@example.net', 'pop3', provider.ports['pop3s'], 'carol', 'alice')
        add(instance, provider, 'dave@example.net', 'imap', provider.ports['imaps'], 'dave', 'bob')
        show('check', instance, 'check')
        show('list', instance, 'list')
        show('log', instance, 'log', '--lines', '40')
        for user in ('alice', 'bob'):
            listing(user)
            missing, doubled, strange = sample.compare(messages, sample.delivered('/home/%s/Maildir' % user))
            print('%s: %d of %d messages delivered, byte for byte; %d doubled' % (user, len(messages) - missing, len(messages), doubled))
            if missing or doubled or strange:
                raise SystemExit('the mailbox of %s is not what the provider had' % user)
        if sys.stdin.isatty() and sys.stdout.isatty():
            stay(instance)


if __name__ == '__main__':
    main()
