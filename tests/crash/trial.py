"""What the tests of crashes share: whom to kill, mail that is told apart by its number, and what counts as exactly once."""

import collections
import os
import pwd
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))

import instance as isolated  # noqa: E402
import sample  # noqa: E402

STAMP = re.compile(rb'^X-Trial: ([0-9a-z-]+)$', re.M)


# --- Processes ------------------------------------------------------------------------------------------------------------

def status_of(pid):
    """(parent, state letter) of a process, (0, 'X') when there is none."""
    try:
        with open('/proc/%d/stat' % pid, encoding='utf-8', errors='replace') as file:
            fields = file.read().rpartition(')')[2].split()
            return int(fields[1]), fields[0]
    except OSError:
        return 0, 'X'


def children(pid):
    """Not every kernel lists them in /proc/PID/task."""
    return [int(name) for name in os.listdir('/proc') if name.isdigit() and status_of(int(name))[0] == pid]


def name_of(pid):
    try:
        with open('/proc/%d/comm' % pid, encoding='ascii') as file:
            return file.read().strip()
    except OSError:
        return ''


def processes(instance):
    """What runs of the service: lists of pids by part."""
    supervisor = instance.processes['service'].pid
    below = children(supervisor)
    daemons = [pid for pid in below if name_of(pid) == 'postferryd']
    helpers = [pid for pid in below if name_of(pid) == 'postferry-deliv']
    writers = [child for pid in helpers for child in children(pid)]
    return {'daemon': daemons, 'helper': helpers + writers, 'writer': writers, 'both': daemons + helpers + writers,
            'supervisor': [supervisor]}


def kill(pids):
    """SIGKILL from outside; answers how many were there."""
    hit = 0
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
            hit += 1
        except ProcessLookupError:
            pass
    return hit


def restart(instance):
    """Starts the service again, whatever is left of it."""
    instance.end('service', signal.SIGKILL)
    isolated.wait_for(lambda: not instance.has_owner('org.postferry1'), what='the name to be free')
    instance.start_service()


def start_cli(instance, *arguments):
    command = [os.path.join(instance.build, 'cli-client', 'postferry')] + list(arguments)
    return subprocess.Popen(command, env=instance.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


# --- Mail -----------------------------------------------------------------------------------------------------------------

def message(name, size=2000):
    """One message (LF line ends) that is told apart by @name (digits, lower-case letters and '-')."""
    return (b'From: Sender <sender@example.org>\nTo: carol@example.net\nSubject: trial %s\nMessage-ID: <%s.trial@example.org>\n'
            b'X-Trial: %s\n\n' % ((name.encode(),) * 3)) + b'line of %s\n' % name.encode() * (size // (len(name) + 9))


_serial = [0]


def put(provider, user, messages, folder='new'):
    """Puts messages into a Dovecot's mailbox under file names that never come again."""
    path = os.path.join(provider.mailbox(user), folder)
    nobody = pwd.getpwnam('nobody')
    for text in messages:
        _serial[0] += 1
        name = '%d.M%06dP1Q%d.provider' % (int(time.time()), _serial[0] % 1000000, _serial[0])
        draft = os.path.join(os.path.dirname(path), 'tmp', name)
        with open(draft, 'wb') as file:
            file.write(text)
        os.chown(draft, nobody.pw_uid, nobody.pw_gid)
        os.rename(draft, os.path.join(path, name))


def files(maildir, folder=''):
    """Every message file of a Maildir: path to content."""
    found = {}
    for name in ('new', 'cur'):
        path = os.path.join(maildir, folder, name)
        for entry in sorted(os.listdir(path)) if os.path.isdir(path) else []:
            with open(os.path.join(path, entry), 'rb') as handle:
                found[os.path.join(path, entry)] = handle.read()
    return found


def tell(wanted, texts, topped=False):
    """(lost, doubled, strange) of `texts`, by stamp and then by content; `wanted` maps a stamp to the original.

    `topped`: another server put lines of its own on top.
    """
    counts = collections.Counter()
    strange = 0
    for text in texts:
        match = STAMP.search(text)
        name = match.group(1).decode() if match else None
        if name in wanted and (text.endswith(wanted[name]) if topped else sample.same(wanted[name], text)):
            counts[name] += 1
        else:
            strange += 1
    lost = sum(1 for name in wanted if counts[name] == 0)
    return lost, sum(count - 1 for count in counts.values() if count > 1), strange
