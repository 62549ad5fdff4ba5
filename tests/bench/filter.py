#!/usr/bin/python3
"""Messages a second that our clients get out of real scanners, beside what plain sockets get with the same messages, as many at a time;
messages a second whose attachments are looked into; and what a message of 50 MB makes of our memory.

usage: filter.py [MESSAGES [ROUNDS]]     Root; Rspamd and clamd. Prints, asserts nothing.
"""

import json
import multiprocessing
import os
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'filter'))

import samples  # noqa: E402
import scans  # noqa: E402
import scanners  # noqa: E402

WIDTHS = {'rspamd': 16, 'clamd': 6}


def make_messages(folder, count, size):
    """No two alike, so that nothing is answered from memory."""
    paths = []
    for number in range(count):
        words = b' '.join(b'word%d' % (number * 7919 + i) for i in range(size // 10))
        paths.append(scans.store(scans.HAM.replace(b'<lunch', b'<lunch%d' % number) + words + b'\n', os.path.join(folder, '%d-%d' % (size, number))))
    return paths


def ask(address, request):
    with socket.socket() as connection:
        connection.connect(('127.0.0.1', address))
        connection.sendall(request)
        answer = b''
        while True:
            data = connection.recv(65536)
            if not data:
                return answer
            answer += data


def request_of(scanner, octets):
    if scanner == 'rspamd':
        return (b'POST /checkv2 HTTP/1.1\r\nHost: x\r\nIP: 203.0.113.10\r\nHelo: mail.good.test\r\nHostname: mail.good.test\r\nFrom: bob@good.test\r\n'
                b'Rcpt: alice@provider.test\r\nContent-Length: %d\r\n\r\n' % len(octets)) + octets
    return b'zINSTREAM\0' + struct.pack('>I', len(octets)) + octets + struct.pack('>I', 0)


def feed(job):
    scanner, address, paths = job
    for path in paths:
        with open(path, 'rb') as file:
            answer = ask(address, request_of(scanner, file.read()))
        if (b'"action"' if scanner == 'rspamd' else b'OK') not in answer:
            raise AssertionError(answer[:300])


def direct(pool, scanner, address, paths):
    width = WIDTHS[scanner]
    began = time.monotonic()
    pool.map(feed, [(scanner, address, paths[i::width]) for i in range(width)], chunksize=1)
    return len(paths) / (time.monotonic() - began)


def ours(scanner, address, paths):
    where = ['--rspamd', 'http://127.0.0.1:%d' % address] if scanner == 'rspamd' else ['--clamd', 'tcp:127.0.0.1:%d' % address]
    results, end = scans.drive(*where, '--ip', '203.0.113.10', '--helo', 'mail.good.test', '--hostname', 'mail.good.test', '--from', 'bob@good.test',
                               '--rcpt', 'alice@provider.test', '--width', WIDTHS[scanner], *paths, build=scans.PLAIN)
    if {result['status'] for result in results} != {'clean'}:
        raise AssertionError(results)
    return len(paths) / end['seconds']


def measure(scanner, address, paths, rounds):
    rates = {'direct': [], 'ours': []}
    with multiprocessing.Pool(WIDTHS[scanner]) as pool:
        direct(pool, scanner, address, paths)
        for number in range(rounds):
            for way in ('direct', 'ours') if number % 2 else ('ours', 'direct'):
                rates[way].append(direct(pool, scanner, address, paths) if way == 'direct' else ours(scanner, address, paths))
    plain, product = statistics.median(rates['direct']), statistics.median(rates['ours'])
    print('%-7s %6d octets, %2d at a time: direct %7.1f/s, ours %7.1f/s, ratio %.2f'
          % (scanner, os.path.getsize(paths[0]), WIDTHS[scanner], plain, product, product / plain), flush=True)


def attachments(paths, *arguments):
    command = [os.path.join(scans.PLAIN, 'tests', 'unit', 'filter', 'attachments-driver'), *arguments, *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure_attachments(folder, count):
    files = [('letter.txt', b'Dear Alice,\n' * 100), ('report.zip', samples.zipped([('report.txt', b'of this year\n' * 1000)]))]
    for what, octets in (('text', samples.message()), ('with files', samples.message(*files))):
        end = attachments([scans.store(octets, os.path.join(folder, 'attached'))], '--repeat', str(count), '--width', '16')
        print('attachments, %-10s: %7.1f/s' % (what, count / end['seconds']), flush=True)
    large = os.urandom(36000000)
    for name, octets in (('large.dat', large), ('large.zip', samples.zipped([('large.dat', large)]))):
        path = scans.store(samples.message((name, octets)), os.path.join(folder, 'large'))
        end = attachments([path])
        print('attachments, %s in a message of %d MB: %d KiB more, %.2f s'
              % (name, os.path.getsize(path) // 1000000, end['grown'], end['seconds']), flush=True)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    scans.enter()
    messages = tempfile.mkdtemp()
    measure_attachments(messages, count * 5)
    with scanners.Rspamd(scans.folder()) as rspamd, scanners.Clamd(scans.folder()) as clamd:
        for size in (2000, 50000):
            paths = make_messages(messages, count if size < 10000 else count // 4, size)
            measure('rspamd', rspamd.port, paths, rounds)
            measure('clamd', clamd.port, paths, rounds)


if __name__ == '__main__':
    main()
