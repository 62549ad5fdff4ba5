#!/usr/bin/python3
"""A real Rspamd whose DNS is the tests' own: the envelope counts, every action is told apart, learning, a large message."""

import base64
import os
import re

import scans
from scans import HAM, MIB, drive, folder, one, store

import harness
import scanners
from harness import equal, true

CLIENT = ['--helo', 'mail.good.test', '--hostname', 'mail.good.test', '--from', 'bob@good.test', '--rcpt', 'alice@provider.test',
          '--deliver-to', 'alice', '--queue-id', 'Q17']
RSPAMD = None


def scan(message, *more, ip='203.0.113.10'):
    return one('--rspamd', RSPAMD.url, '--ip', ip, *CLIENT, *more, store(message))


def test_the_envelope_counts():
    """One message, three ways that it may have come."""
    good = scan(HAM)
    equal((good['status'], good['action']), ('clean', 0))
    true({'R_SPF_ALLOW', 'DMARC_POLICY_ALLOW'} <= set(good['symbols']), good['symbols'])
    bad = scan(HAM, ip='198.51.100.66')
    true({'R_SPF_FAIL', 'TEST_DNSBL_LISTED'} <= set(bad['symbols']), bad['symbols'])
    true(bad['score'] > good['score'] + 2, (bad['score'], good['score']))
    # Not known: nothing is said of a client, and nothing tested that needs one, whatever the topmost Received has.
    for line in (b'203.0.113.10', b'198.51.100.66'):
        unknown = one('--rspamd', RSPAMD.url, '--from', 'bob@good.test', store(HAM.replace(b'203.0.113.10', line)))
        found = [name for name in unknown['symbols'] if re.match('R_SPF|DMARC|TEST_DNSBL|RDNS|HFILTER', name)]
        equal(found, [])
    true('qid: <Q17>, ip: 198.51.100.66, from: <bob@good.test>' in RSPAMD.log(), 'the log names the message')


def test_actions():
    for header, status, reason, name in (
            (b'X-Test-Score: 1', 'clean', '', ''),
            # Between the score of greylisting and that of the header: no greylisting here.
            (b'X-Test-Score: 5', 'clean', '', ''),
            (b'X-Test-Score: 8', 'found', '', 'add header'),
            (b'X-Test-Score: 30', 'found', '', 'reject'),
            (b'X-Test-Action: rewrite subject', 'found', '', 'rewrite subject'),
            (b'X-Test-Action: soft reject', 'trouble', 'soft-rejected', '')):
        result = scan(header + b'\n' + HAM)
        equal((result['status'], result['reason'], result['name']), (status, reason, name), header)
    true('Come again at noon' in scan(b'X-Test-Action: soft reject\n' + HAM)['text'], 'its words are kept')
    equal(scan(b'X-Test-Score: 5\n' + HAM)['action'], 0)
    true(scan(b'X-Test-Action: rewrite subject\n' + HAM)['subject'].endswith('Lunch on Monday'), 'the subject is there')


def test_wishes():
    result = scan(b'X-Test-Milter: 1\n' + HAM)
    equal(dict(zip(result['add'][0::2], result['add'][1::2])), {'X-Test-Added': 'one two', 'Authentication-Results': 'here; spf=pass'})
    true('X-Old' in result['remove'] and 'From' not in result['remove'], result['remove'])


def test_gtube():
    gtube = b'XJS*C4JDBQADN1.NSBN3' + b'*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X'
    equal(scan(HAM + gtube + b'\n')['name'], 'reject')


def test_unix_socket():
    result = one('--rspamd', 'unix:' + RSPAMD.path, '--ip', '198.51.100.66', *CLIENT, store(HAM))
    true('R_SPF_FAIL' in result['symbols'], result)


def test_how_it_is():
    results, health = drive('--rspamd', RSPAMD.url, '--probe')
    equal([result['status'] for result in results], ['clean'])
    true(health['reachable'] and health['version'].startswith('rspamd/'), health)


def test_many_at_a_time():
    paths = [store(b'X-Test-Score: %d\n' % (i % 2 * 20) + HAM.replace(b'<lunch', b'<lunch%d' % i)) for i in range(10)]
    results, _ = drive('--rspamd', RSPAMD.url, '--ip', '203.0.113.10', *CLIENT, '--repeat', 10, *paths)
    equal(sorted(result['status'] for result in results), ['clean'] * 50 + ['found'] * 50)


def test_learning():
    message = store(HAM.replace(b'Lunch', b'Dinner with wine').replace(b'lunch', b'dinner'))
    learn = ['--rspamd', RSPAMD.url, '--controller', RSPAMD.controller_url, '--learn']
    equal(one(*learn, 'spam', message)['name'], 'done')
    equal(one(*learn, 'spam', message)['name'], 'known')
    equal(one(*learn, 'ham', message)['name'], 'done')
    equal(one(*learn, 'ham', store(b'Subject: x\n\nhi\n'))['name'], 'impossible')
    equal(one(*learn, 'ham', store(b''))['name'], 'impossible')
    # The scanning port refuses it; so does a controller that is off.
    refused = one('--rspamd', RSPAMD.url, '--controller', RSPAMD.url, '--learn', 'spam', message)
    true(refused['status'] == 'error' and 'did not learn' in refused['text'], refused)
    true('is off' in one('--rspamd', RSPAMD.url, '--learn', 'spam', message)['text'], 'off')


def test_a_large_message_takes_no_memory():
    """Of a build without sanitizers."""
    octets = base64.encodebytes(os.urandom(MIB)) * 36
    message = store(HAM.replace(b'text/plain; charset=utf-8', b'application/octet-stream\nContent-Transfer-Encoding: base64') + octets)
    results, end = drive('--rspamd', RSPAMD.url, '--ip', '203.0.113.10', *CLIENT, message, build=scans.PLAIN)
    equal(results[0]['status'], 'clean', results)
    print('%d MB by Rspamd: %d KiB more, %.1f s' % (os.path.getsize(message) // 1000000, end['grown'], end['seconds']))
    true(end['grown'] < 8192, 'grew by %d KiB' % end['grown'])


if __name__ == '__main__':
    scans.enter()
    with scanners.Rspamd(folder()) as RSPAMD:
        harness.run_tests(globals())
