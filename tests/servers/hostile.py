"""POP3 and IMAP servers that misbehave: each fault is one small change of a server that is otherwise right.

A server runs in a thread, on a port of the kernel's choice, over a plain line, implicit TLS or STARTTLS. It counts what was removed.
"""

import re
import socket
import ssl
import threading
import time

CAPA = ['USER', 'UIDL', 'TOP', 'PIPELINING', 'STLS']
BIG = 10 ** 15


class Hang(Exception):
    """Say nothing more, and keep the connection."""


class Close(Exception):
    """Close the connection in the middle."""


class Line:
    """A connection read by lines, upgraded to TLS on demand."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b''

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode('latin-1'))

    def line(self):
        while b'\n' not in self.buffer:
            data = self.sock.recv(65536)
            if not data:
                raise Close()
            self.buffer += data
        line, self.buffer = self.buffer.split(b'\n', 1)
        return line.rstrip(b'\r').decode('latin-1')

    def upgrade(self, context):
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self.buffer = b''


class Server:
    """Serves `messages` (bytes, CRLF line ends). Subclasses override what they do wrong."""

    def __init__(self, messages, security='none', context=None):
        self.messages = list(messages)
        self.security = security
        self.context = context
        self.removed = []
        self.sessions = 0
        self.pause = 0  # between two pieces of a flood, seconds
        self.sock = socket.create_server(('127.0.0.1', 0))
        self.port = self.sock.getsockname()[1]
        self.open = []
        self.ended = False
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.ended = True
        # Or else the thread goes on to accept under the number of the descriptor, which the next server gets.
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        for sock in self.open:
            try:
                sock.close()
            except OSError:
                pass

    def accept(self):
        while not self.ended:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            self.open.append(sock)
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        self.sessions += 1
        try:
            if self.security == 'tls':
                sock = self.context.wrap_socket(sock, server_side=True)
            self.talk(Line(sock))
        except Hang:
            while not self.ended:
                time.sleep(0.1)
        except (Close, OSError, ssl.SSLError, ValueError):
            pass
        try:
            sock.close()
        except OSError:
            pass

    def talk(self, line):
        raise NotImplementedError


class Pop3(Server):
    """A POP3 server (RFC 1939, CAPA, STLS, USER/PASS)."""

    def talk(self, line):
        self.deleted = set()
        self.here = self.numbers()
        self.greeting(line)
        while True:
            command, _, argument = line.line().partition(' ')
            handler = getattr(self, 'do_' + command.lower(), None)
            if handler is None:
                line.send('-ERR unknown command\r\n')
            elif handler(line, argument) == 'end':
                return

    def greeting(self, line):
        line.send('+OK ready\r\n')

    def numbers(self):
        """The messages of this session, as they were numbered in the first one: what was removed is there no more."""
        return [i + 1 for i in range(len(self.messages)) if i + 1 not in self.removed]

    def multi(self, line, rows, first='+OK'):
        line.send(first + '\r\n' + ''.join(row + '\r\n' for row in rows) + '.\r\n')

    def do_capa(self, line, argument):
        self.multi(line, CAPA)

    def do_stls(self, line, argument):
        line.send('+OK go on\r\n')
        line.upgrade(self.context)

    def do_user(self, line, argument):
        line.send('+OK\r\n')

    def do_pass(self, line, argument):
        line.send('+OK\r\n')

    def do_stat(self, line, argument):
        line.send('+OK %d %d\r\n' % (len(self.here), sum(len(self.messages[i - 1]) for i in self.here)))

    def do_list(self, line, argument):
        self.multi(line, ['%d %d' % (number + 1, len(self.messages[i - 1])) for number, i in enumerate(self.here)])

    def do_uidl(self, line, argument):
        self.multi(line, ['%d uid-%d' % (number + 1, i) for number, i in enumerate(self.here)])

    def body(self, number):
        return re.sub(rb'(?m)^\.', b'..', self.messages[self.here[number - 1] - 1])

    def do_retr(self, line, argument):
        line.send(b'+OK\r\n' + self.body(int(argument)) + b'.\r\n')

    def do_dele(self, line, argument):
        self.deleted.add(int(argument))
        line.send('+OK\r\n')

    def do_quit(self, line, argument):
        self.removed += [self.here[number - 1] for number in sorted(self.deleted)]
        line.send('+OK bye\r\n')
        return 'end'

    def do_noop(self, line, argument):
        line.send('+OK\r\n')

    do_rset = do_noop


class Imap(Server):
    """An IMAP server (IMAP4rev1, STARTTLS, LOGIN, UIDPLUS)."""

    capabilities = 'IMAP4rev1 STARTTLS UIDPLUS'

    def talk(self, line):
        self.marked = set()
        self.gone = getattr(self, 'gone', set())
        self.greeting(line)
        while True:
            tag, _, rest = line.line().partition(' ')
            command, _, argument = rest.partition(' ')
            name = command.lower()
            if name == 'uid':
                command, _, argument = argument.partition(' ')
                name = 'uid_' + command.lower()
            handler = getattr(self, 'do_' + name, None)
            if handler is None:
                line.send(tag + ' BAD unknown command\r\n')
            elif handler(line, tag, argument) == 'end':
                return

    def greeting(self, line):
        line.send('* OK [CAPABILITY %s] ready\r\n' % self.capabilities)

    def ok(self, line, tag, text='done'):
        line.send('%s OK %s\r\n' % (tag, text))

    def uids(self):
        return [i + 1 for i in range(len(self.messages)) if i + 1 not in self.gone]

    def chosen(self, argument):
        chosen = []
        for part in argument.split(' ')[0].split(','):
            low, _, high = part.partition(':')
            last = max(self.uids() or [0])
            high = last if high == '*' else int(high or low)
            chosen += [uid for uid in self.uids() if int(low) <= uid <= high]
        return chosen

    def do_capability(self, line, tag, argument):
        line.send('* CAPABILITY %s\r\n' % self.capabilities)
        self.ok(line, tag)

    def do_starttls(self, line, tag, argument):
        self.ok(line, tag)
        line.upgrade(self.context)

    def do_login(self, line, tag, argument):
        self.ok(line, tag)

    def do_select(self, line, tag, argument):
        line.send('* %d EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 1] ok\r\n* OK [UIDNEXT %d] ok\r\n'
                  % (len(self.uids()), len(self.messages) + 1))
        self.ok(line, tag, '[READ-WRITE] selected')

    do_examine = do_select

    def listing(self, uid):
        return '* %d FETCH (UID %d FLAGS () RFC822.SIZE %d INTERNALDATE "17-Jul-2025 02:44:25 +0000")\r\n' % (
            self.uids().index(uid) + 1, uid, len(self.messages[uid - 1]))

    def body(self, uid):
        data = self.messages[uid - 1]
        return b'* %d FETCH (UID %d BODY[] {%d}\r\n%s)\r\n' % (self.uids().index(uid) + 1, uid, len(data), data)

    def do_uid_fetch(self, line, tag, argument):
        for uid in self.chosen(argument):
            line.send(self.body(uid) if 'BODY' in argument else self.listing(uid))
        self.ok(line, tag)

    def do_uid_search(self, line, tag, argument):
        found = sorted(self.marked) if 'DELETED' in argument else self.chosen(argument.split('UID ')[-1]) if 'UID' in argument else self.uids()
        line.send('* SEARCH%s\r\n' % ''.join(' %d' % uid for uid in found))
        self.ok(line, tag)

    def do_uid_store(self, line, tag, argument):
        if '+FLAGS' in argument:
            self.marked |= set(self.chosen(argument))
        else:
            self.marked -= set(self.chosen(argument))
        self.ok(line, tag)

    def do_uid_expunge(self, line, tag, argument):
        removed = [uid for uid in self.chosen(argument) if uid in self.marked]
        self.removed += removed
        self.gone |= set(removed)
        self.ok(line, tag)

    def do_expunge(self, line, tag, argument):
        self.removed += sorted(self.marked)
        self.gone |= self.marked
        self.ok(line, tag)

    def do_noop(self, line, tag, argument):
        self.ok(line, tag)

    def do_logout(self, line, tag, argument):
        line.send('* BYE\r\n')
        self.ok(line, tag)
        return 'end'


def fault(base, name, **methods):
    """A server class that differs from `base` in these methods."""
    return type(name, (base,), methods)


def says(text, then=None):
    """A handler that answers with `text` ({tag} is filled in), then hangs or closes."""
    def handler(self, line, *arguments):
        tag = arguments[0] if isinstance(self, Imap) and arguments else ''
        line.send(text.replace('{tag}', tag) if isinstance(text, str) else text.replace(b'{tag}', tag.encode()))
        if then is not None:
            raise then()
    return handler


def trickle(self, line, *arguments):
    """One octet now and then, for ever."""
    while not self.ended:
        line.send('+')
        time.sleep(0.3)


def endless(text, first=''):
    def handler(self, line, *arguments):
        line.send(first)
        while not self.ended:
            line.send(text * 1000)
    return handler


# name, class, problems that are right for it
POP3_FAULTS = [
    ('silent', fault(Pop3, 'F', greeting=says('', Hang)), {'timed-out'}),
    ('closes at once', fault(Pop3, 'F', greeting=says('', Close)), {'connection-failed', 'tls-failed'}),
    ('greets with garbage', fault(Pop3, 'F', greeting=says('HTTP/1.1 200 OK\r\n\r\n', Hang)), {'protocol-error'}),
    ('refuses to greet', fault(Pop3, 'F', greeting=says('-ERR [SYS/TEMP] later\r\n')), {'server-busy'}),
    ('greets without end', fault(Pop3, 'F', greeting=endless('x')), {'limit-exceeded', 'protocol-error'}),
    ('trickles its greeting', fault(Pop3, 'F', greeting=trickle), {'timed-out', 'protocol-error'}),
    ('capabilities without end', fault(Pop3, 'F', do_capa=endless('X-CAPABILITY\r\n', '+OK\r\n')), {'limit-exceeded', 'protocol-error', 'timed-out'}),
    ('refuses the log-in', fault(Pop3, 'F', do_pass=says('-ERR [AUTH] wrong\r\n')), {'credentials-rejected'}),
    ('mailbox in use', fault(Pop3, 'F', do_pass=says('-ERR [IN-USE] locked\r\n')), {'server-busy'}),
    ('hangs at log-in', fault(Pop3, 'F', do_pass=says('', Hang)), {'timed-out'}),
    ('closes at log-in', fault(Pop3, 'F', do_user=says('', Close)), {'connection-failed', 'tls-failed'}),
    ('answers twice', fault(Pop3, 'F', do_user=says('+OK\r\n+OK\r\n+OK\r\n')), {'protocol-error'}),
    ('counts what it does not list', fault(Pop3, 'F', do_stat=says('+OK 99 1\r\n')), {'protocol-error'}),
    ('lists a number twice', fault(Pop3, 'F', do_uidl=says('+OK\r\n1 a\r\n1 b\r\n2 c\r\n.\r\n')), {'protocol-error'}),
    ('lists huge numbers', fault(Pop3, 'F', do_list=says('+OK\r\n4294967297 10\r\n.\r\n')), {'protocol-error', 'limit-exceeded'}),
    ('lists negative sizes', fault(Pop3, 'F', do_list=says('+OK\r\n1 -5\r\n.\r\n')), {'protocol-error'}),
    ('lists without end', fault(Pop3, 'F', do_uidl=endless('1 a\r\n', '+OK\r\n')), {'protocol-error', 'limit-exceeded'}),
    ('an empty list of many', fault(Pop3, 'F', do_uidl=says('+OK\r\n.\r\n')), {'protocol-error'}),
    ('hangs in a body', fault(Pop3, 'F', do_retr=says('+OK\r\nFrom: half\r\n\r\nhalf', Hang)), {'timed-out'}),
    ('closes in a body', fault(Pop3, 'F', do_retr=says('+OK\r\nFrom: half\r\n\r\nhalf\r\n', Close)), {'connection-failed', 'tls-failed'}),
    ('closes before the last dot', fault(Pop3, 'F', do_retr=says('+OK\r\nFrom: half\r\n\r\nhalf\r\n.', Close)), {'connection-failed', 'tls-failed'}),
    ('a body without end', fault(Pop3, 'F', do_retr=endless('x' * 70 + '\r\n', '+OK\r\n')), {'limit-exceeded', 'timed-out'}),
    ('a dot line by bare LF', fault(Pop3, 'F', do_retr=says('+OK\r\nFrom: half\r\n\r\nhalf\n.\nmore\r\n', Hang)), {'timed-out', 'protocol-error'}),
    ('refuses QUIT', fault(Pop3, 'F', do_quit=says('-ERR some were not removed\r\n')), {'server-busy', 'protocol-error'}),
    ('never answers QUIT', fault(Pop3, 'F', do_quit=says('', Close)), {'connection-failed', 'tls-failed'}),
    ('answers DELE with garbage', fault(Pop3, 'F', do_dele=says('what?\r\n')), {'protocol-error'}),
]

IMAP_FAULTS = [
    ('silent', fault(Imap, 'F', greeting=says('', Hang)), {'timed-out'}),
    ('closes at once', fault(Imap, 'F', greeting=says('', Close)), {'connection-failed', 'tls-failed'}),
    ('greets with garbage', fault(Imap, 'F', greeting=says('SSH-2.0-OpenSSH\r\n', Hang)), {'protocol-error'}),
    ('says BYE', fault(Imap, 'F', greeting=says('* BYE too many\r\n', Close)), {'server-busy'}),
    ('greets without end', fault(Imap, 'F', greeting=endless('x')), {'limit-exceeded', 'protocol-error'}),
    ('refuses the log-in', fault(Imap, 'F', do_login=says('{tag} NO [AUTHENTICATIONFAILED] wrong\r\n')), {'credentials-rejected'}),
    ('is unavailable', fault(Imap, 'F', do_login=says('{tag} NO [UNAVAILABLE] later\r\n')), {'server-busy'}),
    ('hangs at log-in', fault(Imap, 'F', do_login=says('', Hang)), {'timed-out'}),
    ('a foreign tag', fault(Imap, 'F', do_login=says('ZZZ OK done\r\n', Hang)), {'protocol-error'}),
    ('no such folder', fault(Imap, 'F', do_select=says('{tag} NO [NONEXISTENT] no\r\n'), do_examine=says('{tag} NO no\r\n')), {'folder-missing'}),
    ('no UIDVALIDITY', fault(Imap, 'F', do_select=says('* 2 EXISTS\r\n{tag} OK [READ-WRITE] done\r\n'),
                             do_examine=says('* 2 EXISTS\r\n{tag} OK done\r\n')), {'protocol-error'}),
    ('UID 0', fault(Imap, 'F', listing=lambda self, uid: '* 1 FETCH (UID 0 FLAGS () RFC822.SIZE 10)\r\n'), {'protocol-error'}),
    ('sizes beyond 64 bit', fault(Imap, 'F', listing=lambda self, uid: '* 1 FETCH (UID 1 RFC822.SIZE 99999999999999999999)\r\n'), {'protocol-error'}),
    ('lists nested without end', fault(Imap, 'F', listing=lambda self, uid: '* 1 FETCH ' + '(' * 5000 + '\r\n'), {'protocol-error', 'limit-exceeded'}),
    ('a literal bomb', fault(Imap, 'F', listing=lambda self, uid: '* 1 FETCH (UID {99999999999}\r\n'), {'protocol-error', 'limit-exceeded', 'timed-out'}),
    ('hangs in a body', fault(Imap, 'F', body=lambda self, uid: b'* 1 FETCH (UID %d BODY[] {99999}\r\nhalf' % uid, ok=lambda self, line, tag, text='': None
                              if 'BODY' in getattr(self, 'last', '') else line.send(tag + ' OK x\r\n')), {'timed-out', 'protocol-error', 'connection-failed'}),
    ('closes in a body', fault(Imap, 'F', do_uid_fetch=lambda self, line, tag, argument: Imap.do_uid_fetch(self, line, tag, argument)
                               if 'BODY' not in argument else says(b'* 1 FETCH (UID 1 BODY[] {99999}\r\nhalf', Close)(self, line, tag)),
     {'connection-failed', 'tls-failed'}),
    ('a literal shorter than said', fault(Imap, 'F', body=lambda self, uid: b'* 1 FETCH (UID %d BODY[] {50}\r\nshort)\r\n' % uid),
     {'protocol-error', 'timed-out'}),
    ('BYE while fetching', fault(Imap, 'F', do_uid_fetch=lambda self, line, tag, argument: Imap.do_uid_fetch(self, line, tag, argument)
                                 if 'BODY' not in argument else says('* BYE going down\r\n', Close)(self, line, tag)),
     {'server-busy', 'connection-failed', 'tls-failed'}),
    ('refuses STORE', fault(Imap, 'F', do_uid_store=says('{tag} NO no\r\n')), {'server-busy', 'removal-suspended'}),
    ('answers EXPUNGE with garbage', fault(Imap, 'F', do_uid_expunge=says('{tag}\r\n')), {'protocol-error'}),
]

# Faults that concern one message: the rest is fetched, nothing is invented.
ODD_BODIES = [
    ('BODY NIL', fault(Imap, 'F', body=lambda self, uid: b'* 1 FETCH (UID %d BODY[] NIL)\r\n' % uid if uid == 1 else Imap.body(self, uid))),
    ('no FETCH at all', fault(Imap, 'F', body=lambda self, uid: b'' if uid == 1 else Imap.body(self, uid))),
    ('another UID', fault(Imap, 'F', body=lambda self, uid: Imap.body(self, 2).replace(b'UID 2', b'UID 77') if uid == 1 else Imap.body(self, uid))),
    ('RETR refused', fault(Pop3, 'F', do_retr=lambda self, line, argument: line.send('-ERR gone\r\n') if argument == '1' else Pop3.do_retr(self, line, argument))),
]
