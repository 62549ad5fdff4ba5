#!/usr/bin/python3
"""Scanner trouble is never a verdict: stand-ins that refuse, keep silent, drip, lie and break off, each with the reason that must be told."""

import gzip
import json
import os
import shutil
import ssl
import subprocess
import tempfile
import time

import scans
from scans import HAM, MIB, StandIn, drive, http, one, read_request, read_stream, says, store

import harness
from harness import equal, true
from scanners import free_port

GOOD = json.dumps({'action': 'no action', 'score': 0.5, 'required_score': 15, 'symbols': {}})
MESSAGE = store(HAM)
LARGE = store(HAM + b'x' * 79 + b'\n' * (8 * MIB))


def told(talk, reason, *more, message=MESSAGE):
    """Rspamd's client gets no answer out of that."""
    with StandIn(talk) as standin:
        result = one('--rspamd', standin.url, *more, message)
    equal((result['status'], result['reason']), ('trouble', reason), result['text'])
    true(result['text'] and 'action' not in result, result)
    return result


# --- Rspamd: no connection, no time -----------------------------------------------------------------------------

def test_rspamd_refused():
    for url in ('http://127.0.0.1:%d' % free_port(), 'http://[::1]:%d/' % free_port(), 'unix:/nowhere/rspamd.sock',
                'http://no.such.name.invalid:11333'):
        result = one('--rspamd', url, MESSAGE)
        equal((result['status'], result['reason']), ('trouble', 'unreachable'), result['text'])


def test_automatic():
    """Absent counts as none until it has answered once, now or in an earlier life."""
    result = one('--rspamd', 'auto', MESSAGE)
    equal((result['status'], result['reason']), ('skipped', 'absent'))
    result = one('--rspamd', 'auto', '--known', MESSAGE)
    equal((result['status'], result['reason']), ('trouble', 'unreachable'))
    with StandIn(says(http(GOOD)), port=11333):
        results, end = drive('--rspamd', 'auto', MESSAGE)
    equal((results[0]['status'], end['remembered']), ('clean', True))
    # Something is there, but it is no Rspamd: that is nothing to remember, and no absence.
    with StandIn(says(b'220 mail.test ESMTP\r\n'), port=11333):
        results, end = drive('--rspamd', 'auto', MESSAGE)
    equal((results[0]['status'], end['remembered']), ('trouble', False), results)
    os.makedirs('/run/clamav', exist_ok=True)
    subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', '/run/clamav'], check=True)
    result = one('--clamd', 'auto', MESSAGE)
    equal((result['status'], result['reason']), ('skipped', 'absent'))
    result = one('--clamd', 'auto', '--known', '--timeout', 1, MESSAGE)
    equal((result['status'], result['reason']), ('trouble', 'unreachable'))
    with StandIn(clamd_says(b'stream: OK\0'), path='/run/clamav/clamd.ctl'):
        results, end = drive('--clamd', 'auto', MESSAGE)
    equal((results[0]['status'], end['remembered']), ('clean', True))
    for scanner in ('--rspamd', '--clamd'):
        results, end = drive(scanner, 'off', '--probe', MESSAGE)
        equal([result['reason'] for result in results] + [end['configured']], ['off', 'off', False])


def test_rspamd_silent():
    def silent(connection):
        read_request(connection)
        connection.recv(1)
    told(silent, 'timed-out', '--timeout', 1)
    told(lambda connection: time.sleep(30), 'timed-out', '--timeout', 1, message=LARGE)


def drip(octets):
    def talk(connection):
        read_request(connection)
        for octet in octets:
            connection.sendall(bytes([octet]))
            time.sleep(0.1)
    return talk


def test_rspamd_drips():
    """Octet by octet, so that a clock that begins anew with each would never end."""
    told(drip(http(GOOD)), 'timed-out', '--timeout', 1)
    head = http(GOOD).split(b'{')[0]

    def body(connection):
        read_request(connection)
        connection.sendall(head)
        drip(GOOD.encode())(connection)
    told(body, 'timed-out', '--timeout', 1)


