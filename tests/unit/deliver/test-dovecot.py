#!/usr/bin/python3
"""Both targets and Dovecot: LMTP into it, and what the helper writes read by it. Needs root (namespaces) and Dovecot."""
import glob
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helper"))
from helperlib import add_user, enter_namespace, name_of  # noqa: E402

DRIVER, HELPER = os.environ["PF_DRIVER"], os.environ["PF_DELIVER"]
DONE, UNKNOWN_USER, OVER_QUOTA = "0", "2", "3"
CONFIGURATION = """base_dir = %(d)s/run
state_dir = %(d)s/run
instance_name = postferry-test
log_path = %(d)s/log
protocols = lmtp
ssl = no
listen = 127.0.0.1
mail_location = maildir:~/Maildir
auth_username_format = %%Ln
first_valid_uid = 1000
lda_mailbox_autocreate = yes
lmtp_save_to_detail_mailbox = yes
recipient_delimiter = +
userdb {
  driver = passwd
}
passdb {
  driver = pam
}
service lmtp {
  unix_listener %(d)s/lmtp {
    mode = 0600
  }
}
protocol lmtp {
  postmaster_address = postmaster@localhost
}
"""


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Dovecot(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        add_user("pfd")
        add_user("pfpeer")
        cls.directory = tempfile.mkdtemp()
        os.chmod(cls.directory, 0o755)
        os.mkdir(f"{cls.directory}/run")
        cls.conf = f"{cls.directory}/dovecot.conf"
        with open(cls.conf, "w", encoding="ascii") as file:
            file.write(CONFIGURATION % {"d": cls.directory})
        subprocess.run(["dovecot", "-c", cls.conf], check=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listening.bind(f"{cls.directory}/deliver.sock")
        os.chmod(f"{cls.directory}/deliver.sock", 0o666)
        listening.listen()

        def as_three():
            os.dup2(listening.fileno(), 3)
            os.set_inheritable(3, True)
        cls.helper = subprocess.Popen(
            ["/bin/sh", "-c", 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"', "sh", HELPER, "--peer", "root"],
            preexec_fn=as_three, close_fds=False, env={"CONFIGURATION_DIRECTORY": cls.directory})
        listening.close()

    @classmethod
    def tearDownClass(cls):
        subprocess.run(["doveadm", "-c", cls.conf, "stop"], check=True)
        cls.helper.kill()
        cls.helper.wait()
        shutil.rmtree(cls.directory)

    def setUp(self):
        shutil.rmtree("/home/pfd/Maildir", ignore_errors=True)
        self.messages = []
        for i in range(20):
            path = f"{self.directory}/{i}.eml"
            text = b"From: a\r\nSubject: %d\r\n\r\n.\r\n..two\r\n\xff\xfe bare\rcr\r\n" % i
            with open(path, "wb") as file:
                file.write(text + b"x" * i * 20000 + b"\r\n")
            self.messages.append(path)

    def drive(self, target, user, folder, *paths, flags="-"):
        result = subprocess.run([DRIVER, target, f"{self.directory}/deliver.sock", flags, user, folder, *paths],
                                capture_output=True, check=True, text=True, timeout=120)
        return [line.split(" ", 2)[1] for line in result.stdout.splitlines()]

    def lmtp(self, *arguments, **more):
        return self.drive(f"lmtp:unix:{self.directory}/lmtp", *arguments, **more)

    def local(self, *arguments, **more):
        return self.drive("local", *arguments, **more)

    def fetch(self, fields, mailbox="INBOX"):
        result = subprocess.run(["doveadm", "-c", self.conf, "fetch", "-u", "pfd", fields, "mailbox", mailbox, "ALL"],
                                capture_output=True, check=True)
        return result.stdout

    def names(self):
        return sorted(os.listdir("/home/pfd/Maildir/new") + os.listdir("/home/pfd/Maildir/cur"))

    def original(self, path):
        return read(path).replace(b"\r\n", b"\n")

    def test_lmtp(self):
        self.assertEqual(self.lmtp("pfd", "", *self.messages), [DONE] * 20)
        stored = sorted((read(path) for path in glob.glob("/home/pfd/Maildir/new/*")), key=len)
        self.assertEqual(len(stored), 20)
        for path, text in zip(self.messages, stored):
            self.assertTrue(text.endswith(self.original(path)), path)
            self.assertTrue(text.startswith(b"Return-Path: <bob@example.net>\n"))
        self.assertEqual(self.lmtp("nosuchuser", "", self.messages[0]), [UNKNOWN_USER])
        self.assertEqual(self.lmtp("nosuchuser", ""), ["recipient-unknown"])
        self.assertEqual(self.lmtp("pfd", ""), ["ok"])

    def test_lmtp_detail(self):
        self.assertEqual(self.lmtp("pfd", "Junk", self.messages[0], flags="junk-by-detail"), [DONE])
        self.assertEqual(len(glob.glob("/home/pfd/Maildir/.Junk/new/*")), 1)

    def test_dovecot_reads_helper(self):
        self.assertEqual(self.local("pfd", "", *self.messages), [DONE] * 20)
        self.assertEqual(self.local("pfd", "Gr\u00fcn/A", self.messages[3], flags="seen"), [DONE])
        self.assertEqual(self.fetch("text").replace(b"\r\n", b"\n").count(b"From: a\nSubject: "), 20)
        self.assertIn(b"\\Seen", self.fetch("flags", "Gr\u00fcn.A"))
        listed = subprocess.run(["doveadm", "-c", self.conf, "mailbox", "list", "-s", "-u", "pfd"], capture_output=True,
                                check=True, text=True).stdout
        self.assertIn("Gr\u00fcn.A", listed)

    # Dovecot has given them flags by now, in new/ or cur/.
    def test_in_doubt_after_dovecot(self):
        self.assertEqual(self.local("pfd", "", *self.messages), [DONE] * 20)
        subprocess.run(["doveadm", "-c", self.conf, "flags", "add", "-u", "pfd", "\\Flagged $Label", "mailbox", "INBOX", "ALL"],
                       check=True)
        before = self.names()
        self.assertEqual(len(before), 20)
        self.assertEqual(self.local("pfd", "", *self.messages, flags="doubt"), [DONE] * 20)
        self.assertEqual(self.names(), before)
        ident = hashlib.md5(read(self.messages[0])).hexdigest()
        self.assertTrue(any(name.startswith(name_of(ident) + ":2,F") for name in before))


if __name__ == "__main__":
    if os.geteuid() != 0 or shutil.which("dovecot") is None:
        print("needs root and Dovecot")
        sys.exit(77)
    enter_namespace()
    unittest.main()
