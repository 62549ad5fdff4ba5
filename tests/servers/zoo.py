"""The POP3 and IMAP servers of Debian besides Dovecot, side by side, for the whole way against each.

Their packages exclude one another and start daemons, so they are not installed: they are downloaded once into build/zoo and unpacked, and each
test lays them over /usr in a mount namespace of its own, with users, configuration and mailboxes that nobody else sees. The libraries
they need are in .ci/packages-check.
"""

import fcntl
import glob
import imaplib
import os
import poplib
import pwd
import re
import shutil
import subprocess
import time

import sample
from dovecot import Dovecot
from inetd import Inetd
from instance import SOURCE, free_port, overlay, wait_for

CACHE = os.path.join(SOURCE, 'build', 'zoo')
# Of two files with one name the later package's counts: mailutils' pop3d hides Courier's start script.
PACKAGES = ['courier-authlib', 'courier-base', 'courier-imap', 'courier-pop', 'cyrus-common', 'cyrus-imapd', 'cyrus-pop3d', 'sasl2-bin',
            'mailutils-imap4d', 'mailutils-pop3d', 'popa3d', 'solid-pop3d']
# Header lines in which an mbox keeps what the server knows of a message.
OWN = re.compile(rb'(?mi)^(X-IMAPbase|X-IMAP|X-UID|X-UIDL|Status|X-Status|X-Keywords):.*\n(?:[ \t].*\n)*')
SYSTEM_USERS = ['courier', 'cyrus', 'popa3d', 'spop3d']
SECRET = 'secret'
# A lone CR is no line end.
imaplib.MapCRLF = re.compile(rb'\r?\n')


def unpack():
    """The folder with the unpacked packages; downloaded with apt where they are not there yet."""
    root = os.path.join(CACHE, 'root')
    if os.path.isdir(root):
        return root
    debs = os.path.join(CACHE, 'debs')
    os.makedirs(debs, exist_ok=True)
    missing = [name for name in PACKAGES if not glob.glob(os.path.join(debs, name + '_*.deb'))]
    download = ['apt-get', '-q', '-o', 'APT::Sandbox::User=root', 'download'] + missing
    if missing and subprocess.run(download, cwd=debs, check=False, stdout=subprocess.DEVNULL).returncode != 0:
        subprocess.run(['apt-get', '-q', 'update'], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(download, cwd=debs, check=True, stdout=subprocess.DEVNULL)
    part = root + '.part'
    shutil.rmtree(part, ignore_errors=True)
    for name in PACKAGES:
        subprocess.run(['dpkg', '-x', glob.glob(os.path.join(debs, name + '_*.deb'))[0], part], check=True)
    os.rename(part, root)
    return root


def lay_over(scratch):
    """Lays the packages over this namespace: /usr, /etc, /var, and empty /home and /run."""
    root = unpack()
    for path in ('/etc', '/var'):
        overlay(path, scratch)
    for path in ('/home', '/run'):
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', path], check=True)
    subprocess.run(['mount', '-t', 'overlay', 'overlay', '-o', 'lowerdir=%s:/usr' % os.path.join(root, 'usr'), '/usr'], check=True)
    for name in ('etc', 'var'):
        shutil.copytree(os.path.join(root, name), '/' + name, symlinks=True, dirs_exist_ok=True)
    for service in ('imap', 'pop3', 'pop', 'popa3d', 'solid-pop3d', 'gnu-imap4d', 'gnu-pop3d', 'gnu-mailutils', 'mailutils', 'mu-imap4d', 'mu-pop3d'):
        write('/etc/pam.d/' + service, 'auth required pam_unix.so\naccount required pam_unix.so\n')
    add_users(SYSTEM_USERS, 'x')


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    os.chmod(path, mode)


def make_folder(path, user, mode=0o755):
    os.makedirs(path, exist_ok=True)
    entry = pwd.getpwnam(user)
    os.chown(path, entry.pw_uid, entry.pw_gid)
    os.chmod(path, mode)


def add_users(names, password_hash):
    """Adds users in one go: useradd takes 20 ms each."""
    first = 1 + max(entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid < 60000)
    names = [name for name in names if not has_user(name)]
    with open('/etc/passwd', 'a', encoding='ascii') as passwd, open('/etc/group', 'a', encoding='ascii') as group, \
            open('/etc/shadow', 'a', encoding='ascii') as shadow:
        for uid, name in enumerate(names, first):
            passwd.write('%s:x:%d:%d::/home/%s:/bin/sh\n' % (name, uid, uid, name))
            group.write('%s:x:%d:\n' % (name, uid))
            shadow.write('%s:%s:19000:0:99999:7:::\n' % (name, password_hash))
    for name in names:
        make_folder('/home/' + name, name)


def has_user(name):
    try:
        pwd.getpwnam(name)
        return True
    except KeyError:
        return False


class Animal:
    """A server with the mailboxes of `users`. Knows how mail gets in and what lies there."""

    protocols = ('imap', 'pop3')
    eight_bit_headers = True
    settings = []

    def __init__(self, folder):
        self.folder = folder
        self.name = type(self).__name__.lower()
        self.ports = {}
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o755)

    def start(self, users):
        raise NotImplementedError

    @staticmethod
    def served(message):
        """What a client gets of `message`; both sides of a comparison go through this, and through `seen`."""
        return message

    @staticmethod
    def seen(message):
        """A delivered message without what this server is known to write into it."""
        return message

    # --- Mail, by the server's own way: IMAP. Servers with POP3 only say how they store it. -----------------------------------

    def imap(self, user):
        session = imaplib.IMAP4('127.0.0.1', self.ports['imap'])
        session.login(user, SECRET)
        session.select('INBOX')
        return session

    def put(self, user, messages):
        session = self.imap(user)
        for message in messages:
            answer = session.append('INBOX', None, None, message)
            if answer[0] != 'OK':
                raise RuntimeError('%s: %s' % (self.name, answer))
        session.logout()

    def left(self, user):
        """How many messages the server still has."""
        return len(self.stored(user))

    def stored(self, user):
        session = self.imap(user)
        parts = session.fetch('1:*', '(BODY.PEEK[])')[1] if int(session.select('INBOX')[1][0]) else []
        session.logout()
        return [part[1] for part in parts if isinstance(part, tuple)]

    def remove(self, user, numbers):
        """Another client removes messages by their numbers, in a session of its own."""
        if 'imap' in self.protocols:
            session = self.imap(user)
            for number in numbers:
                session.store(str(number), '+FLAGS', '(\\Deleted)')
            session.expunge()
            session.logout()
            return
        session = poplib.POP3('127.0.0.1', self.ports['pop3'])
        session.user(user)
        session.pass_(SECRET)
        for number in numbers:
            session.dele(number)
        session.quit()