def test_rspamd_takes_the_message_slowly():
    """The clock is not for the sending, as long as it goes on."""
    def talk(connection):
        connection.settimeout(5)
        got = b''
        while len(got) < os.path.getsize(LARGE):
            got = got + connection.recv(4 * MIB)
            time.sleep(0.01)
        connection.sendall(http(GOOD))
    with StandIn(talk) as standin:
        equal(one('--rspamd', standin.url, '--timeout', 2, LARGE)['status'], 'clean')


# --- Rspamd: answers that are none --------------------------------------------------------------------------------

def test_rspamd_garbage():
    for octets in (b'\0\1\2\3\n\n', b'220 mail.test ESMTP\r\n', b'HTTP/1.1 banana\r\n\r\n', os.urandom(4000).replace(b'HTTP', b'')):
        told(says(octets), 'broken-off')
    told(says(b''), 'broken-off')


def test_rspamd_status():
    for status in ('400 Bad', '401 No', '403 No', '404 None', '500 Error', '502 Bad', '503 Later', '201 Made', '206 Part', '299 Odd'):
        told(says(http(GOOD, status)), 'refused')
    told(says(b'HTTP/1.1 204 None\r\n\r\n'), 'refused')
    with StandIn(says(http('', '413 Large'))) as standin:
        equal(one('--rspamd', standin.url, MESSAGE)['reason'], 'too-large')


def test_rspamd_redirects():
    with StandIn(says(http(GOOD))) as good:
        for status in (301, 302, 303, 307, 308):
            told(says(http('', '%d Go' % status, more='Location: %s/checkv2\r\n' % good.url)), 'redirected')
        equal(good.count, 0, 'connections to where it was sent')


def test_rspamd_half_answers():
    whole = http(GOOD)
    chunked = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n'
    body = b'%x\r\n%s\r\n' % (len(GOOD), GOOD.encode())
    for length in (5, 20, len(whole) - len(GOOD), len(whole) - len(GOOD) + 1, len(whole) - 10, len(whole) - 1):
        told(says(whole[:length]), 'broken-off')
    told(says(chunked + body[:-8]), 'broken-off')
    told(says(chunked + b'banana\r\n' + body), 'broken-off')
    # Without a length the end of the stream is the end of the answer: it must be whole by itself.
    bare = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n'
    told(says(bare + GOOD[:-1].encode()), 'bad-answer')
    with StandIn(says(bare + GOOD.encode())) as standin:
        equal(one('--rspamd', standin.url, MESSAGE)['status'], 'clean')
    with StandIn(says(chunked + body + b'0\r\n\r\n')) as standin:
        equal(one('--rspamd', standin.url, MESSAGE)['status'], 'clean')


def test_rspamd_wrong_answers():
    for answer in ({}, [], 'no action', None, 7, {'action': None}, {'action': 7}, {'action': ['no action']}, {'action': 'no action', 'score': 'low'},
                   {'action': 'no action', 'symbols': 'none'}, {'action': 'no action', 'symbols': {'A': 'b'}}, {'error': 'broken'},
                   {'score': 0, 'symbols': {}}):
        told(says(http(json.dumps(answer))), 'bad-answer')
    for body in ('', 'no action', '<html></html>', GOOD + GOOD, '[' * 500000, GOOD[:-1] + '\0}', gzip.compress(GOOD.encode())):
        told(says(http(body)), 'bad-answer')
    told(says(http(GOOD, kind='text/html')), 'bad-answer')
    told(says(http(GOOD, kind='application/x-msgpack')), 'bad-answer')


def test_rspamd_not_a_verdict():
    for action, reason in (('soft reject', 'soft-rejected'), ('banana', 'unknown-action'), ('No Action', 'unknown-action')):
        with StandIn(says(http(json.dumps({'action': action, 'score': 99, 'messages': {'smtp_message': 'Later'}})))) as standin:
            result = one('--rspamd', standin.url, MESSAGE)
        equal((result['status'], result['reason']), ('trouble', reason))
        true('action' in result, 'the answer is at hand')


def pour(head, piece, times):
    def talk(connection):
        read_request(connection)
        connection.sendall(head)
        for _ in range(times):
            connection.sendall(piece)
    return talk


