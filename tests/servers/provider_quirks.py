"""Stand-ins for what is peculiar to known providers (service/accounts/providers.conf): servers that are right but for that."""

import base64
import hashlib
import hmac
import re
import secrets

import hostile

SHOWN = 250


class GmailPop3(hostile.Pop3):
    """Shows the oldest 250 messages that were never taken; RETR and QUIT hide a message for ever, DELE or not."""

    def talk(self, line):
        self.hidden = getattr(self, 'hidden', set())
        self.retrieved = set()
        self.shown = [i for i in range(len(self.messages)) if i not in self.hidden][:SHOWN]
        hostile.Pop3.talk(self, line)

    def do_stat(self, line, argument):
        line.send('+OK %d %d\r\n' % (len(self.shown), sum(len(self.messages[i]) for i in self.shown)))

    def do_list(self, line, argument):
        self.multi(line, ['%d %d' % (n + 1, len(self.messages[i])) for n, i in enumerate(self.shown)])

    def do_uidl(self, line, argument):
        self.multi(line, ['%d GmailId%016x' % (n + 1, i) for n, i in enumerate(self.shown)])

    def do_retr(self, line, argument):
        index = self.shown[int(argument) - 1]
        self.retrieved.add(index)
        line.send(b'+OK\r\n' + re.sub(rb'(?m)^\.', b'..', self.messages[index]) + b'.\r\n')

    def do_quit(self, line, argument):
        self.hidden |= self.retrieved
        self.removed += sorted(self.shown[n - 1] for n in self.deleted)
        line.send('+OK bye\r\n')
        return 'end'


class OutlookPop3(hostile.Pop3):
    """AUTH in one line ends the connection."""

    user = None

    def do_capa(self, line, argument):
        self.multi(line, ['TOP', 'UIDL', 'SASL PLAIN', 'USER'])

    def do_user(self, line, argument):
        line.send('-ERR use AUTH\r\n')

    def do_auth(self, line, argument):
        if argument != 'PLAIN':
            line.send('-ERR Protocol error. Connection is closed. 10\r\n')
            raise hostile.Close()
        line.send('+ \r\n')
        self.user = base64.b64decode(line.line()).split(b'\0')[1].decode()
        line.send('+OK User successfully authenticated.\r\n')


class OutlookImap(hostile.Imap):
    """RFC822.SIZE is a guess."""

    def listing(self, uid):
        return hostile.Imap.listing(self, uid).replace('RFC822.SIZE %d' % len(self.messages[uid - 1]),
                                                       'RFC822.SIZE %d' % (len(self.messages[uid - 1]) + 17))


class ICloudImap(hostile.Imap):
    """Takes the part before the @ as user name only."""

    def do_login(self, line, tag, argument):
        if argument.split()[0] == '"tim"':
            self.ok(line, tag)
        else:
            line.send(tag + ' NO [AUTHENTICATIONFAILED] Authentication failed\r\n')


class YahooImap(hostile.Imap):
    """Has had enough of us."""

    def do_login(self, line, tag, argument):
        line.send(tag + ' NO [AUTHENTICATIONFAILED] LOGIN Rate limit hit. Try later\r\n')


class LimitingImap(hostile.Imap):
    """MESSAGELIMIT (RFC 9738): a command goes through so many messages, the newest of them, and says how far it came."""

    capabilities = 'IMAP4rev1 UIDPLUS MESSAGELIMIT=40'
    limit = 40

    def cut(self, line, tag, argument, handler):
        whole = self.chosen(argument)
        cut = sorted(whole)[-self.limit:]
        kept, self.chosen = self.chosen, lambda argument: cut
        try:
            if len(cut) == len(whole):
                handler(self, line, tag, argument)
            else:
                self.told = ' [MESSAGELIMIT %d %d] cut' % (self.limit, cut[0])
                handler(self, line, tag, argument)
        finally:
            self.chosen, self.told = kept, None

    told = None

    def ok(self, line, tag, text='done'):
        line.send('%s OK%s\r\n' % (tag, self.told or ' ' + text))

    def do_uid_fetch(self, line, tag, argument):
        self.cut(line, tag, argument, hostile.Imap.do_uid_fetch)

    def do_uid_store(self, line, tag, argument):
        self.cut(line, tag, argument, hostile.Imap.do_uid_store)


class OutlookThrottledImap(hostile.Imap):
    """Lets one in, and nothing more."""

    def do_select(self, line, tag, argument):
        line.send(tag + ' BAD User is authenticated but not connected.\r\n')

    do_examine = do_select


