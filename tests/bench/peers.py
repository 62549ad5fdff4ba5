"""The peers: how each is told to fetch everything from one mailbox into a Maildir, keeping it at the provider."""

import os
import pwd
import time


class Peer:
    """`folder` is scratch of its own. `prepare` makes what the next run needs, `command` fetches."""

    protocols = ('pop3', 'imap')
    # Where one round trip a message makes a run of all of them a matter of minutes.
    slow = True

    def __init__(self, folder, provider, host, protocol):
        self.folder, self.provider, self.host, self.protocol = folder, provider, host, protocol
        self.port = provider.ports[protocol + 's']
        self.maildir = os.path.join(folder, 'Maildir')

    def prepare(self):
        if os.path.exists(self.folder):
            # Deleted at the end: see bench.put_away().
            os.rename(self.folder, '%s.%d' % (self.folder, time.monotonic_ns()))
        for name in ('tmp', 'new', 'cur'):
            os.makedirs(os.path.join(self.maildir, name))
        for name, text in self.files().items():
            path = os.path.join(self.folder, name)
            with open(path, 'w', encoding='utf-8') as file:
                file.write(text)
            os.chmod(path, 0o600)

    def delivered(self):
        return sum(len(os.listdir(os.path.join(self.maildir, name))) for name in ('new', 'cur'))

    def path(self, name):
        return os.path.join(self.folder, name)


class Mpop(Peer):
    protocols = ('pop3',)
    slow = False

    def files(self):
        return {'mpoprc': 'defaults\nkeep on\ntls on\ntls_starttls off\ntls_trust_file %s\ntimeout 60\n'
                          'account a\nhost %s\nport %d\nuser carol\npassword secret\ndelivery maildir %s\nuidls_file %s\n'
                          % (self.provider.certificate, self.host, self.port, self.maildir, self.path('uidls'))}

    def command(self):
        return ['mpop', '--quiet', '-C', self.path('mpoprc'), 'a']


class Mbsync(Peer):
    protocols = ('imap',)
    slow = False

    def files(self):
        return {'mbsyncrc': 'IMAPAccount a\nHost %s\nPort %d\nUser carol\nPass secret\nSSLType IMAPS\nCertificateFile %s\n'
                            '\nIMAPStore far\nAccount a\n\nMaildirStore near\nInbox %s\n'
                            '\nChannel c\nFar :far:INBOX\nNear :near:INBOX\nSync Pull\nSyncState %s\n'
                            % (self.host, self.port, self.provider.certificate, self.maildir, self.path('state'))}

    def command(self):
        return ['mbsync', '-q', '-c', self.path('mbsyncrc'), 'c']


class Getmail(Peer):
    """Refuses to write mail as root: it becomes the user for that."""

    def prepare(self):
        super().prepare()
        user = pwd.getpwnam('alice')
        for name in ('', 'tmp', 'new', 'cur'):
            os.chown(os.path.join(self.maildir, name), user.pw_uid, user.pw_gid)

    def files(self):
        kind = 'SimplePOP3SSLRetriever' if self.protocol == 'pop3' else 'SimpleIMAPSSLRetriever'
        return {'getmailrc': '[retriever]\ntype = %s\nserver = %s\nport = %d\nusername = carol\npassword = secret\n'
                             '[destination]\ntype = Maildir\nuser = alice\npath = %s/\n[options]\nread_all = true\ndelete = false\nverbose = 0\n'
                             % (kind, self.host, self.port, self.maildir)}

    def command(self):
        return ['getmail', '--getmaildir', self.folder, '--rcfile', 'getmailrc']


class Fetchmail(Peer):
    """Delivers by LMTP, to a Dovecot of its own on this machine (`lmtp`)."""

    def files(self):
        protocol = 'pop3' if self.protocol == 'pop3' else 'imap'
        return {'fetchmailrc': 'poll %s protocol %s port %d username carol password secret is dave here ssl sslproto tls1.2+ '
                               'nosslcertck keep fetchall smtphost localhost/%d lmtp\n'
                               % (self.host, protocol, self.port, self.lmtp.ports['lmtp'])}

    def prepare(self):
        super().prepare()
        self.lmtp.clear('dave')
        self.maildir = self.lmtp.mailbox('dave')

    def delivered(self):
        return self.lmtp.left('dave')

    def command(self):
        return ['fetchmail', '--silent', '--fetchmailrc', self.path('fetchmailrc'), '--idfile', self.path('ids'),
                '--pidfile', self.path('pid')]


class Fdm(Peer):
    def files(self):
        return {'fdm.conf': 'set timeout 60\naction "in" maildir "%s"\n'
                            'account "a" %ss server "%s" port %d user "carol" pass "secret" no-verify\nmatch all action "in"\n'
                            % (self.maildir, self.protocol, self.host, self.port)}

    def command(self):
        return ['fdm', '-q', '-l', '-f', self.path('fdm.conf'), '-k', 'fetch']


ALL = (Mpop, Mbsync, Getmail, Fetchmail, Fdm)
