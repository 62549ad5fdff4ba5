"""A real Dovecot with mailboxes of our own: IMAP, POP3, LMTP on loopback, in a folder of its own."""

import os
import pwd
import shutil
import subprocess
import time

from instance import free_port, wait_for

CONFIG = """base_dir = {folder}/run
state_dir = {folder}/run
instance_name = postferry-{imaps}
log_path = {folder}/dovecot.log
protocols = imap pop3 lmtp
listen = {listen}
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
default_internal_user = dovecot
default_login_user = dovenull
mail_location = maildir:~/Maildir
mail_fsync = never
first_valid_uid = 1
mail_max_userip_connections = 0
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service lmtp {{
  unix_listener {folder}/lmtp.sock {{
    mode = 0666
  }}
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/passwd
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}/mail/%n
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
protocol lmtp {{
  postmaster_address = postmaster@localhost
  {lmtp_extra}
}}
{extra}
"""


class Dovecot:
    """`users` have the password `secret`. Use as a context manager."""

    def __init__(self, folder, users=('carol', 'dave'), mechanisms='plain login cram-md5 scram-sha-1 scram-sha-256', extra='',
                 lmtp_extra='', listen='127.0.0.1', launcher=()):
        """`launcher` is a command that starts another one: in a network namespace, for instance."""
        self.folder = folder
        self.users = users
        self.mechanisms = mechanisms
        self.extra = extra
        self.lmtp_extra = lmtp_extra
        self.listen = listen
        self.launcher = list(launcher)
        self.ports = {name: free_port() for name in ('imap', 'imaps', 'pop3', 'pop3s', 'lmtp')}
        self.certificate = os.path.join(folder, 'cert.pem')

    def __enter__(self):
        os.makedirs(os.path.join(self.folder, 'run'), exist_ok=True)
        os.makedirs(os.path.join(self.folder, 'mail'), exist_ok=True)
        for name in ('', 'run', 'mail'):
            os.chmod(os.path.join(self.folder, name), 0o755)
        self.make_certificate()
        with open(os.path.join(self.folder, 'passwd'), 'w', encoding='utf-8') as file:
            for user in self.users:
                file.write('%s:{PLAIN}secret::::::\n' % user)
                self.own(self.mailbox(user))
        os.chmod(os.path.join(self.folder, 'passwd'), 0o644)
        with open(os.path.join(self.folder, 'dovecot.conf'), 'w', encoding='utf-8') as file:
            file.write(CONFIG.format(folder=self.folder, mechanisms=self.mechanisms, extra=self.extra, lmtp_extra=self.lmtp_extra,
                                     listen=self.listen, **self.ports))
        subprocess.run(self.launcher + ['/usr/sbin/dovecot', '-c', os.path.join(self.folder, 'dovecot.conf')], check=True)
        wait_for(lambda: os.path.exists(os.path.join(self.folder, 'lmtp.sock')), what='Dovecot')
        return self

    def __exit__(self, *exception):
        subprocess.run(['/usr/bin/doveadm', '-c', os.path.join(self.folder, 'dovecot.conf'), 'stop'], check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def make_certificate(self):
        key = os.path.join(self.folder, 'key.pem')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3650',
                        '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,DNS:mail.provider.example,IP:127.0.0.1,IP:' + self.listen, '-keyout', key, '-out',
                        self.certificate], check=True, stderr=subprocess.DEVNULL)
        os.chmod(key, 0o600)
        os.chmod(self.certificate, 0o644)

    def mailbox(self, user):
        """The Maildir of `user` at the provider."""
        path = os.path.join(self.folder, 'mail', user, 'Maildir')
        for name in ('tmp', 'new', 'cur'):
            os.makedirs(os.path.join(path, name), exist_ok=True)
        return path

    @staticmethod
    def own(path):
        nobody = pwd.getpwnam('nobody')
        home = os.path.dirname(path)
        for root, _, files in os.walk(home):
            os.chown(root, nobody.pw_uid, nobody.pw_gid)
            for name in files:
                os.chown(os.path.join(root, name), nobody.pw_uid, nobody.pw_gid)

    def fill(self, user, messages, flags=''):
        """Puts `messages` (bytes, LF line ends) into the mailbox, oldest first."""
        path = self.mailbox(user)
        start = int(time.time()) - 86400
        folder = 'cur' if flags else 'new'
        count = sum(len(os.listdir(os.path.join(path, name))) for name in ('new', 'cur'))
        for number, message in enumerate(messages, count):
            name = '%d.M%06dP1.provider' % (start + number, number)
            with open(os.path.join(path, folder, name + (':2,' + flags if flags else '')), 'wb') as file:
                file.write(message)
        self.own(path)

    def forget(self, user, count):
        """Another client removes the `count` oldest messages."""
        path = self.mailbox(user)
        names = sorted((name, kind) for kind in ('new', 'cur') for name in os.listdir(os.path.join(path, kind)))
        for name, kind in names[:count]:
            os.unlink(os.path.join(path, kind, name))

    def clear(self, user):
        shutil.rmtree(os.path.dirname(self.mailbox(user)))
        self.own(self.mailbox(user))

    def left(self, user):
        """How many messages the provider still has."""
        path = self.mailbox(user)
        return sum(len(os.listdir(os.path.join(path, name))) for name in ('new', 'cur'))
