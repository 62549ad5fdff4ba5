"""What servers do wrong at a given point of the dialogue: lies about sizes and counts, answers that nobody asked for, ends without a
goodbye, floods, and TLS that breaks. `hostile` has the servers; each fault here is one small change of one of them.

A fault ends when the test sets the server's class back to the right one. FLOODS are those that only stop when they are stopped, or that
try to make the daemon take memory.
"""

import os
import struct
import time

import hostile
from hostile import Close, Hang, Imap, Pop3

HUGE = {'4 GB': 1 << 32, '2^63-1': (1 << 63) - 1, '2^63': 1 << 63, '2^64-1': (1 << 64) - 1}


class Fault:
    """`problems`: codes that are right, None among them when the mail comes all the same. `delivered`: how many of the two messages must be
    there at once; None: any."""

    def __init__(self, name, server_class, problems, delivered=None):
        self.name, self.server_class, self.problems, self.delivered = name, server_class, problems, delivered
        # Where an answer was another message's, one of them may come twice: rather that than never.
        self.doubles = 0
        # What is not as it was listed stays at the provider.
        self.kept = False

    def __str__(self):
        return '%s: %s' % ('pop3' if issubclass(self.server_class, Pop3) else 'imap', self.name)


# --- Points of the dialogue ------------------------------------------------------------------------------------------

POP3_POINTS = ['greeting', 'capa', 'user', 'pass', 'stat', 'list', 'uidl', 'retr', 'dele', 'quit']
IMAP_POINTS = ['greeting', 'login', 'select', 'listing', 'bodies', 'uid_store', 'uid_expunge']
# Behind these nothing is owed any more when the answer is there: what comes then is not read.
LAST = {'quit', 'uid_expunge'}


def act(server, line, tag, what):
    """Text is said ({tag} filled in), an exception raised, a function called."""
    if isinstance(what, (str, bytes)):
        data = what if isinstance(what, bytes) else what.encode('latin-1')
        line.send(data.replace(b'{tag}', tag.encode()))
    elif isinstance(what, type):
        raise what()
    else:
        what(server, line, tag)


def at(base, point, instead=(), before=(), behind=()):
    """`base` with a fault at one point: things done instead of its answer, before it, or behind it."""
    handler = 'greeting' if point == 'greeting' else 'do_' + {'listing': 'uid_fetch', 'bodies': 'uid_fetch'}.get(point, point)
    right = getattr(base, handler)

    def wrong(self, line, *arguments):
        tag = arguments[0] if arguments and issubclass(base, Imap) else ''
        if point in ('listing', 'bodies') and ('BODY' in arguments[1]) != (point == 'bodies'):
            return right(self, line, *arguments)
        for what in before or instead:
            act(self, line, tag, what)
        result = None if instead else right(self, line, *arguments)
        for what in behind:
            act(self, line, tag, what)
        return result

    methods = {handler: wrong}
    if point == 'select':
        methods['do_examine'] = wrong
    return type('F', (base,), methods)