def test_rspamd_endless_answers():
    """2 GiB, with a length and without; a header that never ends; interim answers without end. Nothing of it is kept."""
    head = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'
    piece = b'"' + b'x' * (MIB - 3) + b'",'
    for talk, reasons in ((pour(head + b'Content-Length: 2147483648\r\n\r\n', piece, 2048), {'too-long'}),
                          (pour(head + b'Connection: close\r\n\r\n{"a":[', piece, 2048), {'too-long'}),
                          (pour(head + b'Content-Length: 99999999999999999999\r\n\r\n', piece, 100), {'too-long', 'broken-off'}),
                          (pour(head, b'X-More: ' + b'y' * 1000 + b'\r\n', 200000), {'too-long', 'broken-off'}),
                          (pour(b'', b'HTTP/1.1 100 Continue\r\n\r\n', 100000), {'too-long', 'broken-off', 'timed-out'})):
        with StandIn(talk) as standin:
            results, end = drive('--rspamd', standin.url, '--timeout', 5, MESSAGE, build=scans.PLAIN)
        equal(results[0]['status'], 'trouble')
        true(results[0]['reason'] in reasons, results)
        true(end['grown'] < 8192, '%r: grew by %d KiB' % (results, end['grown']))


def test_rspamd_breaks_off_while_we_send():
    def talk(connection):
        connection.recv(100000)
    told(talk, 'broken-off', message=LARGE)


# --- Rspamd: connections ------------------------------------------------------------------------------------------

def test_rspamd_keeps_connections():
    def talk(connection):
        while True:
            lines, body = read_request(connection)
            if lines is None:
                return
            connection.sendall(http(GOOD if body == HAM else '{}'))
    with StandIn(talk) as standin:
        results, _ = drive('--rspamd', standin.url, '--repeat', 20, '--width', 1, MESSAGE)
        equal(({result['status'] for result in results}, standin.count), ({'clean'}, 1))
    # One that says nothing of its leaving: the message is sent anew, all of it.
    with StandIn(says(http(json.dumps({'action': 'no action'})))) as standin:
        results, _ = drive('--rspamd', standin.url, '--repeat', 5, '--width', 1, '--pause', 100, MESSAGE)
        equal({result['status'] for result in results}, {'clean'})

    def once(connection):
        lines, body = read_request(connection)
        connection.sendall(http(GOOD if body == HAM else '{}'))
        lines, body = read_request(connection)
    with StandIn(once) as standin:
        results, _ = drive('--rspamd', standin.url, '--repeat', 4, '--width', 1, MESSAGE)
        equal({result['status'] for result in results}, {'clean'})


def test_rspamd_bounded():
    """At most so many connections, however many messages wait."""
    at_once = []

    def talk(connection):
        read_request(connection)
        at_once.append(1)
        most.append(len(at_once))
        time.sleep(0.05)
        at_once.pop()
        connection.sendall(http(GOOD, more='Connection: close\r\n'))
    most = []
    with StandIn(talk) as standin:
        results, _ = drive('--rspamd', standin.url, '--repeat', 100, MESSAGE)
    equal({result['status'] for result in results}, {'clean'})
    true(4 < max(most) <= 16, max(most))


def test_rspamd_request():
    """What it is told; nobody else's line gets in."""
    seen = []

    def talk(connection):
        seen.append(read_request(connection)[0])
        connection.sendall(http(GOOD))
    with StandIn(talk) as standin:
        one('--rspamd', standin.url, '--ip', '192.0.2.1', '--helo', 'h\r\nUser: root', '--from', '', '--rcpt', 'a@b.test', '--rcpt', 'c@d.test', MESSAGE)
    lines = seen[0]
    equal(lines[0], 'POST /checkv2 HTTP/1.1')
    for line in ('IP: 192.0.2.1', 'From: <>', 'Rcpt: a@b.test', 'Rcpt: c@d.test', 'Content-Length: %d' % len(HAM)):
        true(line in lines, (line, lines))
    true(not [line for line in lines if line.lower().startswith(('user:', 'helo:', 'accept-encoding:', 'password:', 'expect:'))], lines)


