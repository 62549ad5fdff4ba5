#!/usr/bin/python3
"""A real clamd with signatures of the tests' own: both sockets, limits, starting, reloading, a large message."""

import base64
import io
import os
import re
import socket
import threading
import time
import zipfile

import scans
from scans import HAM, MIB, drive, folder, one, store

import harness
import scanners
from harness import equal, true
from scanners import EICAR, SAMPLE

CLAMD = None


def attach(octets):
    return (b'Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: application/zip\n'
            b'Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=a.zip\n\n' + base64.encodebytes(octets) + b'--B--\n')


def zipped(octets):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, 'w', zipfile.ZIP_DEFLATED) as file:
        file.writestr('a.com', octets)
    return archive.getvalue()


def test_both_sockets():
    rows = [(HAM, 'clean', ''), (b'Subject: x\n\n' + EICAR + b'\n', 'found', 'Test.Eicar'), (attach(zipped(EICAR)), 'found', 'Test.Eicar'),
            (attach(SAMPLE), 'found', 'Test.Digest'), (HAM * 2000, 'clean', ''), (b'', 'skipped', '')]
    for address in ('unix:' + CLAMD.path, 'tcp:127.0.0.1:%d' % CLAMD.port, 'tcp:localhost:%d' % CLAMD.port):
        for octets, status, name in rows:
            result = one('--clamd', address, store(octets))
            equal((result['status'], result['name'].replace('.UNOFFICIAL', '')), (status, name), address)


def test_many_at_a_time():
    paths = [store(HAM if i % 2 else b'Subject: %d\n\n' % i + EICAR) for i in range(10)]
    results, end = drive('--clamd', 'unix:' + CLAMD.path, '--repeat', 20, '--probe', *paths)
    equal(sorted(result['status'] for result in results), ['clean'] * 101 + ['found'] * 100)
    true(re.match(r'ClamAV \d', end['version']), end)


def test_stream_limit_is_no_trouble():
    """clamd hangs up in the middle, after it has said why."""
    with scanners.Clamd(folder(), stream_max='1M') as small:
        for address in ('unix:' + small.path, 'tcp:127.0.0.1:%d' % small.port):
            for size in (MIB + 1, 5 * MIB, 40 * MIB):
                result = one('--clamd', address, store(b'Subject: x\n\n' + b'x' * size))
                equal((result['status'], result['reason']), ('skipped', 'too-large'), (address, size, result['text']))
            equal(one('--clamd', address, store(b'x' * (MIB - 1)))['status'], 'clean')
    result = one('--clamd', 'unix:' + CLAMD.path, '--max-size', 1000, store(HAM * 5))
    equal((result['status'], result['reason']), ('skipped', 'too-large'))


def test_a_start_is_waited_for():
    """Its socket is not there yet; then it answers."""
    with scanners.Clamd(folder()) as clamd:
        clamd.stop()
        later = threading.Timer(1.5, clamd.start)
        later.start()
        equal(one('--clamd', 'unix:' + clamd.path, store(EICAR))['status'], 'found')
        later.join()


def test_reloading():
    """Scans go on while it reads its signatures anew, again and again."""
    over = threading.Event()

    def reload():
        while not over.is_set():
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(CLAMD.path)
                connection.sendall(b'zRELOAD\0')
                connection.recv(100)
            time.sleep(0.05)
    thread = threading.Thread(target=reload)
    thread.start()
    results, _ = drive('--clamd', 'unix:' + CLAMD.path, '--repeat', 300, '--width', 4, store(EICAR))
    over.set()
    thread.join()
    equal({result['status'] for result in results}, {'found'})


def test_a_large_message_takes_no_memory():
    """Of a build without sanitizers."""
    message = store(HAM + os.urandom(MIB) * 49)
    for address in ('unix:' + CLAMD.path, 'tcp:127.0.0.1:%d' % CLAMD.port):
        results, end = drive('--clamd', address, message, build=scans.PLAIN)
        equal(results[0]['status'], 'clean', results)
        print('%d MB by clamd: %d KiB more, %.1f s' % (os.path.getsize(message) // 1000000, end['grown'], end['seconds']))
        true(end['grown'] < 8192, 'grew by %d KiB' % end['grown'])


if __name__ == '__main__':
    scans.enter()
    with scanners.Clamd(folder()) as CLAMD:
        harness.run_tests(globals())
