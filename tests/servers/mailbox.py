"""A mailbox that changes while it is served by POP3 and IMAP, as real ones do: what a test does to it happens there and then.

Mail arrives, vanishes, is renumbered; a hook runs at each command, so that another client may come in between.
"""

import hostile


class Mail:
    def __init__(self, text, uid, uidl):
        self.text, self.uid, self.uidl = text, uid, uidl


class Mailbox:
    """Messages (bytes, CRLF line ends) with their names. `removed` tells what a client of ours removed, as texts."""

    def __init__(self, texts=()):
        self.mails = []
        self.uidvalidity = 7
        self.next_uid = 1
        self.removed = []
        for text in texts:
            self.arrive(text)

    def arrive(self, text, uidl=None):
        self.mails.append(Mail(text, self.next_uid, uidl or 'u-%d-%d' % (self.uidvalidity, self.next_uid)))
        self.next_uid += 1

    def vanish(self, text):
        """Another client removes it."""
        self.mails = [mail for mail in self.mails if mail.text != text]

    def renumber(self):
        """The provider loses its index: UIDs from 1 under another UIDVALIDITY, other UIDLs."""
        texts = [mail.text for mail in self.mails]
        self.mails, self.next_uid = [], 1
        self.uidvalidity += 1
        for text in texts:
            self.arrive(text)

    def remove(self, mails):
        self.removed += [mail.text for mail in mails if mail in self.mails]
        self.mails = [mail for mail in self.mails if mail not in mails]

    def texts(self):
        return [mail.text for mail in self.mails]


def nothing(server, command, argument):
    """A hook: called before each command is answered; an answer (text) of its own takes the place of the server's."""
    return None


class Pop3(hostile.Pop3):
    def __init__(self, box, hook=nothing):
        self.box, self.hook = box, hook
        hostile.Pop3.__init__(self, [])

    def __getattribute__(self, name):
        value = object.__getattribute__(self, name)
        if not name.startswith('do_') or name == 'do_capa':
            return value

        def hooked(line, argument):
            answer = self.hook(self, name[3:], argument)
            if answer is None:
                return value(line, argument)
            line.send(answer)
            return None
        return hooked

    def talk(self, line):
        self.seen = list(self.box.mails)
        hostile.Pop3.talk(self, line)

    def numbers(self):
        return list(range(1, len(self.seen) + 1))

    def is_there(self, number):
        return 1 <= number <= len(self.seen) and self.seen[number - 1] in self.box.mails and number not in self.deleted

    def do_stat(self, line, argument):
        line.send('+OK %d %d\r\n' % (len(self.seen), sum(len(mail.text) for mail in self.seen)))

    def do_list(self, line, argument):
        self.multi(line, ['%d %d' % (i + 1, len(mail.text)) for i, mail in enumerate(self.seen)])

    def do_uidl(self, line, argument):
        self.multi(line, ['%d %s' % (i + 1, mail.uidl) for i, mail in enumerate(self.seen)])

    def body(self, number):
        self.messages = [mail.text for mail in self.seen]
        return hostile.Pop3.body(self, number)

    def do_retr(self, line, argument):
        if self.is_there(int(argument)):
            hostile.Pop3.do_retr(self, line, argument)
        else:
            line.send('-ERR it is gone\r\n')

    def do_dele(self, line, argument):
        if self.is_there(int(argument)):
            hostile.Pop3.do_dele(self, line, argument)
        else:
            line.send('-ERR it is gone\r\n')

    def do_quit(self, line, argument):
        self.box.remove([self.seen[number - 1] for number in self.deleted])
        return hostile.Pop3.do_quit(self, line, argument)


class Imap(hostile.Imap):
    def __init__(self, box, hook=nothing):
        self.box, self.hook = box, hook
        hostile.Imap.__init__(self, [])

    def __getattribute__(self, name):
        value = object.__getattribute__(self, name)
        if not name.startswith('do_'):
            return value

        def hooked(line, tag, argument):
            answer = self.hook(self, name[3:], argument)
            if answer is None:
                return value(line, tag, argument)
            line.send(answer.replace('{tag}', tag))
            return None
        return hooked

    def uids(self):
        return [mail.uid for mail in self.box.mails]

    def mail(self, uid):
        return next(mail for mail in self.box.mails if mail.uid == uid)

    def do_select(self, line, tag, argument):
        line.send('* %d EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY %d] ok\r\n* OK [UIDNEXT %d] ok\r\n'
                  % (len(self.uids()), self.box.uidvalidity, self.box.next_uid))
        self.ok(line, tag, '[READ-WRITE] selected')

    do_examine = do_select

    def listing(self, uid):
        return '* %d FETCH (UID %d FLAGS (%s) RFC822.SIZE %d INTERNALDATE "17-Jul-2025 02:44:25 +0000")\r\n' % (
            self.uids().index(uid) + 1, uid, '\\Deleted' if uid in self.marked else '', len(self.mail(uid).text))

    def body(self, uid):
        data = self.mail(uid).text
        return b'* %d FETCH (UID %d BODY[] {%d}\r\n%s)\r\n' % (self.uids().index(uid) + 1, uid, len(data), data)

    def do_uid_expunge(self, line, tag, argument):
        self.box.remove([self.mail(uid) for uid in self.chosen(argument) if uid in self.marked])
        self.ok(line, tag)

    def do_expunge(self, line, tag, argument):
        self.box.remove([mail for mail in self.box.mails if mail.uid in self.marked])
        self.ok(line, tag)