def test_rspamd_by_a_proxy_of_the_environment():
    """Messages do not go to whatever http_proxy names."""
    with StandIn(says(http(GOOD))) as proxy:
        os.environ['http_proxy'] = proxy.url
        try:
            equal(one('--rspamd', 'http://127.0.0.1:%d' % free_port(), MESSAGE)['reason'], 'unreachable')
        finally:
            del os.environ['http_proxy']
        equal(proxy.count, 0)


def test_rspamd_certificates():
    folder = tempfile.mkdtemp()
    subprocess.run(['/usr/bin/python3', '-B', os.path.join(scans.HERE, '..', 'servers', 'certificates.py'), folder], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def over(name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(folder, name + '.pem'))

        def talk(connection):
            with context.wrap_socket(connection, server_side=True) as secure:
                read_request(secure)
                secure.sendall(http(GOOD))
        return talk

    # Of a build without sanitizers: threads of the TLS library outlive main().
    def ask(name):
        with StandIn(over(name)) as standin:
            return one('--rspamd', standin.url.replace('http:', 'https:'), MESSAGE, build=scans.PLAIN)
    equal(ask('good')['reason'], 'untrusted')
    subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', '/etc/ssl/certs'], check=True)
    shutil.copy(os.path.join(folder, 'ca.pem'), '/etc/ssl/certs/ca-certificates.crt')
    equal(ask('good')['status'], 'clean')
    for name in ('wrong', 'expired', 'self-signed'):
        equal(ask(name)['reason'], 'untrusted', name)
    equal(one('--rspamd', 'https://127.0.0.1:%d' % free_port(), MESSAGE)['reason'], 'unreachable')


# --- Both -----------------------------------------------------------------------------------------------------------

def test_a_message_that_cannot_be_read():
    """Its descriptor has less than was said: half a message must not pass for the whole."""
    with StandIn(says(http(GOOD))) as rspamd, StandIn(clamd_says(b'stream: OK\0')) as clamd:
        for scanner in (['--rspamd', rspamd.url], ['--clamd', clamd.tcp]):
            for message in (MESSAGE, LARGE):
                equal(one(*scanner, '--pretend', 10, message)['reason'], 'unreadable')


def test_cancelled():
    with StandIn(lambda connection: time.sleep(20)) as standin:
        for scanner in (['--rspamd', standin.url], ['--clamd', standin.tcp]):
            results, end = drive(*scanner, '--cancel', 200, '--repeat', 40, MESSAGE)
            equal(({result['status'] for result in results}, len(results)), ({'error'}, 40))
            true(end['seconds'] < 10, end)


def test_how_it_is():
    with StandIn(clamd_says(b'')) as clamd:
        for scanner in (['--rspamd', 'http://127.0.0.1:%d' % free_port()], ['--clamd', clamd.tcp]):
            results, end = drive(*scanner, '--timeout', 1, '--probe')
            equal(results[0]['status'], 'trouble')
            true(end['configured'] and not end['reachable'] and end['error'] and not end['remembered'], end)
    with StandIn(says(http('pong\r\n', kind='text/plain', more='Server: rspamd/9\x1b[2J\r\n'))) as rspamd:
        _, end = drive('--rspamd', rspamd.url, '--probe')
        true(end['reachable'] and '\x1b' not in end['version'], end)
    with StandIn(says(http('hello', kind='text/plain'))) as other:
        equal(drive('--rspamd', other.url, '--probe')[0][0]['reason'], 'bad-answer')


# --- clamd ----------------------------------------------------------------------------------------------------------

def clamd_says(octets, early=False):
    def talk(connection):
        if not early:
            read_stream(connection)
        connection.sendall(octets)
    return talk


def clamd_told(talk, reason, *more, message=MESSAGE):
    with StandIn(talk) as standin:
        result = one('--clamd', standin.tcp, *more, message)
    equal((result['status'], result['reason']), ('trouble', reason), result['text'])
    true(result['text'], result)


def test_clamd_refused():
    for address in ('unix:/nowhere/clamd.sock', 'tcp:127.0.0.1:%d' % free_port(), 'tcp:[::1]:%d' % free_port()):
        result = one('--clamd', address, '--timeout', 1, MESSAGE)
        equal((result['status'], result['reason']), ('trouble', 'unreachable'), result['text'])


def test_clamd_answers():
    for octets, reason in ((b'', 'broken-off'), (b'stream: OK', 'broken-off'), (b'stream: X FOUND', 'broken-off'), (b'\0', 'bad-answer'),
                           (b'OK\0', 'bad-answer'), (b'stream: Evil OK\0', 'bad-answer'), (b'HTTP/1.1 200 OK\r\n\r\n', 'bad-answer'),
                           (b'stream: Cannot allocate ERROR\0', 'refused'), (b'COMMAND READ TIMED OUT\0', 'refused'), (b'x' * 100000, 'too-long')):
        clamd_told(clamd_says(octets), reason)
    for octets, name in ((b'stream: Some.Name FOUND\0', 'Some.Name'), (b'stream:  FOUND\0', 'unknown'), (b'FOUND\0', 'unknown'),
                         (b'stream: \x1b[2J FOUND\n', '\\x1b[2J')):
        with StandIn(clamd_says(octets)) as standin:
            result = one('--clamd', standin.tcp, MESSAGE)
        equal((result['status'], result['name']), ('found', name))


def test_clamd_answers_too_early():
    def greets(connection):
        connection.sendall(b'stream: OK\0')
        connection.recv(1)
    clamd_told(greets, 'bad-answer', message=LARGE)

    def halfway(connection):
        connection.recv(1000)
        connection.sendall(b'stream: OK\0')
        while connection.recv(65536):
            pass
    clamd_told(halfway, 'bad-answer', message=LARGE)

    def early(connection):
        connection.recv(1000)
        connection.sendall(b'stream: Some.Name FOUND\0')
        time.sleep(0.5)
    with StandIn(early) as standin:
        equal(one('--clamd', standin.tcp, LARGE)['status'], 'found')


def test_clamd_silent():
    def silent(connection):
        read_stream(connection)
        time.sleep(30)
    clamd_told(silent, 'timed-out', '--timeout', 1, '--patience', 1)
    clamd_told(lambda connection: time.sleep(30), 'timed-out', '--timeout', 1, '--patience', 1, message=LARGE)
    # It was waited for once, in vain: the next messages do not wait as long.
    with StandIn(silent) as standin:
        results, end = drive('--clamd', standin.tcp, '--timeout', 1, '--patience', 3, '--repeat', 3, '--width', 1, MESSAGE)
    equal({result['reason'] for result in results}, {'timed-out'})
    true(end['seconds'] < 8.5, end)


def test_clamd_starts_or_reloads():
    """The connection is there, and for longer than one answer may take nothing comes."""
    def late(connection):
        time.sleep(3)
        read_stream(connection)
        connection.sendall(b'stream: OK\0')
    with StandIn(late) as standin:
        equal(one('--clamd', standin.tcp, '--timeout', 1, '--patience', 20, MESSAGE)['status'], 'clean')
        equal(one('--clamd', standin.tcp, '--timeout', 1, '--patience', 20, LARGE)['status'], 'clean')


def test_clamd_drips():
    def talk(connection):
        read_stream(connection)
        for octet in b'x' * 5000:
            connection.sendall(bytes([octet]))
    clamd_told(talk, 'too-long')


def test_clamd_breaks_off_while_we_send():
    clamd_told(lambda connection: connection.recv(1000), 'broken-off', message=LARGE)


def test_clamd_bounded():
    at_once, most = [], []

    def talk(connection):
        at_once.append(1)
        most.append(len(at_once))
        octets = read_stream(connection)
        time.sleep(0.05)
        at_once.pop()
        connection.sendall(b'stream: OK\0' if octets == HAM else b'stream: Cut ERROR\0')
    with StandIn(talk) as standin:
        results, _ = drive('--clamd', standin.tcp, '--repeat', 50, MESSAGE)
    equal({result['status'] for result in results}, {'clean'})
    true(2 < max(most) <= 6, max(most))


if __name__ == '__main__':
    scans.enter()
    harness.run_tests(globals())