class MaildirAnimal(Animal):
    """~/Maildir."""

    def start(self, users):
        for user in users:
            for name in ('', 'tmp', 'new', 'cur'):
                make_folder(os.path.join('/home', user, 'Maildir', name), user, 0o700)
        self.count = 0

    def put(self, user, messages):
        path = os.path.join('/home', user, 'Maildir')
        entry = pwd.getpwnam(user)
        for message in messages:
            self.count += 1
            name = '%d.M%06dP%d.zoo' % (1700000000 + self.count, self.count, os.getpid())
            with open(os.path.join(path, 'tmp', name), 'wb') as file:
                file.write(message)
            os.chown(os.path.join(path, 'tmp', name), entry.pw_uid, entry.pw_gid)
            os.rename(os.path.join(path, 'tmp', name), os.path.join(path, 'new', name))

    def stored(self, user):
        return sample.delivered(os.path.join('/home', user, 'Maildir'))


class MboxAnimal(Animal):
    """/var/mail/USER, locked by fcntl while mail arrives."""

    owner = None

    def start(self, users):
        self.count = 0
        os.chmod('/var/mail', 0o1777)
        for user in users:
            self.rewrite(user, [])

    def path(self, user):
        return '/var/mail/' + user

    def rewrite(self, user, messages):
        with open(self.path(user), 'wb'):
            pass
        entry = pwd.getpwnam(self.owner or user)
        os.chown(self.path(user), entry.pw_uid, entry.pw_gid)
        os.chmod(self.path(user), 0o600)
        self.put(user, messages)

    def put(self, user, messages):
        with open(self.path(user), 'ab') as file:
            fcntl.lockf(file, fcntl.LOCK_EX)
            for message in messages:
                self.count += 1
                file.write(b'From sender@example.org Mon Nov  3 10:%02d:%02d 2025\n' % divmod(self.count % 3600, 60) + MboxAnimal.served(message) + b'\n')
            file.flush()

    @staticmethod
    def served(message):
        quoted = b'\n'.join(b'>' + line if line.lstrip(b'>').startswith(b'From ') else line for line in message.split(b'\n'))
        return quoted if quoted.endswith(b'\n') else quoted + b'\n'

    def stored(self, user):
        with open(self.path(user), 'rb') as file:
            data = file.read()
        return [part for part in ('\n' + data.decode('latin-1')).split('\nFrom ')[1:] if not part.startswith('MAILER_DAEMON')]


