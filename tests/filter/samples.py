"""Attachments for tests: messages around them, archives that no packer of Debian makes, Office files put together by hand."""

import binascii
import io
import struct
import tarfile
import zipfile
import zlib

EXECUTABLE = b'MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00' + b'\0' * 100


def message(*attachments, text=b'Hello.'):
    """@attachments: (name, octets), or octets of whole parts."""
    parts = [b'Content-Type: text/plain\r\n\r\n' + text]
    for one in attachments:
        parts.append(one if isinstance(one, bytes) else part(*one))
    return (b'From: Bob <bob@example.com>\r\nTo: alice@example.net\r\nSubject: Files\r\nMIME-Version: 1.0\r\n'
            b'Content-Type: multipart/mixed; boundary=B\r\n\r\n' + b''.join(b'--B\r\n' + one + b'\r\n' for one in parts) + b'--B--\r\n')


def part(name, octets, kind=b'application/octet-stream'):
    return (b'Content-Type: ' + kind + b'\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="' + name.encode()
            + b'"\r\n\r\n' + base64_lines(octets))


def base64_lines(octets):
    return b'\r\n'.join(binascii.b2a_base64(octets[i:i + 57], newline=False) for i in range(0, len(octets), 57))


def zipped(files, method=zipfile.ZIP_DEFLATED):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, 'w', method) as file:
        for name, octets in files:
            file.writestr(zipfile.ZipInfo(name), octets, method)
    return archive.getvalue()


def tarred(files, mode='w'):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode=mode) as file:
        for name, octets in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(octets)
            file.addfile(entry, io.BytesIO(octets))
    return archive.getvalue()


# --- RAR: what is only stored -----------------------------------------------------------------------------------------

def rar4(files, encrypted_names=False):
    """@files: (name, octets, encrypted)."""
    def block(kind, flags, body):
        rest = struct.pack('<BHH', kind, flags, 7 + len(body)) + body
        return struct.pack('<H', zlib.crc32(rest) & 0xffff) + rest
    archive = b'Rar!\x1a\x07\x00' + block(0x73, 0x80 if encrypted_names else 0, b'\0' * 6)
    for name, octets, encrypted in files:
        body = struct.pack('<IIBIIBBHI', len(octets), len(octets), 2, zlib.crc32(octets), 0x5a000000, 20, 0x30, len(name), 0x20) + name.encode()
        archive += block(0x74, 0x8000 | (4 if encrypted else 0), body) + octets
    return archive + block(0x7b, 0x4000, b'')


def number(value):
    octets = b''
    while value >= 0x80:
        octets += bytes([value & 0x7f | 0x80])
        value >>= 7
    return octets + bytes([value])


def rar5(files, encrypted_names=False):
    def block(body):
        rest = number(len(body)) + body
        return struct.pack('<I', zlib.crc32(rest)) + rest
    archive = b'Rar!\x1a\x07\x01\x00'
    if encrypted_names:
        archive += block(number(4) + number(0) + number(0) + number(0) + bytes([15]) + b's' * 16)
    archive += block(number(1) + number(0) + number(0))
    for name, octets, encrypted in files:
        record = number(1) + number(0) + number(0) + bytes([15]) + b's' * 16 + b'i' * 16
        extra = number(len(record)) + record if encrypted else b''
        head = number(2) + number(2 | (1 if extra else 0)) + (number(len(extra)) if extra else b'') + number(len(octets))
        head += number(4) + number(len(octets)) + number(0x20) + struct.pack('<I', zlib.crc32(octets)) + number(0) + number(0)
        archive += block(head + number(len(name)) + name.encode() + extra) + octets
    return archive + block(number(5) + number(0) + number(0))


# --- Office: compound files --------------------------------------------------------------------------------------------

SECTOR, MINI, CUTOFF, END, FREE = 512, 64, 4096, 0xfffffffe, 0xffffffff


def chain(start, count):
    return [start + i + 1 for i in range(count - 1)] + [END] if count else []