def flood(text, first=''):
    """Says `text` for ever, as fast as it is taken."""
    chunk = text.encode('latin-1') * max(1, 65536 // len(text))

    def forever(server, line, tag):
        line.send(first.replace('{tag}', tag))
        while not server.ended and type(server) not in (Pop3, Imap):
            line.send(chunk)
            time.sleep(server.pause)
        raise Close()
    return forever


def drip(server, line, tag):
    while not server.ended and type(server) not in (Pop3, Imap):
        line.send('*' if isinstance(server, Imap) else '+')
        time.sleep(0.3)
    raise Close()


# --- Lies about sizes and counts -------------------------------------------------------------------------------------

def says(text):
    return lambda self, line, *arguments: line.send(text.replace('{tag}', arguments[0] if isinstance(self, Imap) else ''))


def kept(fault):
    fault.kept = True
    return fault


def pop3(name, problems, delivered=None, **methods):
    return Fault(name, hostile.fault(Pop3, 'F', **methods), problems, delivered)


def imap(name, problems, delivered=None, **methods):
    return Fault(name, hostile.fault(Imap, 'F', **methods), problems, delivered)


def rows(*lines):
    return says('+OK\r\n' + ''.join(row + '\r\n' for row in lines) + '.\r\n')


BROKEN = {'protocol-error', 'limit-exceeded'}
LIES_POP3 = [pop3('LIST says ' + name, {None, 'message-stuck'}, 1, do_list=rows('1 %d' % size, '2 2000')) for name, size in HUGE.items()] + [
    pop3('LIST says 2^64', BROKEN, 0, do_list=rows('1 18446744073709551616', '2 2000')),
    pop3('STAT says 2^64-1 octets', {None}, 2, do_stat=says('+OK 2 18446744073709551615\r\n')),
    pop3('STAT says 2^64 octets', BROKEN, 0, do_stat=says('+OK 2 18446744073709551616\r\n')),
    pop3('STAT counts 2^32 + 2', BROKEN, 0, do_stat=says('+OK 4294967298 1\r\n')),
    pop3('STAT counts none', BROKEN, 0, do_stat=says('+OK 0 0\r\n')),
    pop3('STAT counts one', BROKEN, 0, do_stat=says('+OK 1 0\r\n')),
    pop3('STAT counts nothing', BROKEN, 0, do_stat=says('+OK\r\n')),
    pop3('sizes of zero', {None}, 2, do_list=rows('1 0', '2 0')),
    pop3('sizes too small', {None}, 2, do_list=rows('1 1', '2 2')),
    pop3('sizes too large', {None}, 2, do_list=rows('1 999999', '2 999999')),
    pop3('LIST out of order', {None}, 2, do_list=rows('2 2000', '1 2000')),
    pop3('UIDL out of order', {None}, 2, do_uidl=rows('2 uid-2', '1 uid-1')),
    pop3('LIST has more', BROKEN, 0, do_list=rows('1 2000', '2 2000', '3 2000')),
    pop3('LIST has fewer', BROKEN, 0, do_list=rows('1 2000')),
    pop3('UIDL has more', BROKEN, 0, do_uidl=rows('1 a', '2 b', '3 c')),
    pop3('UIDL names others', BROKEN, 0, do_uidl=rows('1 a', '3 c')),
    pop3('LIST number zero', BROKEN, 0, do_list=rows('0 2000', '1 2000')),
    pop3('UIDL number zero', BROKEN, 0, do_uidl=rows('0 a', '1 b')),
    pop3('LIST a number twice', BROKEN, 0, do_list=rows('1 2000', '1 2000')),
    pop3('UIDL that is empty', BROKEN, 0, do_uidl=rows('1 ', '2 b')),
    pop3('UIDL of 300 octets', BROKEN, 0, do_uidl=rows('1 ' + 'x' * 300, '2 b')),
    pop3('UIDL with a NUL', BROKEN, 0, do_uidl=rows('1 a\0b', '2 a\0c')),
    pop3('numbers with a sign', BROKEN, 0, do_list=rows('+1 2000', '2 2000')),
    pop3('sizes in hexadecimal', BROKEN, 0, do_list=rows('1 0x10', '2 2000')),
]

SIZE = '"17-Jul-2025 02:44:25 +0000")\r\n'


def listing(size_of, uid_of=lambda uid: uid):
    return lambda self, uid: '* %d FETCH (UID %d FLAGS () RFC822.SIZE %s INTERNALDATE %s' % (
        self.uids().index(uid) + 1, uid_of(uid), size_of(uid), SIZE)


def selected(exists, more=''):
    def select(self, line, tag, argument):
        line.send('* %d EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\n* OK [UIDNEXT 3] ok\r\n%s' % (exists, more))
        self.ok(line, tag, '[READ-WRITE] selected')
    return {'do_select': select, 'do_examine': select}


def literal(announced, real=None, point='BODY[]'):
    """A body whose literal is announced with another length than it has."""
    def body(self, uid):
        data = self.messages[uid - 1]
        return b'* %d FETCH (UID %d %s {%d}\r\n%s)\r\n' % (self.uids().index(uid) + 1, uid, point.encode(), announced, data[:real])
    return body


def ahead_of_listing(text):
    def fetch(self, line, tag, argument):
        if 'BODY' not in argument:
            line.send(text)
        Imap.do_uid_fetch(self, line, tag, argument)
    return fetch


STOPS = BROKEN | {'timed-out'}
LIES_IMAP = [imap('RFC822.SIZE says ' + name, {None, 'message-stuck'} if size < 1 << 63 else {None, 'message-stuck'} | BROKEN, None,
                  listing=listing(lambda uid, size=size: size if uid == 1 else 2000)) for name, size in HUGE.items()] + [
    imap('a body announced with ' + name, STOPS, 0, body=literal(size)) for name, size in HUGE.items()] + [
    imap('a body announced with 2^64', BROKEN, 0, body=literal(1 << 64)),
    imap('a body announced with 10^40', BROKEN, 0, body=literal(10 ** 40)),
    imap('a header announced with 4 GB', STOPS, 0, body=literal(1 << 32, point='BODY[HEADER]')),
    imap('RFC822.SIZE says 2^64', BROKEN, 0, listing=listing(lambda uid: 1 << 64)),
    kept(imap('sizes of zero', {None}, 2, listing=listing(lambda uid: 0))),
    kept(imap('sizes too small', {None}, 2, listing=listing(lambda uid: 1))),
    kept(imap('sizes too large', {None}, 2, listing=listing(lambda uid: 999999))),
    imap('sizes with a sign', BROKEN, 0, listing=listing(lambda uid: '-5')),
    imap('EXISTS too small', {None}, 2, **selected(1)),
    imap('EXISTS too large', {None}, 2, **selected(99)),
    imap('EXISTS of none', {None}, 0, **selected(0)),
    imap('EXISTS 2^32-1', {None, 'protocol-error', 'limit-exceeded'}, None, **selected((1 << 32) - 1)),
    imap('EXISTS 2^32', BROKEN, 0, **selected(1 << 32)),
    imap('EXISTS that shrinks', {None}, 2, do_uid_fetch=ahead_of_listing('* 0 EXISTS\r\n')),
    imap('EXPUNGE of what is not there', {None}, 2, do_uid_fetch=ahead_of_listing('* 99 EXPUNGE\r\n* 0 EXPUNGE\r\n' * 9)),
    imap('each UID listed twice', {None}, 2, listing=lambda self, uid: Imap.listing(self, uid) * 2),
    imap('a UID listed with two sizes', {None}, 2, do_uid_fetch=ahead_of_listing('* 1 FETCH (UID 1 RFC822.SIZE 5)\r\n')),
    imap('messages that are not there', {None, 'message-stuck'}, 2, do_uid_fetch=ahead_of_listing('* 3 FETCH (UID 77 RFC822.SIZE 500)\r\n')),
    imap('a UID beyond 32 bit', BROKEN, 0, listing=listing(lambda uid: 10, lambda uid: uid + (1 << 32))),
    # iCloud was seen sending it.
    imap('UIDVALIDITY zero', {None}, 2, **selected(2, '* OK [UIDVALIDITY 0] ok\r\n')),
    imap('UIDVALIDITY beyond 32 bit', BROKEN, 0, **selected(2, '* OK [UIDVALIDITY 4294967296] ok\r\n')),
    imap('another UIDVALIDITY while listing', BROKEN, 0, do_uid_fetch=ahead_of_listing('* OK [UIDVALIDITY 9] new\r\n')),
    Fault('another UIDVALIDITY before STORE', at(Imap, 'uid_store', before=['* OK [UIDVALIDITY 9] new\r\n']), BROKEN, 2),
    Fault('another UIDVALIDITY with a body', at(Imap, 'bodies', before=['* OK [UIDVALIDITY 9] new\r\n']), BROKEN, None),
    imap('a body of another message', {None, 'message-stuck'}, None,
         body=lambda self, uid: Imap.body(self, uid).replace(b'UID %d' % uid, b'UID %d' % (uid + 50))),
    imap('each body twice', {None}, 2, body=lambda self, uid: Imap.body(self, uid) * 2),
    imap('two bodies in one answer', BROKEN, 0, body=lambda self, uid: Imap.body(self, uid).replace(b')\r\n', b' BODY[] {3}\r\nabc)\r\n')),
    imap('a body without its UID', {None, 'message-stuck'}, 0, body=lambda self, uid: Imap.body(self, uid).replace(b'UID %d ' % uid, b'')),
    imap('BODY[] that is an atom', BROKEN, 0, body=lambda self, uid: b'* 1 FETCH (UID %d BODY[] what)\r\n' % uid),
]


# --- Unasked ---------------------------------------------------------------------------------------------------------

UNASKED = ['* 99 FETCH (FLAGS (\\Seen))\r\n', '* 1 FETCH (UID 1 RFC822.SIZE 5)\r\n', '* 5 EXPUNGE\r\n', '* 0 RECENT\r\n', '* SEARCH 1 2 3\r\n',
           '* ESEARCH (TAG "Z9") UID ALL 1:9\r\n', '* LIST (\\Noselect) "/" nowhere\r\n', '* STATUS x (MESSAGES 5)\r\n', '* BAD what?\r\n',
           '* NO no\r\n', '* VANISHED 1:5\r\n', '* X-NONSENSE (((a) "b") c)\r\n', '* ID NIL\r\n', '* FLAGS ()\r\n',
           '* 1 FETCH (UID 1 BODY[] {5}\r\nlies\n)\r\n']


def unasked_imap():
    for point in IMAP_POINTS[1:]:
        # Once bodies are asked for, "lies" is an answer to it: another body for UID 1, which is not of the size that was listed.
        text = ''.join(UNASKED if point != 'bodies' else UNASKED[:-1])
        yield Fault('nonsense before the answer to %s' % point, at(Imap, point, before=[text]), {None}, 2)
        if point not in LAST:
            yield Fault('nonsense behind the answer to %s' % point, at(Imap, point, behind=[text]), {None}, None)
        yield Fault('a tag of nobody before %s' % point, at(Imap, point, before=['ZZ99 OK done\r\n']), BROKEN)
        yield Fault('a tag of the future before %s' % point, at(Imap, point, before=['A99 OK done\r\n']), BROKEN)
        yield Fault('a continuation before %s' % point, at(Imap, point, before=['+ go on\r\n']), BROKEN)
        if point not in LAST:
            yield Fault('the answer to %s twice' % point, at(Imap, point, behind=['{tag} OK done\r\n']), BROKEN)


def early_answer(self, line, argument):
    """One answer too many, there when STAT is asked for the second time: before a removal."""
    self.stats = getattr(self, 'stats', 0) + 1
    if self.stats == 2:
        line.send('+OK 3 1999\r\n')
    Pop3.do_stat(self, line, argument)


def late_dele(self, line, argument):
    """The last one is answered when the client may have gone on, so that its answer is taken for the next command's."""
    if argument == '2':
        time.sleep(0.5)
    Pop3.do_dele(self, line, argument)


def unasked_pop3():
    yield pop3('an answer too many before the removal', BROKEN, 2, do_stat=early_answer, do_dele=late_dele)
    for point in POP3_POINTS:
        yield Fault('a line of nothing before %s' % point, at(Pop3, point, before=['\r\n']), BROKEN)
        yield Fault('a continuation before %s' % point, at(Pop3, point, before=['+ go on\r\n']), BROKEN)
        if point not in LAST | {'capa', 'list', 'uidl'}:
            yield Fault('+OK twice at %s' % point, at(Pop3, point, behind=['+OK\r\n']), {None} | BROKEN if point in ('user', 'pass') else BROKEN)
        elif point not in LAST:
            yield Fault('+OK behind the list of %s' % point, at(Pop3, point, behind=['+OK\r\n']), BROKEN)
        shifted = Fault('-ERR and then +OK at %s' % point, at(Pop3, point, before=['-ERR no\r\n']), None)
        shifted.doubles = 1 if point == 'retr' else 0
        yield shifted


# --- Refusals and ends -----------------------------------------------------------------------------------------------

ENDED = {'connection-failed', 'tls-failed', 'server-busy'}


def refusals():
    for point in IMAP_POINTS:
        yield Fault('BYE at %s' % point, at(Imap, point, instead=['* BYE going down\r\n', Close]), ENDED | ({None} if point in LAST else set()))
        if point == 'greeting':
            continue
        yield Fault('BYE and the answer at %s' % point, at(Imap, point, before=['* BYE going down\r\n']), ENDED)
        for word in ('NO', 'BAD'):
            yield Fault('%s at %s' % (word, point), at(Imap, point, instead=['{tag} %s [ALERT] not now\r\n' % word]), None)
    for point in POP3_POINTS:
        yield Fault('-ERR at %s' % point, at(Pop3, point, instead=['-ERR not now\r\n']), None)
        yield Fault('-ERR and an end at %s' % point, at(Pop3, point, instead=['-ERR [SYS/TEMP] not now\r\n', Close]), None)
        yield Fault('an end at %s' % point, at(Pop3, point, instead=[Close]), ENDED)


def slow():
    for base, points in ((Pop3, POP3_POINTS), (Imap, IMAP_POINTS)):
        for point in points:
            yield Fault('silence at %s' % point, at(base, point, instead=[Hang]), {'timed-out'})
            yield Fault('a drip at %s' % point, at(base, point, instead=[drip]), {'timed-out'} | BROKEN)


# --- Floods ----------------------------------------------------------------------------------------------------------

OVER = BROKEN | {'timed-out'}


def numbered(text):
    """Lines with a number that grows, {n}."""
    def forever(server, line, tag):
        number = 0
        line.send('+OK\r\n' if isinstance(server, Pop3) else '')
        while not server.ended and type(server) not in (Pop3, Imap):
            line.send(''.join(text.replace('{n}', str(number + i + 1)) for i in range(2000)))
            number += 2000
            time.sleep(server.pause)
        raise Close()
    return forever


def floods_pop3():
    for point in POP3_POINTS:
        yield Fault('a line without end at %s' % point, at(Pop3, point, instead=[flood('x', '+OK ')]), OVER)
        yield Fault('-ERR without end at %s' % point, at(Pop3, point, instead=[flood('x', '-ERR ')]), OVER)
        yield Fault('+OK for ever at %s' % point, at(Pop3, point, instead=[flood('+OK\r\n')]), None)
    yield Fault('capabilities without end', at(Pop3, 'capa', instead=[numbered('X-{n}' + 'y' * 7000 + '\r\n')]), OVER)
    yield Fault('a list without end', at(Pop3, 'list', instead=[numbered('{n} 5\r\n')]), OVER)
    yield Fault('UIDLs without end', at(Pop3, 'uidl', instead=[numbered('{n} u{n}\r\n')]), OVER)
    yield Fault('a listed line without end', at(Pop3, 'uidl', instead=[flood('x', '+OK\r\n1 ')]), OVER)
    yield Fault('a body without end', at(Pop3, 'retr', instead=[flood('line\r\n', '+OK\r\n')]), OVER)
    yield Fault('a body of one line without end', at(Pop3, 'retr', instead=[flood('x', '+OK\r\n')]), OVER)
    yield Fault('a header without end', at(Pop3, 'retr', instead=[flood('X-Field: value\r\n', '+OK\r\n')]), OVER)
    yield Fault('a body of dots', at(Pop3, 'retr', instead=[flood('..\r\n', '+OK\r\n')]), OVER)


def floods_imap():
    for point in IMAP_POINTS:
        yield Fault('a line without end at %s' % point, at(Imap, point, instead=[flood('x', '* OK ')]), OVER)
        if point == 'greeting':
            continue
        yield Fault('a tagged line without end at %s' % point, at(Imap, point, instead=[flood('x', '{tag} OK ')]), OVER)
        yield Fault('untagged answers without end at %s' % point, at(Imap, point, instead=[flood('* OK still here\r\n')]), OVER)
        yield Fault('EXISTS without end at %s' % point, at(Imap, point, instead=[flood('* 7 EXISTS\r\n* 7 EXPUNGE\r\n')]), OVER)
    yield Fault('greetings without end', at(Imap, 'greeting', behind=[flood('* OK hello\r\n')]), OVER)
    yield Fault('a search of four billion', at(Imap, 'login', before=['* ESEARCH UID ALL 1:4294967295\r\n']), OVER)
    yield Fault('a search result of one megabyte', at(Imap, 'listing', before=['* SEARCH' + ' 7' * 500000 + '\r\n']), {None} | OVER)
    yield Fault('search results without end', at(Imap, 'uid_store', instead=[flood('* SEARCH' + ' 1234567 7654321' * 4000 + '\r\n')]), OVER)
    yield Fault('capabilities without end', at(Imap, 'login', instead=[flood('* CAPABILITY' + ' a' * 500000 + '\r\n')]), OVER)
    yield Fault('folders without end', at(Imap, 'login', instead=[numbered('* LIST () "/" folder-{n}\r\n')]), OVER)
    yield Fault('messages without end', at(Imap, 'listing', instead=[numbered('* {n} FETCH (UID {n} RFC822.SIZE 5)\r\n')]), OVER)
    yield Fault('flags without end', at(Imap, 'listing', instead=[flood('\\Flag ', '* 1 FETCH (UID 1 FLAGS (')]), OVER)
    yield Fault('brackets without end', at(Imap, 'listing', instead=[flood('(', '* 1 FETCH ')]), OVER)
    yield Fault('literals in one line', at(Imap, 'listing', instead=[flood('{65000}\r\n' + 'x' * 65000 + ' ', '* 1 FETCH (UID 1 X ')]), OVER)
    yield Fault('empty literals in one line', at(Imap, 'listing', instead=[flood('{0}\r\n ', '* 1 FETCH (UID 1 X ')]), OVER)
    yield Fault('a body without end', at(Imap, 'bodies', instead=[flood('line\r\n', '* 1 FETCH (UID 1 BODY[] {999999999999}\r\n')]), OVER)
    yield Fault('bodies without end', at(Imap, 'bodies', instead=[flood('* 1 FETCH (UID 9 BODY[] {50000}\r\n' + 'x' * 50000 + ')\r\n')]), OVER)
    yield Fault('bodies that nobody asked for', at(Imap, 'login', instead=[flood('* 1 FETCH (UID 9 BODY[] {50000}\r\n' + 'x' * 50000 + ')\r\n')]), OVER)
    yield Fault('a quoted body without end', at(Imap, 'bodies', instead=[flood('x', '* 1 FETCH (UID 1 BODY[] "')]), OVER)


# --- TLS -------------------------------------------------------------------------------------------------------------

ALERT = struct.pack('!BHHBB', 21, 0x0303, 2, 2, 40)


def raw(data):
    """Octets past the TLS library: no record of the session, or none that can be right."""
    def write(server, line, tag):
        os.write(line.sock.fileno(), data)
        raise Hang()
    return write


def cut(server, line, tag):
    """The connection ends without close_notify."""
    line.sock.shutdown(2)
    raise Close()


def close_notify(server, line, tag):
    """TLS ends in order, in the middle of the dialogue."""
    line.sock.settimeout(1)
    line.sock.unwrap()
    raise Close()


def tls():
    """Over TLS only."""
    for base, points in ((Pop3, POP3_POINTS), (Imap, IMAP_POINTS)):
        for point in points:
            yield Fault('cut without a goodbye at %s' % point, at(base, point, instead=[cut]), ENDED)
            yield Fault('TLS ended in order at %s' % point, at(base, point, instead=[close_notify]), ENDED)
            yield Fault('an alert in the clear at %s' % point, at(base, point, instead=[raw(ALERT)]), ENDED)
            yield Fault('garbage in TLS at %s' % point, at(base, point, instead=[raw(os.urandom(64))]), ENDED | {'timed-out'})
            yield Fault('a half record at %s' % point, at(base, point, instead=[raw(b'\x17\x03\x03\x40\x00' + bytes(20))]), {'timed-out'} | ENDED)
        half = '+OK\r\nFrom: half\r\n\r\nhalf\r\n' if base is Pop3 else '* 1 FETCH (UID 1 BODY[] {99999}\r\nFrom: half\r\n\r\nhalf\r\n'
        for how in (cut, close_notify, raw(ALERT)):
            yield Fault('half a body and an end', at(base, POP3_POINTS[7] if base is Pop3 else 'bodies', instead=[half, how]), ENDED)


class Handshake:
    """Mixed into a server: what it answers to the client's first octets instead of its part of the handshake."""

    def serve(self, sock):
        if type(self) in (Pop3, Imap):
            return super().serve(sock)
        self.sessions += 1
        sock.recv(1)
        try:
            self.shake(sock)
        except OSError:
            pass
        sock.close()


def handshakes():
    def hang(self, sock):
        while not self.ended and type(self) not in (Pop3, Imap):
            time.sleep(0.1)

    def endless(self, sock):
        while not self.ended and type(self) not in (Pop3, Imap):
            sock.sendall(b'\x16\x03\x03\x40\x00' + bytes(16384))

    ways = [('an alert', lambda self, sock: sock.sendall(ALERT)), ('garbage', lambda self, sock: sock.sendall(b'SSH-2.0-OpenSSH\r\n' * 9)),
            ('nothing', hang), ('an end', lambda self, sock: None), ('records without end', endless),
            ('a record too large', lambda self, sock: sock.sendall(b'\x16\x03\x03\xff\xff' + bytes(65535)))]
    for base in (Pop3, Imap):
        for name, shake in ways:
            yield Fault('%s in the handshake' % name, type('F', (Handshake, base), {'shake': shake}), {'tls-failed', 'tls-unavailable', 'timed-out', 'connection-failed'})
