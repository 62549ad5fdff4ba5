#!/usr/bin/python3
"""Whole messages through the filter with a real Rspamd and a real clamd: what becomes of them, and why."""

import json
import os
import subprocess
import time

import scans
from scans import BUILD, folder, store

import harness
import scanners
from harness import equal, true
from scanners import EICAR

RSPAMD = CLAMD = None
ACCOUNT = '[Account]\nAddress=alice@example.net\nProtocol=imap\nServer=mail.example.net\nUserName=alice\nLocalUser=alice\n'


def message(ip='93.184.216.34', sender='bob@example.com', more=b'', body=b'Shall we have lunch on Monday at noon?\n', forged=b''):
    """As it lies at the provider: the topmost Received is the provider's own, `forged` stands below."""
    return (b'Return-Path: <%s>\nReceived: from mail.example.com (mail.example.com [%s])\n\tby mail.example.net (Postfix) with ESMTPS id A1\n'
            b'\tfor <alice@example.net>; Sun, 22 Nov 2026 10:00:00 +0000\n' % (sender.encode(), ip.encode()) + forged + more
            + b'From: Bob <bob@example.com>\nTo: alice@example.net\nSubject: Lunch\nDate: Sun, 22 Nov 2026 10:00:00 +0000\n'
            b'Message-ID: <lunch@example.com>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n' + body)


def run(octets, policy='', account='', waiting=0, rspamd=None, clamd=None):
    where = folder()
    conf = '[Filter]\nRspamdUrl=%s\nRspamdControllerUrl=off\nClamdSocket=%s\nTimeout=20\n%s' % (
        rspamd or RSPAMD.url, clamd or 'unix:' + CLAMD.path, policy)
    paths = [store(text, os.path.join(where, name)) for text, name in
             ((conf.encode(), 'postferry.conf'), ((ACCOUNT + account).encode(), 'account'), (octets, 'message'))]
    done = subprocess.run([os.path.join(BUILD, 'tests', 'unit', 'filter', 'filter-driver'), paths[0], paths[1], str(waiting), paths[2]],
                          capture_output=True, text=True, timeout=120, check=False)
    equal(done.returncode, 0, done.stdout + done.stderr)
    return json.loads(done.stdout)


def told(result):
    return result['action'], result['kind']


def test_the_real_senders_address_reaches_rspamd():
    good = run(message())
    equal((told(good), good['ip'], good['mail_from'], good['seen']), (('deliver', ''), '93.184.216.34', 'bob@example.com', 'yes'))
    true('R_SPF_ALLOW' in good['symbols'], good['symbols'])
    bad = run(message(ip='198.41.0.4'))
    true('R_SPF_FAIL' in bad['symbols'] and bad['ip'] == '198.41.0.4', bad)
    # What stands below the provider's own line is the sender's to write.
    forged = run(message(ip='198.41.0.4', forged=b'Received: from mail.example.com (mail.example.com [93.184.216.34])\n\tby mail.example.net (Postfix)'
                                                 b' with ESMTPS id B2; Sun, 22 Nov 2026 09:00:00 +0000\n'))
    equal(forged['ip'], '198.41.0.4')
    true('R_SPF_FAIL' in forged['symbols'], forged)


def test_spam_and_its_degrees():
    equal(told(run(message(more=b'X-Test-Score: 8\n'))), ('junk', 'spam'))
    equal(told(run(message(more=b'X-Test-Score: 30\n'))), ('quarantine', 'spam'))
    equal(told(run(message(more=b'X-Test-Score: 8\n'), 'OnSpam=discard\n')), ('discard', 'spam'))
    equal(told(run(message(more=b'X-Test-Score: 8\n'), 'JunkScore=100\n')), ('deliver', ''))
    equal(told(run(message(more=b'X-Test-Score: 30\n'), account='CheckSpam=false\n')), ('deliver', ''))


def test_a_virus_passes_by_no_rule():
    virus = message(body=EICAR + b'\n')
    result = run(virus)
    equal(told(result), ('quarantine', 'virus'))
    true('Test.Eicar' in result['reason'], result)
    equal(told(run(virus, 'AllowSenders=example.com\nAllowRecipients=alice@example.net\n')), ('quarantine', 'virus'))
    equal(told(run(virus, account='AllowSenders=bob@example.com\n')), ('quarantine', 'virus'))
    equal(told(run(virus, account='CheckVirus=false\n')), ('deliver', ''))


def test_senders():
    equal(told(run(message(), 'BlockSenders=example.com\n')), ('quarantine', 'sender'))
    equal(told(run(message(sender='x@news.example.org'), account='BlockSenders=example.org\n')), ('quarantine', 'sender'))
    spam = message(more=b'X-Test-Score: 30\n')
    allowed = run(spam, 'AllowSenders=bob@example.com\n')
    equal((told(allowed), allowed['allowed']), (('deliver', ''), True))
    # Fails when pf_senders_find_allowed() takes no notice of failed proofs: a forged From would pass by the spam filter.
    forged = run(message(ip='198.41.0.4', more=b'X-Test-Score: 30\n'), 'AllowSenders=bob@example.com\n')
    equal((told(forged), forged['allowed']), (('quarantine', 'spam'), False))
    equal(told(run(spam, 'AllowRecipients=alice@example.net\n')), ('deliver', ''))


def test_a_scanner_that_is_away_is_no_verdict():
    away = 'http://127.0.0.1:1'
    equal(told(run(message(), rspamd=away)), ('defer', 'scanner'))
    equal(told(run(message(), clamd='unix:/nowhere')), ('defer', 'scanner'))
    waited = int(time.time()) - 25 * 3600
    late = run(message(), rspamd=away, waiting=waited)
    equal((told(late), late['skipped']), (('deliver', ''), True))
    equal(told(run(message(), 'OnScannerFailure=quarantine\n', rspamd=away, waiting=waited)), ('quarantine', 'scanner'))
    equal(told(run(message(), 'OnScannerFailure=defer\n', rspamd=away, waiting=waited)), ('defer', 'scanner'))
    # Who is let in needs a proof, which only the scanner that is away could give.
    equal(told(run(message(), 'AllowSenders=bob@example.com\n', rspamd=away)), ('defer', 'scanner'))
    equal(told(run(message(body=EICAR), rspamd=away)), ('quarantine', 'virus'))


def test_what_was_never_there_is_not_waited_for():
    result = run(message(), rspamd='auto', clamd='auto')
    equal((told(result), result['skipped']), (('deliver', ''), False))


def test_soft_reject_is_no_verdict():
    equal(told(run(message(more=b'X-Test-Action: soft reject\n'))), ('defer', 'scanner'))


if __name__ == '__main__':
    scans.enter()
    with scanners.Rspamd(folder()) as RSPAMD, scanners.Clamd(folder()) as CLAMD:
        harness.run_tests(globals())
