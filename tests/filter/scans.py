"""What the tests of the scanners' clients share: namespaces of their own, the driver, stand-ins that misbehave."""

import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'servers'))

BUILD = os.environ.get('PF_BUILD', os.path.join(HERE, '..', '..', 'build', 'plain'))
PLAIN = os.environ.get('PF_BUILD_PLAIN', os.path.join(HERE, '..', '..', 'build', 'plain'))
MIB = 1024 * 1024

HAM = b"""Received: from mail.good.test (mail.good.test [203.0.113.10])
\tby mx.provider.test (Postfix) with ESMTPS id ABC123
\tfor <alice@provider.test>; Sun, 22 Nov 2026 10:00:00 +0000
From: Bob <bob@good.test>
To: alice@provider.test
Subject: Lunch on Monday
Date: Sun, 22 Nov 2026 10:00:00 +0000
Message-ID: <lunch@good.test>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Hello Alice, shall we have lunch on Monday at noon? There is a new place by the river. Best regards, Bob
"""


def enter():
    """Runs the script where processes, mounts and the network are its own: the scanners' real ports are free. Needs root."""
    if os.geteuid() != 0:
        print('needs root: namespaces, and users for the scanners')
        sys.exit(77)
    for program in ('rspamd', 'clamd'):
        if shutil.which(program, path=os.environ.get('PATH', '') + ':/usr/sbin') is None:
            print('%s is not installed' % program)
            sys.exit(77)
    if os.environ.get('PF_INSIDE') != '1':
        os.environ['PF_INSIDE'] = '1'
        os.environ['PATH'] = os.environ.get('PATH', '') + ':/usr/sbin:/sbin'
        os.execvp('unshare', ['unshare', '--mount', '--pid', '--net', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private',
                              '/usr/bin/python3', '-B'] + sys.argv)
    with socket.socket() as control:
        fcntl.ioctl(control, 0x8914, struct.pack('16sh14x', b'lo', 0x41))  # SIOCSIFFLAGS: up, running


def folder():
    """A folder that the scanners' users may enter."""
    path = tempfile.mkdtemp(prefix='postferry-scan-')
    os.chmod(path, 0o755)
    return path


def store(octets, path=None):
    """A file with these octets: its path."""
    path = path or os.path.join(tempfile.mkdtemp(), 'message')
    with open(path, 'wb') as file:
        file.write(octets)
    return path


def drive(*arguments, build=BUILD, seconds=120):
    """Results of the scans, in the order they came, and how the scanner is."""
    command = [os.path.join(build, 'tests', 'unit', 'filter', 'scan-driver')] + [str(word) for word in arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    if done.returncode != 0:
        raise AssertionError('%s\n%s' % (done.stdout, done.stderr))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return lines[:-1], lines[-1]


def one(*arguments, **more):
    results, _ = drive(*arguments, **more)
    if len(results) != 1:
        raise AssertionError('%d results: %r' % (len(results), results))
    return results[0]


# --- Stand-ins ------------------------------------------------------------------------------------------------------

class StandIn:
    """Calls @talk (connection) in a thread for each connection; .count of them so far."""

    def __init__(self, talk, path=None, port=0):
        self.talk, self.count = talk, 0
        self.listening = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        if not path:
            self.listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listening.bind(path or ('127.0.0.1', port))
        self.listening.listen(64)
        self.port = None if path else self.listening.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def url(self):
        return 'http://127.0.0.1:%d' % self.port

    @property
    def tcp(self):
        return 'tcp:127.0.0.1:%d' % self.port

    def accept(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            self.count += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            with connection:
                self.talk(connection)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()


def read_request(connection):
    """One HTTP request: its header lines and its body, None at the end of the stream."""
    data = b''
    while b'\r\n\r\n' not in data:
        more = connection.recv(65536)
        if not more:
            return None, None
        data += more
    head, body = data.split(b'\r\n\r\n', 1)
    lines = head.decode('latin-1').split('\r\n')
    length = next((int(line.split(':')[1]) for line in lines if line.lower().startswith('content-length:')), 0)
    while len(body) < length:
        more = connection.recv(65536)
        if not more:
            return lines, body
        body += more
    return lines, body


def http(body, status='200 OK', kind='application/json', more=''):
    body = body if isinstance(body, bytes) else body.encode()
    return ('HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n' % (status, kind, len(body), more)).encode() + body


def says(octets):
    """A talk: reads one request, answers @octets, hangs up."""
    def talk(connection):
        read_request(connection)
        connection.sendall(octets)
    return talk


def read_stream(connection):
    """clamd's side of INSTREAM: the octets, None when it ended before its end."""
    file = connection.makefile('rb')
    if file.read(10) != b'zINSTREAM\0':
        return None
    data = b''
    while True:
        word = file.read(4)
        if len(word) < 4:
            return None
        length = int.from_bytes(word, 'big')
        if length == 0:
            return data
        data += file.read(length)