class Courier(MaildirAnimal):
    def start(self, users):
        super().start(users)
        write('/etc/courier/authdaemonrc', 'authmodulelist="authpam"\nauthmodulelistorig="authpam"\ndaemons=3\n'
              'authdaemonvar=/run/courier/authdaemon\nDEBUG_LOGIN=0\nDEFAULTOPTIONS=""\nLOGGEROPTS=""\n')
        make_folder('/run/courier/authdaemon', 'courier')
        with open(os.path.join(self.folder, 'authdaemond.log'), 'ab') as log:
            subprocess.Popen(['/usr/lib/courier/courier-authlib/authdaemond'], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(lambda: os.path.exists('/run/courier/authdaemon/socket'), what='authdaemond')
        login = '/usr/lib/courier/courier/'
        environment = {'PATH': '/usr/bin:/bin', 'AUTHMODULES': 'authdaemon', 'MAILDIRPATH': 'Maildir'}
        imap = dict(environment, IMAP_CAPABILITY='IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE',
                    IMAP_KEYWORDS='1', IMAP_IDLE_TIMEOUT='60', IMAP_MAILBOX_SANITY_CHECK='1', IMAP_USELOCKS='1', IMAP_UMASK='022',
                    IMAP_EMPTYTRASH='Trash:7', IMAP_TRASHFOLDERNAME='Trash', IMAP_ULIMITD='131072', PROTOCOL='IMAP')
        self.servers = {'imap': Inetd([login + 'imaplogin', '/usr/bin/imapd', 'Maildir'], imap, os.path.join(self.folder, 'imap.log')),
                        'pop3': Inetd([login + 'courierpop3login', login + 'courierpop3d', 'Maildir'],
                                      dict(environment, POP3AUTH='', PROTOCOL='POP3'), os.path.join(self.folder, 'pop3.log'))}
        self.ports = {name: server.port for name, server in self.servers.items()}


class Cyrus(Animal):
    eight_bit_headers = False
    CONFIG = """configdirectory: {folder}/lib
proc_path: {folder}/proc
mboxname_lockpath: {folder}/lock
defaultpartition: default
partition-default: {folder}/spool
admins: admin
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {folder}/sasldb2
sasl_mech_list: PLAIN LOGIN
virtdomains: off
autocreate_quota: 0
autocreate_post: yes
unixhierarchysep: yes
expunge_mode: delayed
popminpoll: 0
servername: localhost
lmtpsocket: {folder}/socket/lmtp
idlesocket: {folder}/socket/idle
notifysocket: {folder}/socket/notify
"""
    SERVICES = """START {{
 recover cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -C {folder}/imapd.conf -r"
}}
SERVICES {{
 imap cmd="/usr/lib/cyrus/bin/imapd -C {folder}/imapd.conf" listen="127.0.0.1:{imap}" prefork=2
 pop3 cmd="/usr/lib/cyrus/bin/pop3d -C {folder}/imapd.conf" listen="127.0.0.1:{pop3}" prefork=2
}}
EVENTS {{
}}
"""

    def start(self, users):
        self.ports = {name: free_port() for name in self.protocols}
        make_folder(self.folder, 'cyrus')
        for name in ('lib', 'proc', 'lock', 'spool', 'socket'):
            make_folder(os.path.join(self.folder, name), 'cyrus')
        write(os.path.join(self.folder, 'imapd.conf'), self.CONFIG.format(folder=self.folder))
        write(os.path.join(self.folder, 'cyrus.conf'), self.SERVICES.format(folder=self.folder, **self.ports))
        for user in list(users) + ['admin']:
            subprocess.run(['saslpasswd2', '-p', '-c', '-f', os.path.join(self.folder, 'sasldb2'), '-u', 'localhost', user],
                           input=SECRET.encode(), check=True)
        os.chmod(os.path.join(self.folder, 'sasldb2'), 0o644)
        with open(os.path.join(self.folder, 'master.log'), 'ab') as log:
            subprocess.Popen(['/usr/lib/cyrus/bin/master', '-C', os.path.join(self.folder, 'imapd.conf'), '-M',
                              os.path.join(self.folder, 'cyrus.conf'), '-p', os.path.join(self.folder, 'master.pid')],
                             stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(self.answers, what='Cyrus')
        admin = self.imap('admin', False)
        for user in users:
            answer = admin.create('user/' + user)
            if answer[0] != 'OK':
                raise RuntimeError('cyrus: %s' % (answer,))
        admin.logout()

    def answers(self):
        try:
            self.imap('admin', False).logout()
            return True
        except (OSError, imaplib.IMAP4.error):
            time.sleep(0.2)
            return False

    def imap(self, user, select=True):
        session = imaplib.IMAP4('127.0.0.1', self.ports['imap'])
        session.login(user, SECRET)
        if select:
            session.select('INBOX')
        return session


class Mailutils(MboxAnimal):
    """Renumbers all UIDs when mail arrives, writes its own header lines, folds others anew."""

    # It offers SCRAM, for which the users of the system have no secrets.
    settings = ['Authentication=PLAIN']

    def start(self, users):
        super().start(users)
        self.servers = {'imap': Inetd(['/usr/sbin/imap4d', '--inetd'], log=os.path.join(self.folder, 'imap.log')),
                        'pop3': Inetd(['/usr/sbin/pop3d', '--inetd'], log=os.path.join(self.folder, 'pop3.log'))}
        self.ports = {name: server.port for name, server in self.servers.items()}

    @staticmethod
    def served(message):
        return message

    @staticmethod
    def seen(message):
        head, blank, body = message.partition(b'\n\n')
        head = re.sub(rb'\n[ \t]+', b' ', OWN.sub(b'', head + b'\n'))
        return re.sub(rb'[ \t]+', b' ', re.sub(rb'(?m)[ \t]+$', b'', head)).rstrip(b'\n') + blank + body


class Popa3d(MboxAnimal):
    protocols = ('pop3',)

    def start(self, users):
        super().start(users)
        make_folder('/var/lib/popa3d', 'root')
        self.server = Inetd(['/usr/sbin/popa3d'], log=os.path.join(self.folder, 'pop3.log'))
        self.ports = {'pop3': self.server.port}


class SolidPop3d(MboxAnimal):
    """Gives the blank line before the next From_ as the message's last one."""

    protocols = ('pop3',)

    def start(self, users):
        super().start(users)
        write('/etc/spop3d.conf', '<Global>\nMailDropName "/var/mail/%s"\nMailDropType mailbox\n</Global>\n')
        self.server = Inetd(['/usr/sbin/solid-pop3d'], log=os.path.join(self.folder, 'pop3.log'))
        self.ports = {'pop3': self.server.port}

    @staticmethod
    def served(message):
        return MboxAnimal.served(message) + b'\n'


class DovecotMbox(MboxAnimal):
    owner = 'nobody'

    def start(self, users):
        super().start(users)
        self.dovecot = Dovecot(self.folder, users=users, extra='mail_location = mbox:~/mail:INBOX=/var/mail/%n\nmail_privileged_group =\n')
        self.dovecot.__enter__()
        self.ports = self.dovecot.ports

    @staticmethod
    def seen(message):
        head, blank, body = message.partition(b'\n\n')
        return OWN.sub(b'', head + b'\n')[:-1] + blank + body


class DovecotSdbox(Animal):
    def start(self, users):
        self.dovecot = Dovecot(self.folder, users=users, extra='mail_location = sdbox:~/sdbox\n')
        self.dovecot.__enter__()
        self.ports = self.dovecot.ports


ALL = [Courier, Cyrus, Mailutils, Popa3d, SolidPop3d, DovecotMbox, DovecotSdbox]
