"""A sample mailbox: every kind of message that a fetcher stumbles over, and how to compare what was delivered."""

import base64
import os
import re

# The lines that Postferry puts on top; everything else must be as it was at the provider.
OURS = re.compile(rb'(Return-Path|Delivered-To|X-Postferry[A-Za-z-]*):|Received: .*\(postferry/', re.I | re.S)


def head(number, subject=b'sample', extra=b''):
    return (b'From: Sender %d <sender%d@example.org>\nTo: carol@example.net\nSubject: %s\n'
            b'Date: Mon, 03 Nov 2025 10:%02d:00 +0000\nMessage-ID: <%d.sample@example.org>\n%s\n'
            % (number, number, subject, number % 60, number, extra))


def messages(large=20 * 1024 * 1024):
    """bytes with LF line ends, as they lie in a Maildir."""
    multipart = b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n'
    attachment = base64.encodebytes(os.urandom(3000))
    texts = [
        head(1, b'plain') + b'A plain message.\n',
        head(2, b'HTML', b'MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n') + b'<p>Hello <b>there</b></p>\n',
        head(3, b'attachment', multipart) + b'--b\nContent-Type: text/plain\n\nSee below.\n--b\n'
        b'Content-Type: application/octet-stream; name="data.bin"\nContent-Transfer-Encoding: base64\n\n' + attachment + b'--b--\n',
        head(4, b'8-bit', b'MIME-Version: 1.0\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n')
        + b'Gr\xfc\xdfe aus M\xfcnchen\n',
        head(5, b'=?utf-8?B?' + base64.b64encode('Größe und Maß'.encode()) + b'?=\n =?iso-8859-1?Q?_gefaltet_=FC?=')
        + b'An encoded subject.\n',
        head(6, b'dots') + b'.\n..\n...\n.hidden\n\n.\nend\n',
        head(7, b'no final newline') + b'The last line has no end',
        head(8, b'empty body'),
        head(9, b'long line') + b'x' * 70000 + b'\n',
        head(10, b'carriage returns') + b'a lone \r stands here\nand \x00 a NUL? no: a tab \t\n'.replace(b'\x00', b'0'),
        b'Received: from evil.example (evil.example [192.0.2.66])\n\tby mx.example.net with ESMTP id 1;\n\tMon, 03 Nov 2025 10:00:00 +0000\n'
        + head(11, b'received lines') + b'With a trace.\n',
        head(12, b'From lines') + b'From here on\n>From quoted\nFrom \n',
    ]
    if large:
        line = b'0123456789abcdef' * 4 + b'\n'
        texts.append(head(13, b'large') + line * (large // len(line)))
    return texts


def small(count, size=2000, start=100):
    """`count` different messages of about `size` octets."""
    return [head(start + i, b'number %d' % i) + (b'line of message %d\n' % i) * (size // 20) for i in range(count)]


def strip(data):
    """`data` without the lines that we put on top."""
    while True:
        match = re.match(rb'[^\n]*\n(?:[ \t][^\n]*\n)*', data)
        if not match or not OURS.match(match.group(0)):
            return data
        data = data[match.end():]


def delivered(maildir, folder=''):
    """All messages of a Maildir (bytes), whatever their flags."""
    base = os.path.join(maildir, folder) if folder else maildir
    found = []
    for name in ('new', 'cur'):
        path = os.path.join(base, name)
        for file in sorted(os.listdir(path)) if os.path.isdir(path) else []:
            with open(os.path.join(path, file), 'rb') as handle:
                found.append(handle.read())
    return found


def same(original, got):
    """Equal but for our lines, and for the final newline, which POP3 has to add (specs: RFC 1939)."""
    return strip(got) == original or strip(got) == original + b'\n'


def compare(originals, gots):
    """(missing, doubled, strange): how many originals were not delivered, delivered twice, and what else there is."""
    left = list(gots)
    missing = 0
    for original in originals:
        for i, got in enumerate(left):
            if same(original, got):
                del left[i]
                break
        else:
            missing += 1
    doubled = sum(1 for got in left if any(same(original, got) for original in originals))
    return missing, doubled, len(left) - doubled
