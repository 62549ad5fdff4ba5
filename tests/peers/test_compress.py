#!/usr/bin/python3
"""COMPRESS=DEFLATE over a line with a round trip: when it is asked for, that all arrives, and what becomes of a server that abuses it."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ('.', '../servers', '../bench'):
    sys.path.insert(0, os.path.join(HERE, folder))

import harness  # noqa: E402
import hostile  # noqa: E402
import instance as isolated  # noqa: E402
import line  # noqa: E402
import sample  # noqa: E402
from dovecot import Dovecot  # noqa: E402
from harness import equal, true  # noqa: E402

ZLIB = 'mail_plugins = zlib\nprotocol imap {\n  mail_plugins = zlib imap_zlib\n  rawlog_dir = %s\n}\n'


def add(world, host, port, *more):
    answer = world.cli('add', 'c@example.net', 'Protocol=imap', 'Server=' + host, 'Port=%d' % port, 'UserName=carol', 'LocalUser=alice', *more,
                       '--no-test', '--password-file', world.secret_file())
    equal(answer.returncode, 0, answer.stdout + answer.stderr)


def compressed(logs):
    """How many sessions asked for it, of how many, since the last call."""
    asked, all_of_them = 0, 0
    for name in os.listdir(logs):
        if name.endswith('.in'):
            with open(os.path.join(logs, name), 'rb') as file:
                data = file.read()
            all_of_them += 1
            asked += b'COMPRESS DEFLATE' in data
        os.unlink(os.path.join(logs, name))
    return asked, all_of_them


def with_dovecot(milliseconds, push, steps):
    logs = tempfile.mkdtemp(prefix='postferry-')
    os.chmod(logs, 0o777)
    messages = sample.messages(large=3000000)
    try:
        with isolated.Instance() as world, line.Line(milliseconds) as way, \
                Dovecot(world.path('provider'), listen=way.server, launcher=way.launcher, extra=ZLIB % logs) as provider:
            provider.fill('carol', messages)
            add(world, line.NAME, provider.ports['imaps'], 'Certificate=' + provider.certificate, 'Push=' + push, 'Enabled=false')
            answer = world.cli('check', 'c@example.net')
            equal(answer.returncode, 0, answer.stdout + answer.stderr)
            equal(sample.compare(messages, sample.delivered('/home/alice/Maildir', '')), (0, 0, 0))
            steps(world, provider, lambda: compressed(logs))
    finally:
        shutil.rmtree(logs)


def test_the_first_fetching_is_compressed():
    def steps(world, provider, asked):
        equal(asked(), (1, 1))
        provider.fill('carol', sample.small(2, start=700))
        isolated.wait_for(lambda: world.cli('check', 'c@example.net') and len(sample.delivered('/home/alice/Maildir', ''))
                          == len(sample.messages(large=3000000)) + 2, what='the new mail')
        equal(asked()[0], 0, 'a check that finds little does not wait for it')
    with_dovecot(5, 'false', steps)


def test_not_in_the_house_nor_to_listen():
    with_dovecot(0, 'false', lambda world, provider, asked: equal(asked(), (0, 1), 'no round trip'))
    with_dovecot(5, 'true', lambda world, provider, asked: equal(asked(), (0, 1), 'its connections stay open'))


# --- Stand-ins ------------------------------------------------------------------------------------

class Packed:
    """A socket that is compressed."""

    def __init__(self, sock):
        self.sock = sock
        self.out = zlib.compressobj(9, zlib.DEFLATED, -15)
        self.into = zlib.decompressobj(-15)

    def sendall(self, data):
        self.sock.sendall(self.out.compress(data) + self.out.flush(zlib.Z_SYNC_FLUSH))

    def recv(self, size):
        data = self.sock.recv(size)
        return self.into.decompress(data) or self.recv(size) if data else b''

    def close(self):
        self.sock.close()


class Good(hostile.Imap):
    capabilities = hostile.Imap.capabilities + ' COMPRESS=DEFLATE'

    def do_compress(self, line, tag, argument):
        self.ok(line, tag)
        line.sock = Packed(line.sock)
        self.active(line)

    def active(self, line):
        pass


class Refuses(Good):
    def do_compress(self, line, tag, argument):
        line.send(tag + ' NO [COMPRESSIONACTIVE] not here\r\n')


class Clear(Good):
    """Says yes, and goes on in the clear."""

    def do_compress(self, line, tag, argument):
        line.send('%s OK yes\r\n* OK but not compressed\r\n' % tag)


class Ahead(Good):
    """What follows comes in one packet with the yes."""

    def do_compress(self, line, tag, argument):
        packed = Packed(line.sock)
        data = packed.out.compress(b'* OK compressed by now\r\n') + packed.out.flush(zlib.Z_SYNC_FLUSH)
        line.send(('%s OK yes\r\n' % tag).encode() + data)
        line.sock = packed


class EndlessLine(Good):
    def do_examine(self, line, tag, argument):
        block = b'x' * 10000000
        line.send('* OK ')
        while True:
            line.send(block)


class EndlessLines(Good):
    def do_examine(self, line, tag, argument):
        block = b'* OK here\r\n' * 1000000
        while True:
            line.send(block)


class HugeBody(Good):
    """Lists some hundred octets and sends 4 GB of them."""

    def body(self, uid):
        return b'* %d FETCH (UID %d BODY[] {4000000000}\r\n' % (uid, uid) + bytes(100000000)


def serve(name, address):
    """In the server's namespace."""
    real = socket.create_server
    socket.create_server = lambda where, **options: real((address, 0), **options)
    messages = [message.replace(b'\n', b'\r\n') for message in sample.small(2)]
    print(globals()[name](messages).port, flush=True)
    sys.stdin.read()


def problem_with(server_class, conf='[Limits]\nReplyTimeout=3\nCommandTimeout=5\nMaxMessageSize=1M\n[Log]\nTarget=file:{log}\n'):
    """(problem, messages delivered)."""
    with isolated.Instance() as world:
        world.configure(conf)
        world.restart_service()
        with line.Line(5) as way:
            server = subprocess.Popen(way.launcher + ['/usr/bin/python3', '-B', os.path.abspath(__file__), '--serve', server_class.__name__,
                                                      way.server], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            try:
                add(world, line.NAME, int(server.stdout.readline()), 'Security=none', 'AllowCleartext=true', 'Push=false', 'Enabled=false')
                world.cli('check', 'c@example.net')
                problem = json.loads(world.cli('show', 'c@example.net', '--json').stdout)['problem']
                return problem and problem['code'], len(sample.delivered('/home/alice/Maildir', ''))
            finally:
                server.stdin.close()
                server.kill()
                server.wait()


def test_stand_ins():
    for server_class, problems, delivered in ((Good, {None}, 2), (Refuses, {None}, 2), (Ahead, {None}, 2), (Clear, {'protocol-error'}, 0),
                                              (EndlessLine, {'limit-exceeded'}, 0), (EndlessLines, {'timed-out', 'limit-exceeded'}, 0),
                                              (HugeBody, {'timed-out', 'protocol-error', 'limit-exceeded'}, 0)):
        problem, count = problem_with(server_class)
        true(problem in problems, '%s: %s' % (server_class.__name__, problem))
        equal(count, delivered, server_class.__name__)


if __name__ == '__main__':
    if sys.argv[1:2] == ['--serve']:
        serve(*sys.argv[2:])
    else:
        isolated.enter()
        harness.run_tests(globals())