def ole(entries, root=b'\0' * 16):
    """@entries: (name, octets), None for the octets of a storage. One flat directory: readers of mail look no closer."""
    mini, mini_table, rows, big = b'', [], [], []
    for name, octets in entries:
        if octets is None:
            rows.append((name, 1, END, 0))
        elif len(octets) < CUTOFF:
            count = -(-len(octets) // MINI)
            rows.append((name, 2, len(mini_table) if count else END, len(octets)))
            mini_table += chain(len(mini_table), count)
            mini += octets.ljust(count * MINI, b'\0')
        else:
            rows.append((name, 2, None, len(octets)))
            big.append(octets)
    sectors, table = [], []

    def put(octets):
        start, count = len(sectors), -(-len(octets) // SECTOR)
        sectors.extend(octets[i * SECTOR:(i + 1) * SECTOR].ljust(SECTOR, b'\0') for i in range(count))
        table.extend(chain(start, count))
        return start if count else END
    starts = iter([put(octets) for octets in big])
    mini_start = put(mini)
    mini_table_start = put(b''.join(struct.pack('<I', value) for value in mini_table))
    directory = entry('Root Entry', 5, mini_start, len(mini), root)
    for name, kind, start, size in rows:
        directory += entry(name, kind, next(starts) if start is None else start, size)
    directory_start = put(directory)
    n_table = 1
    while (len(table) + n_table) * 4 > n_table * SECTOR:
        n_table += 1
    first = len(table)
    table += [0xfffffffd] * n_table
    octets = b''.join(struct.pack('<I', value) for value in table).ljust(n_table * SECTOR, b'\xff')
    sectors.extend(octets[i * SECTOR:(i + 1) * SECTOR] for i in range(n_table))
    difat = [first + i for i in range(n_table)] + [FREE] * (109 - n_table)
    header = b'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1' + b'\0' * 16 + struct.pack('<HHHHH6xIIIIIIIIII', 0x3e, 3, 0xfffe, 9, 6, 0, n_table, directory_start, 0,
                                                                            CUTOFF, mini_table_start, 1, END, 0, difat[0])
    return header + b''.join(struct.pack('<I', value) for value in difat[1:]) + b''.join(sectors)


def entry(name, kind, start, size, class_id=b'\0' * 16):
    text = name.encode('utf-16-le')
    return text.ljust(64, b'\0') + struct.pack('<HBBIII', len(text) + 2, kind, 1, FREE, FREE, FREE) + class_id + b'\0' * 20 + struct.pack('<IQ', start, size)


def project():
    """A VBA project, as far as anybody looks."""
    return ole([('VBA', None), ('_VBA_PROJECT', b'\xcc\x61' + b'\0' * 30), ('dir', b'\1' * 50), ('Module1', b'\1' * 5000)])


def records(*rows):
    return b''.join(struct.pack('<HH', kind, len(data)) + data for kind, data in rows)


def sheet(kind):
    """The list of one sheet: 0 a table, 1 Excel 4.0 macros."""
    return records((0x809, struct.pack('<HHHHII', 0x600, 5, 0, 0, 0, 0)), (0x85, struct.pack('<IBB', 100, 0, kind) + b'\5\0Sheet'), (0x0a, b''))


def document(folder, more=(), types=b''):
    head = (b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            b'<Default Extension="xml" ContentType="application/xml"/>')
    return zipped([('[Content_Types].xml', head + types + b'</Types>'), (folder + '/document.xml', b'<w/>')] + list(more))


def open_document(more=()):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, 'w') as file:
        file.writestr('mimetype', b'application/vnd.oasis.opendocument.text')
        for name, octets in (('content.xml', b'<office:document-content/>'),) + tuple(more):
            file.writestr(name, octets)
    return archive.getvalue()


# --- Outlook's winmail.dat ----------------------------------------------------------------------------------------------

def tnef(*files):
    """@files: (name, octets), each once by attributes and its long name by a property."""
    def attribute(number_, data):
        return struct.pack('<BII', 2, number_, len(data)) + data + struct.pack('<H', sum(data) & 0xffff)
    octets = struct.pack('<IH', 0x223e9f78, 1)
    for name, data in files:
        wide = name.encode('utf-16-le') + b'\0\0'
        padded = wide.ljust(-(-len(wide) // 4) * 4, b'\0')
        octets += attribute(0x00069002, b'\0' * 14) + attribute(0x00018010, b'SHORT~1.TXT\0') + attribute(0x0006800f, data)
        octets += attribute(0x00069005, struct.pack('<IIIHHII', 2, 0x37050003, 1, 0x1f, 0x3707, 1, len(wide)) + padded)
    return octets
