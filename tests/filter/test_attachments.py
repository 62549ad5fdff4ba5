#!/usr/bin/python3
"""Attachments: by content, by every name, in archives of all kinds, beyond the limits, with a process that is killed meanwhile."""

import gzip
import functools
import io
import json
import os
import signal
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))

from samples import (EXECUTABLE, base64_lines, document, message, ole, open_document, project, rar4, rar5, records, sheet, tarred, tnef, zipped)

import harness
from harness import equal, true

BUILD = os.environ.get('PF_BUILD', os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'build', 'plain'))
ALL = 'executables;archives;office-macros;encrypted-archives'
MIB = 1024 * 1024


def driver(*arguments):
    return [os.path.join(BUILD, 'tests', 'unit', 'filter', 'attachments-driver')] + [str(word) for word in arguments]


def drive(messages, *arguments):
    """One result for each of the messages, in their order."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for i, octets in enumerate(messages):
            paths.append(os.path.join(folder, str(i)))
            with open(paths[-1], 'wb') as file:
                file.write(octets)
        done = subprocess.run(driver(*arguments, *paths), capture_output=True, text=True, timeout=300, check=False)
        equal(done.returncode, 0, done.stdout + done.stderr)
        results = {line['path']: line for line in map(json.loads, done.stdout.splitlines()[:-1])}
        return [results[path] for path in paths]


def classes(result):
    return sorted({finding[0] for finding in result['findings']})


def check(rows, *arguments):
    """@rows: what it is, the message, the classes that are found."""
    results = drive([row[1] for row in rows], '--classes', ALL, *arguments)
    wrong = ['%s: got %s, wanted %s: %s' % (row[0], classes(result), row[2], result['text'])
             for row, result in zip(rows, results) if classes(result) != sorted(row[2])]
    true(not wrong, '\n'.join(wrong))
    return results


def pack(command, files):
    """What a packer makes of the files; the archive is the word OUT."""
    with tempfile.TemporaryDirectory() as folder:
        for name, octets in files:
            with open(os.path.join(folder, name), 'wb') as file:
                file.write(octets)
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False)
        out = next(word for word in command if word.startswith('OUT'))
        true(done.returncode == 0 and os.path.exists(os.path.join(folder, out)), done.stdout)
        with open(os.path.join(folder, out), 'rb') as file:
            return file.read()


FILES = [('a.txt', b'hello\n' * 10), ('b.dat', EXECUTABLE)]
HARMLESS = [('a.txt', b'hello\n' * 10)]


def test_names():
    def name(field):
        return message(field + b'\r\n\r\nx')
    rows = [('plain', message(('a.exe', b'x')), ['executables']),
            ('two extensions', message(('a.pdf.exe', b'x')), ['executables']),
            ('upper case', message(('A.SCR', b'x')), ['executables']),
            ('none', message(('exe', b'x'), ('a.exe.txt', b'x'), ('a.doc', b'x')), []),
            ('dots and blanks', message(('a.exe. . ', b'x')), ['executables']),
            ('a stream', message(('a.txt:b.exe', b'x'), ), ['executables']),
            ('the main stream', message(('a.exe::$DATA', b'x'), ), ['executables']),
            ('a path', message(('c:\\x\\a.js', b'x'), ), ['executables']),
            ('wide letters', name(b'Content-Type: a/b; name="=?utf-8?B?YS7vvYXvvZjvvYU=?="'), ['executables']),
            ('written from the right', name(b'Content-Type: a/b; name="=?utf-8?Q?a=E2=80=AEtxt.exe?="'), ['executables']),
            ('RFC 2047', name(b'Content-Type: a/b; name="=?utf-8?B?YS5leGU=?="'), ['executables']),
            ('in EBCDIC', name(b'Content-Type: a/b; name="=?ibm037?Q?=81=4B=85=A7=85?="'), ['executables']),
            ('in an EBCDIC that is not known', name(b'Content-Type: a/b; name="=?ibm278?Q?=81=4B=85=A7=85?="'), ['executables']),
            ('in a code page that is not known', name(b'Content-Type: a/b; name="=?cp437?Q?=81K.exe?="'), ['executables']),
            ('in a charset that nobody knows', name(b'Content-Type: a/b; name="=?x-unknown?B?YS5leGU=?="'), ['executables']),
            ('RFC 2231', name(b"Content-Disposition: attachment; filename*=utf-8''a%2Eexe"), ['executables']),
            ('RFC 2231 in pieces', name(b'Content-Disposition: attachment; filename*1=xe; filename*0="a.e"'), ['executables']),
            ('cut at NUL', name(b"Content-Disposition: attachment; filename*=utf-8''a.exe%00.txt"), ['executables']),
            ('one of two', name(b'Content-Type: a/b; name=a.exe\r\nContent-Disposition: attachment; filename=a.txt'), ['executables']),
            ('a class', message(('a.txt.{3050f4d8-98B5-11CF-BB82-00AA00BDCE0B}', b'x')), ['executables']),
            ('archive', message(('a.7z', b'')), ['archives']),
            ('behind the end', message() + b'--B\r\nContent-Type: a/b; name=a.exe\r\n\r\nx\r\n', ['executables']),
            ('a message', message(b'Content-Type: message/rfc822\r\n\r\n' + message(('a.exe', b'x')).replace(b'=B', b'=C').replace(b'--B', b'--C')),
             ['executables'])]
    check(rows)
    check(rows, '--names-only')
    own = drive([message(('a.Foo', b'x'), ('b.pdf', b'x'))], '--classes', '', '--extensions', 'foo;doc')
    equal([finding[:2] for finding in own[0]['findings']], [['extensions', 'a.Foo']])


def test_content():
    rows = [('PE', EXECUTABLE), ('ELF', b'\x7fELF\2\1\1' + b'\0' * 100), ('Mach-O', b'\xcf\xfa\xed\xfe\7\0\0\1' + b'\0' * 100),
            ('fat Mach-O', b'\xca\xfe\xba\xbe\0\0\0\2' + b'\0' * 100),
            ('a shortcut', bytes.fromhex('4c0000000114020000000000c000000000000046') + b'\0' * 100),
            ('MSI', ole([('a', b'x')], bytes.fromhex('84100c0000000000c000000000000046')))]
    check([(what, message(('a.dat', octets)), ['executables']) for what, octets in rows])
    check([('text', message(('a.txt', b'MZ is how it begins\n')), []), ('Java', message(('a.dat', b'\xca\xfe\xba\xbe\0\0\0\x34' + b'x' * 100)), []),
           ('accents', message(('a.txt', '\xe9t\xe9'.encode('latin-1') * 10)), []), ('nothing', message(('a.dat', b'')), []), ('no message', b'', [])])
    # Of a message beyond MaxScanSize only the names are looked at.
    check([('names only', message(('a.dat', EXECUTABLE), ('b.dat', zipped([('x', b'x')]))), [])], '--names-only')


def test_archives():
    seven = ['7z', 'a', '-bd']
    rows = [('zip', zipped(FILES)), ('stored zip', zipped(FILES, zipfile.ZIP_STORED)), ('bzip2 zip', zipped(FILES, zipfile.ZIP_BZIP2)),
            ('lzma zip', zipped(FILES, zipfile.ZIP_LZMA)), ('tar', tarred(FILES)), ('tar.gz', tarred(FILES, 'w:gz')), ('tar.bz2', tarred(FILES, 'w:bz2')),
            ('tar.xz', tarred(FILES, 'w:xz')), ('gz', gzip.compress(EXECUTABLE)), ('rar 4', rar4([(name, octets, False) for name, octets in FILES])),
            ('rar 5', rar5([(name, octets, False) for name, octets in FILES])), ('7z', pack(seven + ['OUT.7z', 'a.txt', 'b.dat'], FILES)),
            ('cab', pack(['gcab', '-c', 'OUT.cab', 'a.txt', 'b.dat'], FILES)),
            ('arj', pack(['arj', 'a', '-m0', 'OUT.arj', 'a.txt', 'b.dat'], FILES)),
            ('behind a picture', b'GIF89a' + b'\1' * 3000 + zipped(FILES)), ('7z behind something', b'junk' * 99 + pack(seven + ['OUT.7z', 'b.dat'], FILES))]
    check([(what, message(('a.dat', octets)), ['archives', 'executables']) for what, octets in rows])
    others = [('cpio', pack(['bsdtar', '-c', '--format', 'newc', '-f', 'OUT', 'b.dat'], FILES)),
              ('iso', pack(['bsdtar', '-c', '--format', 'iso9660', '-f', 'OUT', 'b.dat'], FILES)),
              ('zstd', pack(['bsdtar', '-c', '--zstd', '-f', 'OUT', 'b.dat'], FILES))]
    check([(what, message(('a.dat', octets)), ['executables']) for what, octets in others])
    clean = check([('clean', message(('a.zip', zipped(HARMLESS)), ('b.7z', pack(seven + ['OUT.7z', 'a.txt'], HARMLESS)), ('c.gz', gzip.compress(b'x'))),
                    ['archives']), ('empty', message(('a.zip', zipped([]))), ['archives'])])
    equal(clean[0]['malformed'], False)


def test_in_one_another():
    inner = zipped([('c/evil.scr', b'x')])
    result = check([('named in a zip', message(('o.zip', zipped([('i.zip', inner)]))), ['archives', 'executables'])])[0]
    true(['executables', 'c/evil.scr', 'o.zip/i.zip', ''] in result['findings'], result)
    mail = message(('a.js', b'x'))
    uuencoded = b'see\nbegin 644 a.exe\n"35H \n`\nend\n'
    check([('a message in a zip', message(('o.zip', zipped([('x', mail)]))), ['archives', 'executables']),
           ('a message that is no message by its type', message(('x.bin', mail)), ['executables']),
           ('uuencoded', message(text=uuencoded), ['executables']),
           ('uuencoded in a zip', message(('o.zip', zipped([('x', uuencoded)]))), ['archives', 'executables']),
           ('TNEF by name', message(('winmail.dat', tnef(('a.exe', b'x')))), ['executables']),
           ('TNEF by content', message(('winmail.dat', tnef(('a.txt', EXECUTABLE)))), ['executables']),
           ('TNEF with a zip', message(('winmail.dat', tnef(('a', inner)))), ['archives', 'executables']),
           ('clean TNEF', message(('winmail.dat', tnef(('a.txt', b'hello')))), [])])


def test_a_zip_with_two_tales():
    """Its directory tells of one file, and what stands in front of the entries of another."""
    both = zipped([('evil.exe', b'x' * 50), ('a.txt', b'hello')])
    directory = both.index(b'PK\1\2')
    second = both.index(b'PK\1\2', directory + 4)
    end = both.index(b'PK\5\6')
    hidden = both[:directory] + both[second:end] + struct.pack('<IHHHHIIH', 0x06054b50, 0, 0, 1, 1, end - second, directory, 0)
    with zipfile.ZipFile(io.BytesIO(hidden)) as file:
        equal(file.namelist(), ['a.txt'])
    # Fails when tell_headers() is not asked: one program would unpack what nobody looked at.
    check([('by name', message(('o.zip', hidden)), ['archives', 'executables'])])
    content = zipped([('a.dat', EXECUTABLE), ('a.txt', b'hello')])
    directory = content.index(b'PK\1\2')
    second, end = content.index(b'PK\1\2', directory + 4), content.index(b'PK\5\6')
    hidden = content[:directory] + content[second:end] + struct.pack('<IHHHHIIH', 0x06054b50, 0, 0, 1, 1, end - second, directory, 0)
    check([('by content', message(('o.zip', hidden)), ['archives', 'executables'])])


def test_files_that_pose_as_something_else():
    """Links and folders with the content of a file; what stands behind something else."""
    def posing(name, mode, octets):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, 'w', zipfile.ZIP_DEFLATED) as file:
            entry = zipfile.ZipInfo(name)
            entry.create_system, entry.external_attr = 3, mode << 16
            file.writestr(entry, octets, zipfile.ZIP_DEFLATED)
        return archive.getvalue()
    link = drive([message(('a.zip', posing('a.doc', 0o120777, project()))), message(('a.zip', posing('a', 0o120777, b'../b'))),
                  message(('a.zip', posing('a.doc/', 0o040755, project()))), message(('a.zip', posing('a/', 0o040755, b'')))], '--classes', ALL)
    equal([result['malformed'] for result in link], [True, False, True, False])
    check([('a pipe', message(('a.zip', posing('a.doc', 0o010644, project()))), ['archives', 'office-macros']),
           ('a zip behind a tar', message(('a.zip', tarred(HARMLESS) + zipped(FILES))), ['archives', 'executables']),
           ('a zip behind an Office file', message(('a.zip', ole([('x', b'x')]) + zipped(FILES))), ['archives', 'executables'])])


def test_encrypted():
    seven = ['7z', 'a', '-bd', '-psecret']
    rows = [('zip', pack(seven + ['-tzip', 'OUT.zip', 'a.txt'], HARMLESS)), ('AES zip', pack(seven + ['-tzip', '-mem=AES256', 'OUT.zip', 'a.txt'], HARMLESS)),
            ('7z', pack(seven + ['OUT.7z', 'a.txt'], HARMLESS)), ('7z with its names', pack(seven + ['-mhe=on', 'OUT.7z', 'a.txt'], HARMLESS)),
            ('rar 4', rar4([('a.txt', b'x' * 16, True)])), ('rar 4 with its names', rar4([('a.txt', b'x' * 16, False)], True)),
            ('rar 5', rar5([('a.txt', b'x' * 16, True)])), ('rar 5 with its names', rar5([], True)),
            ('arj', pack(['arj', 'a', '-gsecret', 'OUT.arj', 'a.txt'], HARMLESS))]
    check([(what, message(('a.dat', octets)), ['archives', 'encrypted-archives']) for what, octets in rows])
    named = rar5([('a.exe', b'x' * 16, True), ('b.dat', EXECUTABLE, False)])
    check([('what can be seen', message(('a.rar', named)), ['archives', 'encrypted-archives', 'executables'])])


def test_macros():
    sheets = b'<Override PartName="/xl/x.xml" ContentType="application/vnd.ms-excel.macrosheet+xml"/>'
    hidden = b'<Override PartName="/x" ContentType="application/vnd.ms-office.vba&#80;roject"/>'
    basic = b'<?xml version="1.0"?><script:module xmlns:script="http://openoffice.org/2000/script" script:name="M"/>'
    mhtml = (b'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=M\r\n\r\n--M\r\nContent-Transfer-Encoding: base64\r\n\r\n'
             + base64_lines(b'ActiveMime' + b'\0' * 20 + b'\4\0' + b'\0' * 18 + __import__('zlib').compress(project())) + b'\r\n--M--\r\n')
    slides = struct.pack('<HHI', 0xf, 0x03ff, 20) + struct.pack('<HHIIII', 2, 0x0400, 12, 1, 1, 2)
    rows = [('Word', ole([('WordDocument', b'\xec\xa5' + b'\0' * 5000), ('Macros', None), ('VBA', None), ('_VBA_PROJECT', b'\xcc\x61')])),
            ('Excel', ole([('Workbook', sheet(0)), ('_VBA_PROJECT_CUR', None)])), ('Excel 4.0', ole([('Workbook', sheet(1))])),
            ('Excel 4.0 by itself', records((0x409, struct.pack('<HHH', 0, 0x40, 0)))), ('PowerPoint', ole([('PowerPoint Document', slides)])),
            ('OOXML', document('word', [('word/vbaProject.bin', project())])), ('whatever its name', document('word', [('word/x.png', project())])),
            ('told by its type', document('xl', types=sheets)), ('a type in numbers', document('word', types=hidden)),
            ('a relationship', document('xl', [('xl/_rels/w.rels', b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><'
                                                b'Relationship Type="http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet"/>')])),
            ('OpenDocument', open_document((('Basic/Standard/M.xml', basic),))), ('MHTML', mhtml)]
    check([(what, message(('a.dat', octets)), ['office-macros']) for what, octets in rows])
    check([('in a zip', message(('a.zip', zipped([('d', project())]))), ['archives', 'office-macros'])])
    clean = [('Word', ole([('WordDocument', b'\xec\xa5' + b'\0' * 5000), ('Data', b'x' * 100)])), ('Excel', ole([('Workbook', sheet(0))])),
             ('OOXML', document('word')), ('OpenDocument', open_document()), ('a text about it', b'<p>macrosheet vbaProject</p>')]
    check([(what, message(('a.doc', octets)), []) for what, octets in clean])


def test_office_files():
    """Under a password, and with files inside."""
    package = b'\2\0label.txt\0C:\\x\\evil.exe\0\0\0\3\0' + struct.pack('<I', 2) + b't\0' + struct.pack('<I', 1) + b'x'
    manifest = b'<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:encryption-data/></manifest:manifest>'
    locked = [('OOXML', ole([('EncryptionInfo', b'x' * 99), ('EncryptedPackage', b'x' * 5000)])),
              ('Word', ole([('WordDocument', b'\xec\xa5' + b'\0' * 8 + b'\0\1' + b'\0' * 5000)])),
              ('Excel', ole([('Workbook', records((0x809, b'\0\6\5\0' + b'\0' * 12), (0x2f, b'\1\0' * 10)))])),
              ('OpenDocument', open_document((('META-INF/manifest.xml', manifest),)))]
    check([(what, message(('a.dat', octets)), ['encrypted-archives']) for what, octets in locked])
    inside = [('a package', ole([('\1Ole10Native', struct.pack('<I', len(package)) + package)])),
              ('a file of Outlook', ole([('__substg1.0_3707001F', 'a.exe'.encode('utf-16-le')), ('__substg1.0_37010102', b'x')])),
              ('a program of Outlook', ole([('__substg1.0_37010102', EXECUTABLE * 99)])),
              ('in a document', document('word', [('word/embeddings/x.bin', EXECUTABLE)]))]
    check([(what, message(('a.doc', octets)), ['executables']) for what, octets in inside])


def test_malformed():
    """What cannot be read to its end is held back, whatever is blocked; and what can be seen of it is told."""
    whole = zipped([('a.txt', os.urandom(5000)), ('b.exe', b'x')])
    broken = [('cut', whole[:3000]), ('without its directory', whole[:-60]), ('wrong sum', whole.replace(whole[40:60], b'\0' * 20)),
              ('cut gz', gzip.compress(os.urandom(5000))[:3000]), ('cut tar', tarred([('a', b'x' * 5000)])[:2000]),
              ('cut 7z', pack(['7z', 'a', '-bd', 'OUT.7z', 'a.txt'], HARMLESS)[:-20]), ('cut rar', rar5([('a', os.urandom(5000), False)])[:2000]),
              ('cut arj', pack(['arj', 'a', 'OUT.arj', 'a.txt'], HARMLESS)[:-30]), ('cut TNEF', tnef(('a.txt', b'x' * 500))[:300]),
              ('cut Office', ole([('WordDocument', b'x' * 5000)])[:700]), ('no zip at all', os.urandom(5000))]
    results = drive([message(('a.zip', octets)) for _, octets in broken], '--classes', '')
    wrong = [row[0] for row, result in zip(broken, results) if not result['malformed']]
    equal(wrong, [])
    check([('cut, with a name', message(('a.zip', whole[:-60])), ['archives', 'executables', 'malformed'])])


def nested(depth):
    octets = b'x'
    for _ in range(depth):
        octets = zipped([('n', octets)])
    return octets


def test_limits():
    def only(results, malformed):
        equal([result['malformed'] for result in results], malformed, [result['text'] for result in results])
    only(drive([message(('a.zip', nested(10))), message(('a.zip', nested(11)))], '--classes', ''), [False, True])
    only(drive([message(('a.zip', zipped([(str(i), b'') for i in range(count)]))) for count in (9999, 10001)], '--classes', ''), [False, True])
    zeros = io.BytesIO()
    with zipfile.ZipFile(zeros, 'w', zipfile.ZIP_DEFLATED) as file:
        for i in range(2):
            file.writestr(str(i), b'\0' * 40 * MIB)
    only(drive([message(('a.zip', zeros.getvalue()))], '--classes', ''), [False])
    with zipfile.ZipFile(zeros, 'a', zipfile.ZIP_DEFLATED) as file:
        file.writestr('3', b'\0' * 40 * MIB)
    results = drive([message(('a.zip', zeros.getvalue()))], '--classes', '')
    only(results, [True])
    true('tighter' in results[0]['text'], results[0])
    # A ratio that passes, and too much in all.
    piece = (os.urandom(1000) + b'\0' * 99000) * 200
    large = zipped([('b%d' % i, piece) for i in range(60)])
    results = drive([message(('a.zip', large))], '--classes', '')
    only(results, [True])
    true('too much' in results[0]['text'], results[0])
    # Entries that share their octets: what libarchive takes for one is two hundred for others.
    one = zipped([('k', os.urandom(200) + b'\0' * 20 * MIB)])
    directory, end = one.index(b'PK\1\2'), one.index(b'PK\5\6')
    shared = one[:directory] + one[directory:end] * 200 + struct.pack('<IHHHHIIH', 0x06054b50, 0, 0, 200, 200, (end - directory) * 200, directory, 0)
    only(drive([message(('a.zip', shared))], '--classes', ''), [True])
    # More parts than are looked into.
    only(drive([message(*[b'\r\nx'] * 10001)], '--classes', ''), [True])


def test_findings_do_not_push_one_another_out():
    many = message(*[('%d.exe' % i, b'x') for i in range(200)], ('a.zip', b'PK\3\4' + b'x' * 100))
    result = drive([many], '--classes', ALL)[0]
    true(result['malformed'] and len(result['findings']) <= 30, result)


def test_the_verdict():
    """The whole way: what is found decides what becomes of the message."""
    account = '[Account]\nAddress=alice@example.net\nProtocol=imap\nServer=mail.example.net\nUserName=alice\nLocalUser=alice\n'

    def run(octets, policy='', more=''):
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, name) for name in ('postferry.conf', 'account', 'message')]
            for path, text in zip(paths, (('[Filter]\nRspamdUrl=off\nRspamdControllerUrl=off\nClamdSocket=off\n' + policy).encode(),
                                          (account + more).encode(), octets)):
                with open(path, 'wb') as file:
                    file.write(text)
            done = subprocess.run([os.path.join(BUILD, 'tests', 'unit', 'filter', 'filter-driver'), paths[0], paths[1], '0', paths[2]],
                                  capture_output=True, text=True, timeout=120, check=False)
            equal(done.returncode, 0, done.stdout + done.stderr)
            result = json.loads(done.stdout)
            return result['action'], result['kind'], result['skipped'], result['reason']
    program, archive = message(('a.exe', b'x')), message(('a.zip', zipped([('b.exe', b'x')])))
    equal(run(message()), ('deliver', '', False, None))
    equal(run(program), ('quarantine', 'attachment', False, 'executables: a.exe'))
    equal(run(archive), ('quarantine', 'attachment', False, 'executables: b.exe in a.zip'))
    equal(run(program, more='CheckAttachments=false\n'), ('deliver', '', False, None))
    equal(run(program, 'BlockClasses=archives\n'), ('deliver', '', False, None))
    equal(run(message(('a.foo', b'x')), 'BlockExtensions=*.Foo\n')[:2], ('quarantine', 'attachment'))
    equal(run(program, 'OnAttachment=junk\n')[:2], ('junk', 'attachment'))
    equal(run(message(('a.zip', b'PK\3\4xxx')), 'BlockClasses=archives\nOnAttachment=deliver\n')[:2], ('quarantine', 'malformed'))
    # Of a message that is too large only the names count.
    equal(run(program, 'MaxScanSize=100\n')[:2], ('quarantine', 'attachment'))
    equal(run(archive, 'MaxScanSize=100\n'), ('deliver', '', True, None))


# --- The process ---------------------------------------------------------------------------------------------------------

class Running:
    """The driver at work on messages, and the processes below it."""

    def __init__(self, messages, *arguments):
        self.folder = tempfile.mkdtemp()
        self.paths = []
        for i, octets in enumerate(messages):
            self.paths.append(os.path.join(self.folder, str(i)))
            with open(self.paths[-1], 'wb') as file:
                file.write(octets)
        self.process = subprocess.Popen(driver('--classes', ALL, *arguments, *self.paths), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def below(self, pid):
        try:
            with open('/proc/%d/task/%d/children' % (pid, pid), encoding='ascii') as file:
                return [int(word) for word in file.read().split()]
        except OSError:
            return []

    def servers(self):
        return self.below(self.process.pid)

    def workers(self):
        return [pid for server in self.servers() for pid in self.below(server)]

    def results(self):
        out, errors = self.process.communicate(timeout=200)
        equal(self.process.returncode, 0, errors)
        shutil.rmtree(self.folder)
        return [json.loads(line) for line in out.splitlines()[:-1]]


def wait_for(ready, what):
    end = time.monotonic() + 60
    while not ready():
        true(time.monotonic() < end, what)
        time.sleep(0.002)


@functools.lru_cache()
def slow_message():
    """Takes a second or so to look into."""
    return message(('a.zip', zipped([(str(i), os.urandom(4000) + b'\0' * MIB) for i in range(700)])))


def is_confined(pid):
    try:
        with open('/proc/%d/status' % pid, encoding='ascii') as file:
            return 'Seccomp:\t2' in file.read()
    except OSError:
        return False


def is_at_work(pid):
    """It has computed for some hundredths of a second, so that it has begun for sure."""
    try:
        with open('/proc/%d/stat' % pid, encoding='ascii', errors='replace') as file:
            words = file.read().rsplit(')', 1)[1].split()
            return words[0] not in 'ZX' and int(words[11]) + int(words[12]) >= 4
    except OSError:
        return False


def keep_killing(running, victims, times):
    """Each of the victims once, until so many are dead; none before it has begun."""
    killed, seen = set(), set()
    end = time.monotonic() + 60
    while len(killed) < times and time.monotonic() < end and running.process.poll() is None:
        for pid in victims():
            if pid in seen and pid not in killed and len(killed) < times:
                killed.add(pid)
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    killed.discard(pid)
        seen = {pid for pid in victims() if is_at_work(pid)}
        time.sleep(0.005)
    return killed


def test_a_killed_process_is_tried_again():
    running = Running([slow_message()])
    equal(len(keep_killing(running, running.workers, 1)), 1)
    equal([(classes(result), result['malformed']) for result in running.results()], [(['archives'], False)])


def test_a_process_that_is_killed_twice_holds_the_message_back():
    # Fails when finish_with_malformed() is not reached: a message that nobody could look into would be delivered, or wait for ever.
    running = Running([slow_message()])
    equal(len(keep_killing(running, running.workers, 2)), 2)
    equal([(classes(result), result['malformed']) for result in running.results()], [(['malformed'], True)])


def test_a_killed_server_is_no_message_s_fault():
    running = Running([slow_message() for _ in range(3)], '--width', '3')
    # Twice: once each message would be tried again in any case.
    for _ in range(2):
        wait_for(lambda: len([pid for pid in running.workers() if is_confined(pid)]) == 3, 'no three processes')
        os.kill(running.servers()[0], signal.SIGKILL)
        time.sleep(0.05)
    equal([(classes(result), result['malformed']) for result in running.results()], [(['archives'], False)] * 3)


def test_processes_end_with_the_service():
    running = Running([slow_message()])
    wait_for(running.workers, 'no process')
    left = running.servers() + running.workers()
    running.process.kill()
    running.process.communicate()
    end = time.monotonic() + 20
    while any(os.path.exists('/proc/%d/exe' % pid) and os.path.isdir('/proc/%d/fd' % pid) and alive(pid) for pid in left):
        true(time.monotonic() < end, left)
        time.sleep(0.01)


def alive(pid):
    try:
        with open('/proc/%d/stat' % pid, encoding='ascii', errors='replace') as file:
            return file.read().rsplit(')', 1)[1].split()[0] not in 'ZX'
    except OSError:
        return False


def test_no_program_is_trouble_and_no_verdict():
    result = drive([message(('a.txt', b'x'))], '--program', '/nowhere/postferry-archive')[0]
    true('error' in result and 'cannot be looked into' in result['error'], result)
    result = drive([message(('a.txt', b'x'))], '--program', '/bin/false')[0]
    true('error' in result, result)


def test_many_at_a_time():
    messages = [message(('%d.%s' % (i, 'exe' if i % 2 else 'txt'), b'x')) for i in range(50)]
    results = drive(messages, '--width', '50')
    equal([classes(result) for result in results], [['executables'] if i % 2 else [] for i in range(50)])


def test_what_a_process_may_do():
    """It computes: no file, no network, no new process, and nothing but memory that it can get."""
    running = Running([slow_message()])
    wait_for(lambda: any(is_confined(pid) for pid in running.workers()), 'no process is confined')
    worker = running.workers()[0]
    os.kill(worker, signal.SIGSTOP)
    with open('/proc/%d/status' % worker, encoding='ascii') as file:
        status = dict(line.rstrip('\n').split(':\t', 1) for line in file if ':\t' in line)
    fds = sorted(int(name) for name in os.listdir('/proc/%d/fd' % worker))
    os.kill(worker, signal.SIGCONT)
    running.results()
    equal((status['Seccomp'], status['NoNewPrivs'], [fd for fd in fds if fd > 2]), ('2', '1', [4, 5]))


if __name__ == '__main__':
    harness.run_tests(globals())