class GmailImap(hostile.Imap):
    """Folders are labels: every message stands in All Mail; EXPUNGE takes a label away, what is copied into the trash leaves all others."""

    capabilities = 'IMAP4rev1 UIDPLUS SPECIAL-USE MOVE X-GM-EXT-1'
    ALL, TRASH, INBOX = '[Gmail]/Alle Nachrichten', '[Gmail]/Papierkorb', 'INBOX'
    trash_is_shown = True

    def __init__(self, messages, *rest):
        # Folder -> [(UID, message's index)]
        self.folders = {self.INBOX: [], 'work': [], self.ALL: [], self.TRASH: [], '[Gmail]/Wichtig': []}
        for index in range(len(messages)):
            self.put(self.INBOX, index)
            self.put(self.ALL, index)
            if index % 2 == 0:
                self.put('work', index)
                self.put('[Gmail]/Wichtig', index)
        hostile.Imap.__init__(self, messages, *rest)

    def put(self, folder, index):
        held = self.folders[folder]
        held.append((1 + len(held) + 1000 * list(self.folders).index(folder), index))

    def uids(self):
        return [uid for uid, _ in self.folders[self.selected]]

    def index(self, uid):
        return dict(self.folders[self.selected])[uid]

    def do_list(self, line, tag, argument):
        uses = {self.ALL: '\\All', self.TRASH: '\\Trash', '[Gmail]/Wichtig': '\\Important'}
        for name in self.folders:
            if name != self.TRASH or self.trash_is_shown:
                line.send('* LIST (\\HasNoChildren %s) "/" "%s"\r\n' % (uses.get(name, ''), name))
        self.ok(line, tag)

    def do_select(self, line, tag, argument):
        self.selected = argument.strip('"')
        self.marked = set()
        line.send('* %d EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 7] ok\r\n' % len(self.uids()))
        self.ok(line, tag, '[READ-WRITE] selected')

    do_examine = do_select

    def listing(self, uid):
        return '* %d FETCH (UID %d FLAGS () RFC822.SIZE %d INTERNALDATE "17-Jul-2025 02:44:25 +0000")\r\n' % (
            self.uids().index(uid) + 1, uid, len(self.messages[self.index(uid)]))

    def body(self, uid):
        data = self.messages[self.index(uid)]
        return b'* %d FETCH (UID %d BODY[] {%d}\r\n%s)\r\n' % (self.uids().index(uid) + 1, uid, len(data), data)

    def do_uid_copy(self, line, tag, argument):
        target = argument.split(' ', 1)[1].strip('"')
        for uid in self.chosen(argument):
            index = self.index(uid)
            self.put(target, index)
            for name, held in self.folders.items():
                # In the selected folder it is seen until it is expunged.
                if target == self.TRASH and name not in (self.TRASH, self.selected):
                    held[:] = [one for one in held if one[1] != index]
        self.ok(line, tag)

    def do_uid_move(self, line, tag, argument):
        raise hostile.Close()

    def do_uid_expunge(self, line, tag, argument):
        taken = [uid for uid in self.chosen(argument) if uid in self.marked]
        self.folders[self.selected] = [one for one in self.folders[self.selected] if one[0] not in taken]
        self.ok(line, tag)


class Scram:
    """One SCRAM-SHA-256 log-in at a server (RFC 5802)."""

    def __init__(self, password, forged=False):
        self.password = password
        self.forged = forged

    def first(self, client_first):
        bare = client_first.split(',', 2)[2]
        self.nonce = bare.split('r=')[1] + secrets.token_hex(8)
        salt = secrets.token_bytes(16)
        self.salted = hashlib.pbkdf2_hmac('sha256', self.password.encode(), salt, 4096)
        self.server_first = 'r=%s,s=%s,i=4096' % (self.nonce, base64.b64encode(salt).decode())
        self.bare = bare
        return self.server_first

    def final(self, client_final):
        """The server's last message, None when the password is wrong."""
        without_proof, proof = client_final.rsplit(',p=', 1)
        message = ','.join([self.bare, self.server_first, without_proof]).encode()
        client_key = hmac.digest(self.salted, b'Client Key', 'sha256')
        signature = hmac.digest(hashlib.sha256(client_key).digest(), message, 'sha256')
        wanted = bytes(a ^ b for a, b in zip(client_key, signature))
        if self.forged:
            return 'v=' + base64.b64encode(bytes(32)).decode()
        if base64.b64decode(proof) != wanted:
            return None
        return 'v=' + base64.b64encode(hmac.digest(hmac.digest(self.salted, b'Server Key', 'sha256'), message, 'sha256')).decode()


def decode(text):
    return base64.b64decode(text).decode()


def encode(text):
    return base64.b64encode(text.encode()).decode()


class SystemUsers:
    """Offers SCRAM, and has secrets for it or not: `scram` is 'none' (refuses at once), 'late' (refuses the proof), 'good' or 'forged'."""

    scram = 'none'
    password = 'secret'
    attempts = None

    def log_in(self, line, mechanism, initial):
        """TRUE when one is let in."""
        self.attempts = (self.attempts or []) + [mechanism]
        if mechanism == 'PLAIN':
            return decode(initial).split('\0')[2] == self.password
        if self.scram == 'none':
            return False
        exchange = Scram(self.password if self.scram == 'good' else 'not in the table', self.scram == 'forged')
        line.send('+ %s\r\n' % encode(exchange.first(decode(initial))))
        answer = exchange.final(decode(line.line()))
        if answer is None:
            return False
        line.send('+ %s\r\n' % encode(answer))
        return line.line() != '*'


class SystemUsersPop3(SystemUsers, hostile.Pop3):
    def do_capa(self, line, argument):
        self.multi(line, ['UIDL', 'SASL SCRAM-SHA-256 PLAIN', 'STLS'])

    def do_auth(self, line, argument):
        good = self.log_in(line, *argument.split(' '))
        line.send('+OK\r\n' if good else '-ERR [AUTH] no\r\n')


class SystemUsersImap(SystemUsers, hostile.Imap):
    capabilities = 'IMAP4rev1 SASL-IR AUTH=SCRAM-SHA-256 AUTH=PLAIN UIDPLUS'

    def do_authenticate(self, line, tag, argument):
        good = self.log_in(line, *argument.split(' '))
        line.send(tag + (' OK in\r\n' if good else ' NO [AUTHENTICATIONFAILED] no\r\n'))


class ClosingPop3(SystemUsersPop3):
    """Ends the connection after it refused somebody."""

    def do_auth(self, line, argument):
        if not self.log_in(line, *argument.split(' ')):
            line.send('-ERR [AUTH] no\r\n')
            raise hostile.Close()
        line.send('+OK\r\n')
