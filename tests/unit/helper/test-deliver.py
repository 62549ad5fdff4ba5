#!/usr/bin/python3
"""postferry-deliver as root among throw-away users, and as an ordinary user with --session. Each test of safety names
the change of the product that makes it fail."""
import glob
import os
import pwd
import random
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import unittest

from helperlib import (CANNOT_CREATE, DELIVER, DISK_FULL, DONE, IN_DOUBT, NO_PERMISSION, NO_USER, OVER_QUOTA, PROBE,
                       REFUSED, SEEN, SETTINGS, TEMPORARY, Helper, add_user, enter_namespace, make_id, memfd, mount,
                       name_of, record, wait_gone)

PROGRAM = os.environ["PF_DELIVER"]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, text, mode=0o644):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def files(*parts):
    return sorted(os.listdir(os.path.join(*parts)))


class Root(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        add_user("pfa")
        add_user("pfb")
        subprocess.run(["groupadd", "pfextra"], check=True)
        subprocess.run(["usermod", "-G", "pfextra", "pfa"], check=True)
        add_user("pflow", "-u", "777")

    def setUp(self):
        self.configuration = tempfile.mkdtemp()
        os.chmod(self.configuration, 0o755)
        self.helpers = []
        self.a, self.b = "/home/pfa", "/home/pfb"
        for user in ("pfa", "pfb"):
            entry = pwd.getpwnam(user)
            shutil.rmtree(entry.pw_dir, ignore_errors=True)
            os.mkdir(entry.pw_dir, 0o700)
            os.chown(entry.pw_dir, entry.pw_uid, entry.pw_gid)
        self.helper = self.start()

    def tearDown(self):
        for helper in self.helpers:
            helper.close()
        shutil.rmtree(self.configuration)

    def start(self, *options, **more):
        helper = Helper(PROGRAM, self.configuration, *options, **more)
        self.helpers.append(helper)
        return helper

    def settings(self, text, name="postferry.conf"):
        write(os.path.join(self.configuration, name), text)

    def make(self, path, user="pfa", mode=0o700):
        entry = pwd.getpwnam(user)
        os.makedirs(path, mode)
        os.chown(path, entry.pw_uid, entry.pw_gid)

    def maildir(self, path="/home/pfa/Maildir"):
        for part in ("", "tmp", "new", "cur"):
            self.make(os.path.join(path, part).rstrip("/"))
        return path

    # --- What is written

    # Fails when pf_child_run() does not call pf_identity_become(): root's files would lie there.
    def test_first_delivery(self):
        ident = make_id(1)
        self.assertEqual(self.helper.deliver("pfa", b"A: b\n\nno line end", ident, date=1234567890), DONE)
        path = f"{self.a}/Maildir/new/{name_of(ident)}"
        self.assertEqual(read(path), b"A: b\n\nno line end")
        status, entry = os.stat(path), pwd.getpwnam("pfa")
        self.assertEqual(stat.S_IMODE(status.st_mode), 0o600)
        self.assertEqual((status.st_uid, status.st_gid), (entry.pw_uid, entry.pw_gid))
        self.assertEqual(status.st_mtime, 1234567890)
        for part in ("", "tmp", "new", "cur"):
            status = os.stat(f"{self.a}/Maildir/{part}")
            self.assertEqual((stat.S_IMODE(status.st_mode), status.st_uid), (0o700, entry.pw_uid))
        self.assertEqual(files(self.a, "Maildir/tmp"), [])

    def test_seen(self):
        ident = make_id(1)
        self.assertEqual(self.helper.deliver("pfa", ident=ident, flags=SEEN), DONE)
        self.assertEqual(files(self.a, "Maildir/cur"), [name_of(ident) + ":2,S"])
        self.assertEqual(files(self.a, "Maildir/new"), [])

    def test_folder(self):
        for _ in range(2):
            self.assertEqual(self.helper.deliver("pfa", folder="A/Gr\u00fcn"), DONE)
        folder = f"{self.a}/Maildir/.A.Gr&APw-n"
        self.assertEqual(len(files(folder, "new")), 2)
        self.assertTrue(os.path.exists(folder + "/maildirfolder"))
        self.assertEqual(read(f"{self.a}/Maildir/subscriptions"), b"A.Gr&APw-n\n")
        self.assertFalse(os.path.exists(f"{self.a}/Maildir/courierimapsubscribed"))

    def test_subscriptions_of_dovecot(self):
        maildir = self.maildir()
        write(maildir + "/subscriptions", "V\t2\n\nSent\nOther", 0o600)
        write(maildir + "/courierimapsubscribed", "INBOX.Sent\n", 0o600)
        for name in ("subscriptions", "courierimapsubscribed"):
            os.chown(f"{maildir}/{name}", pwd.getpwnam("pfa").pw_uid, -1)
        self.assertEqual(self.helper.deliver("pfa", folder="A/B"), DONE)
        self.assertEqual(read(maildir + "/subscriptions"), b"V\t2\n\nSent\nOther\nA\tB\n")
        self.assertEqual(read(maildir + "/courierimapsubscribed"), b"INBOX.Sent\nINBOX.A.B\n")

    def test_batch(self):
        records, fds, wanted = b"", [], {}
        for i in range(64):
            ident, user, folder = make_id(i), ("pfa", "pfb")[i % 2], ("", "Junk", "X/Y")[i % 3]
            data = b"A: %d\n\n" % i
            operation = PROBE if i % 16 == 0 else DELIVER
            if operation == DELIVER:
                fds.append(memfd(data, i))
                wanted[f"/home/{user}/Maildir/{('', '.Junk/', '.X.Y/')[i % 3]}new/{name_of(ident)}"] = data
                records += record(DELIVER, user, ident, folder, length=len(data))
            else:
                records += record(PROBE, user, ident)
        self.helper.send(records, fds)
        answers = self.helper.collect(64)
        self.assertEqual(set(answers.values()), {DONE})
        for path, data in wanted.items():
            self.assertEqual(read(path), data)

    def test_packets_in_a_row(self):
        for i in range(10):
            self.helper.send(record(DELIVER, "pfa", make_id(i), length=2), [memfd(b"a\n")])
        self.assertEqual(set(self.helper.collect(10).values()), {DONE})
        self.assertEqual(len(files(self.a, "Maildir/new")), 10)

    def test_large(self):
        data = os.urandom(5 << 20)
        ident = make_id(1)
        self.assertEqual(self.helper.deliver("pfa", data, ident), DONE)
        self.assertEqual(read(f"{self.a}/Maildir/new/{name_of(ident)}"), data)

    def test_other_mailbox(self):
        self.settings("[Local]\nMailbox=~/mail/deep/box\n")
        self.assertEqual(self.helper.deliver("pfa"), DONE)
        self.assertEqual(len(files(self.a, "mail/deep/box/new")), 1)
        os.makedirs("/home/spool", exist_ok=True)
        self.make("/home/spool/pfa")
        self.settings("[Local]\nMailbox=/home/spool/%u\n")  # followed without a restart
        self.assertEqual(self.helper.probe("pfa"), DONE)
        self.assertEqual(self.helper.deliver("pfa"), DONE)
        self.assertEqual(len(files("/home/spool/pfa/new")), 1)
        self.assertEqual(self.helper.deliver("pfb"), NO_PERMISSION)  # nothing is made where others are
        shutil.rmtree("/home/spool")

    # --- Exactly once

    def test_same_id(self):
        ident = make_id(1)
        for _ in range(2):
            self.assertEqual(self.helper.deliver("pfa", ident=ident), DONE)
        self.assertEqual(files(self.a, "Maildir/new"), [name_of(ident)])
        self.assertEqual(files(self.a, "Maildir/tmp"), [])

    # Fails when pf_search_folder() is not called.
    def test_in_doubt(self):
        ident = make_id(1)
        self.assertEqual(self.helper.deliver("pfa", ident=ident), DONE)
        for flags, name in ((":2,", ":2,"), (":2,FRS", ":2,FRS"), (",S=5:2,T", ",S=5:2,T")):
            old = glob.glob(f"{self.a}/Maildir/*/{name_of(ident)}*")
            self.assertEqual(len(old), 1)
            os.rename(old[0], f"{self.a}/Maildir/cur/{name_of(ident)}{name}")
            for doubt in (IN_DOUBT, IN_DOUBT | SEEN):
                self.assertEqual(self.helper.deliver("pfa", ident=ident, flags=doubt), DONE)
        self.assertEqual(files(self.a, "Maildir/new"), [])
        self.assertEqual(files(self.a, "Maildir/cur"), [name_of(ident) + ",S=5:2,T"])

    def test_in_doubt_and_not_there(self):
        self.assertEqual(self.helper.deliver("pfa", flags=IN_DOUBT), DONE)
        self.assertEqual(len(files(self.a, "Maildir/new")), 1)

    # Fails when create_in_tmp() does not make a new file (O_EXCL, unlinkat).
    def test_left_in_tmp(self):
        maildir, ident = self.maildir(), make_id(1)
        write(f"{maildir}/tmp/{name_of(ident)}", "half a mess, and longer than the message is", 0o600)
        os.chown(f"{maildir}/tmp/{name_of(ident)}", pwd.getpwnam("pfa").pw_uid, -1)
        self.assertEqual(self.helper.deliver("pfa", b"whole", ident, flags=IN_DOUBT), DONE)
        self.assertEqual(read(f"{maildir}/new/{name_of(ident)}"), b"whole")
        self.assertEqual(files(maildir, "tmp"), [])

    def batch(self, n, flags=0):
        """Sends @n messages of 20,000 octets, each of its own content."""
        data = [(b"%04d" % i) * 5000 for i in range(n)]
        self.helper.send(b"".join(record(DELIVER, "pfa", make_id(i), flags=flags, length=20000) for i in range(n)),
                         [memfd(text) for text in data])
        return data

    def check_batch(self, data):
        self.assertEqual(files(self.a, "Maildir/new"), [name_of(make_id(i)) for i in range(len(data))])
        for i, text in enumerate(data):
            self.assertEqual(read(f"{self.a}/Maildir/new/{name_of(make_id(i))}"), text)
        self.assertEqual(files(self.a, "Maildir/tmp"), [])

    # Fails when a file is written in new/ itself, when pf_search_folder() is not called and a flag changed, or when what
    # lies in tmp is in the way.
    def test_killed_at_any_time(self):
        for i in range(40):
            self.batch(32)
            time.sleep(random.random() * 0.02)
            self.helper.process.kill()
            self.helper.process.wait()
            for path in glob.glob(f"{self.a}/Maildir/new/*"):
                self.assertEqual(os.path.getsize(path), 20000)
            for path in glob.glob(f"{self.a}/Maildir/new/*")[:i % 3]:
                os.rename(path, path.replace("/new/", "/cur/") + ":2,S")
            self.helper = self.start()
            data = self.batch(32, IN_DOUBT)
            self.assertEqual(set(self.helper.collect(32).values()), {DONE})
            for path in glob.glob(f"{self.a}/Maildir/cur/*"):
                self.assertFalse(os.path.exists(path.replace("/cur/", "/new/")[:-4]))
                os.rename(path, path.replace("/cur/", "/new/")[:-4])
            self.check_batch(data)
            shutil.rmtree(f"{self.a}/Maildir")

    # Fails when one of the stages is left out, or the answer comes before the last of them: with -Dsteps=true the helper
    # stops right behind each of them, as a machine does that loses power.
    def test_stopped_at_each_step(self):
        if not os.environ.get("PF_STEPS"):
            self.skipTest("built without -Dsteps=true")
        for stop in ("helper-written:1", "helper-written:3", "helper-renamed:1", "helper-renamed:3", "helper-synced:1"):
            helper = self.helper = self.start(environment={"PF_STEP_STOP": stop})
            self.batch(3)
            self.assertIsNone(helper.receive(), stop)
            self.assertEqual(helper.process.wait(60), 99)
            renamed = {"helper-written": 0, "helper-renamed": int(stop[-1]), "helper-synced": 3}[stop[:-2]]
            self.assertEqual(len(files(self.a, "Maildir/new")), renamed)
            self.helper = self.start()
            data = self.batch(3, IN_DOUBT)
            self.assertEqual(set(self.helper.collect(3).values()), {DONE})
            self.check_batch(data)
            shutil.rmtree(f"{self.a}/Maildir")

    # --- Who

    def test_users_refused(self):
        write(f"{self.configuration}/postferry.conf", "[Local]\nMinimumUid=1\n")
        for user in ("root", "nobody", "nosuchuser"):
            self.assertEqual(self.helper.deliver(user), NO_USER, user)
            self.assertEqual(self.helper.probe(user), NO_USER, user)
        self.assertFalse(os.path.exists("/root/Maildir"))

    # Fails when pf_identity_is_allowed() does not compare with minimum_uid.
    def test_minimum_uid(self):
        self.assertEqual(self.helper.deliver("pflow"), NO_USER)
        self.settings("[Local]\nMinimumUid=700\n")
        self.assertEqual(self.helper.deliver("pflow"), DONE)
        os.chown(f"{self.configuration}/postferry.conf", pwd.getpwnam("pfb").pw_uid, -1)
        self.assertEqual(self.helper.deliver("pflow"), NO_USER)

    def test_home_missing(self):
        os.rename(self.a, "/home/away")
        self.assertEqual(self.helper.probe("pfa"), CANNOT_CREATE)
        self.assertEqual(self.helper.deliver("pfa"), CANNOT_CREATE)
        self.assertFalse(os.path.exists(self.a))
        os.rename("/home/away", self.a)

    # Fails when make_here() does not check the owner.
    def test_home_of_another(self):
        os.chown(self.a, pwd.getpwnam("pfb").pw_uid, -1)
        os.chmod(self.a, 0o777)
        self.assertEqual(self.helper.deliver("pfa"), NO_PERMISSION)
        self.assertEqual(self.helper.probe("pfa"), NO_PERMISSION)
        self.assertEqual(files(self.a), [])

    def test_probe_changes_nothing(self):
        self.assertEqual(self.helper.probe("pfa"), DONE)
        self.assertEqual(files(self.a), [])
        maildir = self.maildir()
        self.assertEqual(self.helper.probe("pfa"), DONE)
        self.assertEqual(files(maildir, "tmp"), [])

    # --- What users may put in the way

    # Fails when pf_mailbox_open() does not call check_owner() for the mailbox: the folders below are pfa's own.
    def test_link_to_another_home(self):
        maildir = self.maildir(f"{self.b}/Maildir")
        os.chmod(self.b, 0o711)
        os.chmod(maildir, 0o755)
        os.chown(maildir, pwd.getpwnam("pfb").pw_uid, -1)
        os.symlink(maildir, f"{self.a}/Maildir")
        self.assertEqual(self.helper.deliver("pfa"), NO_PERMISSION)
        self.assertEqual(files(maildir, "new"), [])

    def test_link_to_own_folder(self):
        self.make("/home/disk")
        os.symlink("/home/disk", f"{self.a}/Maildir")
        self.assertEqual(self.helper.deliver("pfa"), DONE)
        self.assertEqual(len(files("/home/disk/new")), 1)
        shutil.rmtree("/home/disk")

    # Fails when open_folder() opens without RESOLVE_NO_SYMLINKS.
    def test_links_below(self):
        maildir = self.maildir()
        self.make(f"{self.a}/elsewhere")
        os.rmdir(f"{maildir}/new")
        os.symlink("../elsewhere", f"{maildir}/new")
        self.assertEqual(self.helper.deliver("pfa"), NO_PERMISSION)
        os.symlink("/home/pfa/elsewhere", f"{maildir}/.Junk")
        self.assertEqual(self.helper.deliver("pfa", folder="Junk"), NO_PERMISSION)
        self.assertEqual(files(self.a, "elsewhere"), [])

    def test_no_folders(self):
        maildir = self.maildir()
        os.rmdir(f"{maildir}/new")
        os.mkfifo(f"{maildir}/new")
        self.assertEqual(self.helper.deliver("pfa"), CANNOT_CREATE)
        os.unlink(f"{maildir}/new")
        write(f"{maildir}/new", "a file")
        self.assertEqual(self.helper.deliver("pfa"), CANNOT_CREATE)
        shutil.rmtree(maildir)
        write(maildir, "a file")
        self.assertEqual(self.helper.deliver("pfa"), CANNOT_CREATE)
        self.assertEqual(self.helper.probe("pfa"), CANNOT_CREATE)

    # Fails when check_owner() does not look at S_IWOTH, or at the owner.
    def test_folder_of_everybody(self):
        maildir = self.maildir()
        os.chmod(f"{maildir}/new", 0o777)
        self.assertEqual(self.helper.deliver("pfa"), NO_PERMISSION)
        os.chmod(f"{maildir}/new", 0o700)
        os.chown(f"{maildir}/cur", pwd.getpwnam("pfb").pw_uid, -1)
        os.chmod(f"{maildir}/cur", 0o755)
        self.assertEqual(self.helper.deliver("pfa"), NO_PERMISSION)

    # Fails when create_in_tmp() opens without O_EXCL and O_NOFOLLOW.
    def test_link_in_tmp(self):
        maildir, ident = self.maildir(), make_id(1)
        write(f"{self.a}/precious", "precious", 0o600)
        os.chown(f"{self.a}/precious", pwd.getpwnam("pfa").pw_uid, -1)
        os.symlink(f"{self.a}/precious", f"{maildir}/tmp/{name_of(ident)}")
        self.assertEqual(self.helper.deliver("pfa", ident=ident), DONE)
        self.assertEqual(read(f"{self.a}/precious"), b"precious")
        self.assertTrue(stat.S_ISREG(os.lstat(f"{maildir}/new/{name_of(ident)}").st_mode))

    def test_folder_in_tmp(self):
        maildir, ident = self.maildir(), make_id(1)
        self.make(f"{maildir}/tmp/{name_of(ident)}")
        self.assertEqual(self.helper.deliver("pfa", ident=ident), CANNOT_CREATE)

    def test_fifos_for_files(self):
        maildir = self.maildir()
        for name in ("subscriptions", "courierimapsubscribed", "maildirsize"):
            os.mkfifo(f"{maildir}/{name}")
            os.chmod(f"{maildir}/{name}", 0o666)
        self.assertEqual(self.helper.deliver("pfa", folder="Junk"), DONE)

    def test_not_writable(self):
        maildir = self.maildir()
        os.chmod(f"{maildir}/tmp", 0o500)
        self.assertEqual(self.helper.deliver("pfa"), NO_PERMISSION)

    # --- Full

    def test_disk_full(self):
        entry = pwd.getpwnam("pfa")
        mount("-t", "tmpfs", "-o", f"size=256k,mode=700,uid={entry.pw_uid}", "tmpfs", self.a)
        try:
            self.assertEqual(self.helper.deliver("pfa", b"small", make_id(1)), DONE)
            self.assertEqual(self.helper.deliver("pfa", b"x" * 300000), DISK_FULL)
            self.assertEqual(files(self.a, "Maildir/tmp"), [])
            self.assertEqual(self.helper.probe("pfa"), DONE)
            with open(f"{self.a}/ballast", "wb", buffering=0) as file:
                try:
                    while file.write(b"x" * 4096):
                        pass
                except OSError:
                    pass
            self.assertEqual(self.helper.probe("pfa"), DISK_FULL)
            self.assertEqual(self.helper.deliver("pfa", b"x"), DISK_FULL)
            self.assertEqual(self.helper.deliver("pfa", b"small", make_id(1), flags=IN_DOUBT), DONE)
            os.unlink(f"{self.a}/ballast")
            self.assertEqual(self.helper.deliver("pfa", b"x"), DONE)
        finally:
            subprocess.run(["umount", self.a], check=True)

    def test_quota(self):
        maildir = self.maildir()
        write(f"{maildir}/maildirsize", "1000S,3C\n500 1\n", 0o600)
        os.chown(f"{maildir}/maildirsize", pwd.getpwnam("pfa").pw_uid, -1)
        self.assertEqual(self.helper.deliver("pfa", b"x" * 501), OVER_QUOTA)
        self.assertEqual(self.helper.deliver("pfa", b"x" * 100, make_id(1)), DONE)
        self.assertEqual(self.helper.deliver("pfa", b"x" * 100, make_id(1)), DONE)  # there already: not counted again
        self.assertEqual(read(f"{maildir}/maildirsize"), b"1000S,3C\n500 1\n100 1\n")
        self.assertEqual(self.helper.probe("pfa"), DONE)
        self.assertEqual(self.helper.deliver("pfa", b"x"), DONE)
        self.assertEqual(self.helper.deliver("pfa", b"x"), OVER_QUOTA)
        self.assertEqual(self.helper.probe("pfa"), OVER_QUOTA)

    # --- Packets

    def test_descriptors(self):
        self.assertEqual(self.helper.deliver("pfa", b"four", length=5), TEMPORARY)
        self.assertEqual(self.helper.deliver("pfa", b"four", length=3), TEMPORARY)
        out, into = os.pipe()
        os.write(into, b"four")
        self.helper.send(record(DELIVER, "pfa", make_id(99), length=4), [out])
        self.assertEqual(self.helper.collect(1)[make_id(99)], TEMPORARY)
        os.close(into)
        self.assertEqual(files(self.a, "Maildir/new"), [])
        self.assertEqual(files(self.a, "Maildir/tmp"), [])

    # Fails when take_packet() goes on in spite of pf_request_parse().
    def test_malformed(self):
        good = record(DELIVER, "pfa", make_id(1), length=4)
        packets = ((b"x", 0), (good, 0), (good, 2), (good[:-1], 1), (good * 65, 1), (good + b"x", 1),
                   (record(DELIVER, "../root", make_id(1), length=4), 1),
                   (record(DELIVER, "pfa", make_id(1), "../../x", length=4), 1),
                   (record(DELIVER, "pfa", "../" + make_id(1)[3:], length=4), 1),
                   (record(DELIVER, "pfa", make_id(1), length=4, version=2), 1))
        for packet, n in packets:
            helper = self.start()
            helper.send(packet, [memfd(b"four") for _ in range(n)])
            self.assertIsNone(helper.receive())
            self.assertEqual(helper.process.wait(60), 1)
        self.assertFalse(os.path.exists(f"{self.a}/Maildir"))

    def test_ends_with_service(self):
        self.helper.socket.close()
        self.assertEqual(self.helper.process.wait(60), 0)

    def test_as_ordinary_user(self):
        os.chmod(self.configuration, 0o755)
        result = subprocess.run(["runuser", "-u", "pfa", "--", "/usr/bin/python3", "-B", os.path.abspath(__file__), "Session"],
                                capture_output=True, check=False, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("Ran 3 tests", result.stderr)

    # --- Peers

    def listen(self, user):
        """A helper that systemd would have started."""
        import socket
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        path = os.path.join(self.configuration, "socket")
        listening.bind(path)
        os.chmod(path, 0o666)
        listening.listen()

        def as_three():
            os.dup2(listening.fileno(), 3)
            os.set_inheritable(3, True)
        script = 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'
        process = subprocess.Popen(["/bin/sh", "-c", script, "sh", PROGRAM, "--peer", user], preexec_fn=as_three,
                                   close_fds=False, env={"CONFIGURATION_DIRECTORY": self.configuration})
        listening.close()
        self.addCleanup(lambda: (process.kill(), process.wait()))
        return path

    def ask_as(self, user, path):
        """Delivers to pfb over the socket at @path as @user: the answer's octets."""
        import array
        import socket
        out, into = os.pipe()
        child = os.fork()
        if child == 0:
            os.setuid(pwd.getpwnam(user).pw_uid)
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            connection.connect(path)
            try:
                connection.sendmsg([record(DELIVER, "pfb", make_id(1), length=4)],
                                   [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [memfd(b"four")]))])
                os.write(into, connection.recv(4096))
            except OSError:
                pass
            os._exit(0)
        os.close(into)
        os.waitpid(child, 0)
        answer = os.read(out, 4096)
        os.close(out)
        return answer

    # Fails when pf_listen_is_peer() returns TRUE.
    def test_peer(self):
        path = self.listen("pfa")
        self.assertEqual(self.ask_as("pfb", path), b"")
        self.assertEqual(self.ask_as("root", path), b"")
        self.assertFalse(os.path.exists(f"{self.b}/Maildir"))
        self.assertEqual(len(self.ask_as("pfa", path)), 36)
        self.assertEqual(len(files(self.b, "Maildir/new")), 1)

    def ask_accepted(self, user, peer):
        """The same with Accept=yes: the helper gets the connection itself."""
        import socket
        path = os.path.join(self.configuration, "accepted")
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listening.bind(path)
        os.chmod(path, 0o666)
        listening.listen()
        child = os.fork()
        if child == 0:
            os._exit(len(self.ask_as(user, path)))
        connection = listening.accept()[0]
        listening.close()
        os.unlink(path)

        def as_three():
            os.dup2(connection.fileno(), 3)
            os.set_inheritable(3, True)
        process = subprocess.Popen(["/bin/sh", "-c", 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"', "sh", PROGRAM, "--peer", peer],
                                   preexec_fn=as_three, close_fds=False,
                                   env={"CONFIGURATION_DIRECTORY": self.configuration})
        connection.close()
        process.wait()
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    # Fails when run() serves an accepted connection without asking pf_listen_is_peer().
    def test_peer_accepted(self):
        self.assertEqual(self.ask_accepted("pfb", "pfa"), 0)
        self.assertEqual(self.ask_accepted("root", "pfa"), 0)
        self.assertFalse(os.path.exists(f"{self.b}/Maildir"))
        self.assertEqual(self.ask_accepted("pfa", "pfa"), 36)

    # --- Settings

    def script(self, text):
        path = "/home/command"
        write(path, "#!/bin/sh\n" + text, 0o755)
        return path

    # Fails when decide_command() does not ask whether the file is trusted.
    def test_command_of_the_service(self):
        self.settings(f"[Local]\nCommand={self.script('cat > ~/ran')}\n")
        os.chown(f"{self.configuration}/postferry.conf", pwd.getpwnam("pfb").pw_uid, -1)
        self.assertEqual(self.helper.deliver("pfa"), SETTINGS)
        self.assertEqual(self.helper.probe("pfa"), SETTINGS)
        self.settings("[Local]\nMailbox=~/Own\n", "deliver.conf")  # root's word goes first
        self.assertEqual(self.helper.deliver("pfa"), DONE)
        self.assertEqual(len(files(self.a, "Own/new")), 1)
        os.chown(f"{self.configuration}/deliver.conf", pwd.getpwnam("pfb").pw_uid, -1)
        self.assertEqual(self.helper.deliver("pfa"), SETTINGS)
        os.unlink(f"{self.configuration}/deliver.conf")
        os.chown(f"{self.configuration}/postferry.conf", 0, 0)
        self.assertEqual(self.helper.deliver("pfa"), DONE)
        self.assertTrue(os.path.exists(f"{self.a}/ran"))

    # Fails when open_settings() opens without O_NOFOLLOW, or takes what is no plain file.
    def test_settings_that_are_no_file(self):
        path, other = f"{self.configuration}/postferry.conf", f"{self.configuration}/other.conf"
        write(other, "[Local]\nMailbox=~/Other\n")
        for make in (os.symlink, os.link, lambda source, target: os.mkfifo(target)):
            make(other, path)
            self.assertEqual(self.helper.deliver("pfa"), SETTINGS)
            os.unlink(path)
        self.settings("[Local\nMailbox")
        self.assertEqual(self.helper.deliver("pfa"), SETTINGS)
        os.unlink(path)
        self.assertEqual(self.helper.deliver("pfa"), DONE)

    # Root with the capabilities of postferry-deliver@.service alone. Fails when become_owner() returns FALSE.
    def test_few_capabilities(self):
        self.settings("[Local]\nMailbox=~/Few\n")
        path = f"{self.configuration}/postferry.conf"
        os.chmod(path, 0o600)
        os.chown(path, pwd.getpwnam("pfb").pw_uid, -1)
        helper = self.start(prefix=("setpriv", "--bounding-set=-all,+setuid,+setgid,+kill", "--no-new-privs", "--"))
        self.assertEqual(helper.deliver("pfa"), DONE)
        self.assertEqual(len(files(self.a, "Few/new")), 1)

    # --- Command

    def command(self, text, arguments=""):
        self.settings(f"[Local]\nCommand={self.script(text)} {arguments}\n")

    # Fails line by line when one of these is left out: initgroups(), setresgid(), PR_SET_NO_NEW_PRIVS, the
    # environment of execute().
    def test_command_rights(self):
        self.command('exec > ~/out 2>&1; id -u; id -G; umask; pwd; grep -E "^(NoNewPrivs|CapEff|CapPrm|Groups)" /proc/self/status;'
                     'ls /proc/$$/fd | tr "\\n" " "; echo; env | sort; echo "[$1][$2]"; cat', "'%u x' %%u")
        self.assertEqual(self.helper.deliver("pfa", b"the message"), DONE)
        lines = read(f"{self.a}/out").decode().split("\n")
        entry, extra = pwd.getpwnam("pfa"), subprocess.run(["getent", "group", "pfextra"], capture_output=True,
                                                           check=True, text=True).stdout.split(":")[2]
        self.assertEqual(lines[0], str(entry.pw_uid))
        self.assertEqual(set(lines[1].split()), {str(entry.pw_gid), extra})
        self.assertEqual(lines[2:4], ["0077", "/home/pfa"])
        status = dict(line.split(":\t") for line in lines[4:8])
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(int(status["CapEff"], 16) | int(status["CapPrm"], 16), 0)
        self.assertLessEqual(set(lines[8].split()), {"0", "1", "2", "10", "255"})  # the last two are the shell's own
        environment = dict(line.split("=", 1) for line in lines[9:-2])
        self.assertEqual(environment["HOME"], "/home/pfa")
        self.assertEqual(environment["USER"], "pfa")
        self.assertNotIn("CONFIGURATION_DIRECTORY", environment)
        self.assertEqual(lines[-2:], ["[pfa x][%u]", "the message"])

    def test_command_codes(self):
        for code, wanted in ((0, DONE), (65, REFUSED), (67, NO_USER), (75, TEMPORARY), (73, CANNOT_CREATE), (1, TEMPORARY)):
            self.command(f"exit {code}")
            self.assertEqual(self.helper.deliver("pfa", b"x" * 200000), wanted)
        self.command("kill -9 $$")
        self.assertEqual(self.helper.deliver("pfa"), TEMPORARY)
        self.settings("[Local]\nCommand=/nonexistent\n")
        self.assertEqual(self.helper.deliver("pfa"), TEMPORARY)
        self.assertEqual(self.helper.probe("pfa"), CANNOT_CREATE)

    # The service's own file must not get into the hands of what a user runs. Fails when execute() gets mail->fd as its input.
    def test_command_cannot_change_the_message(self):
        self.command("echo forged > /proc/self/fd/0; cat > /dev/null")
        fd = memfd(b"genuine\n")
        self.helper.send(record(DELIVER, "pfa", make_id(1), length=8), [os.dup(fd)])
        self.helper.collect(1)
        self.assertEqual(os.pread(fd, 100, 0), b"genuine\n")
        os.close(fd)

    # Fails when pf_serve() waits for one child before it starts another.
    def test_slow_user_holds_up_nobody(self):
        self.command('[ "$1" = pfb ] && exit 0; echo $$ > ~/pid; sleep 1000', "%u")
        self.helper.send(record(DELIVER, "pfa", make_id(1), length=4), [memfd(b"four")])
        self.assertEqual(self.helper.deliver("pfb", ident=make_id(2)), DONE)
        while not os.path.exists(f"{self.a}/pid") or not read(f"{self.a}/pid"):
            time.sleep(0.01)
        pid = int(read(f"{self.a}/pid"))
        # Whoever asked is gone: nothing of the delivery goes on.
        self.helper.socket.close()
        wait_gone(pid)

    # Fails when close_others() is not called: the socket to the service, and other users' mail.
    def test_child_holds_only_its_own(self):
        self.command("echo $$ > ~/pid; sleep 1000")
        self.helper.send(record(DELIVER, "pfa", make_id(1), length=4) + record(DELIVER, "pfb", make_id(2), length=4),
                         [memfd(b"four"), memfd(b"four")])
        for home in (self.a, self.b):
            while not os.path.exists(f"{home}/pid") or not read(f"{home}/pid"):
                time.sleep(0.01)
            with open(f"/proc/{int(read(f'{home}/pid'))}/status", encoding="ascii") as file:
                child = [line.split()[1] for line in file if line.startswith("PPid:")][0]
            held = [os.readlink(f"/proc/{child}/fd/{fd}") for fd in files("/proc", child, "fd") if int(fd) > 2]
            self.assertEqual([name for name in held if name.startswith("socket:")], [])
            self.assertEqual(len([name for name in held if "memfd" in name]), 1)

    # Fails when die_with_parent() does nothing: two children could work on one delivery.
    def test_children_die_with_helper(self):
        self.command("echo $$ > ~/pid; sleep 1000")
        self.helper.send(record(DELIVER, "pfa", make_id(1), length=4), [memfd(b"four")])
        while not os.path.exists(f"{self.a}/pid") or not read(f"{self.a}/pid"):
            time.sleep(0.01)
        pid = int(read(f"{self.a}/pid"))
        self.helper.process.kill()
        wait_gone(pid)


class Session(unittest.TestCase):
    """With --session: as whoever runs the tests; the home is replaced where we are root."""

    def setUp(self):
        self.configuration = tempfile.mkdtemp()
        self.user = pwd.getpwuid(os.getuid()).pw_name
        self.mailbox = os.path.join(self.configuration, "box")
        write(f"{self.configuration}/postferry.conf", f"[Local]\nMailbox={self.mailbox}\n")
        self.helper = Helper(PROGRAM, self.configuration, "--session")

    def tearDown(self):
        self.helper.close()
        shutil.rmtree(self.configuration)

    def test_own_user(self):
        self.assertEqual(self.helper.deliver(self.user, b"mine"), DONE)
        self.assertEqual(len(files(self.mailbox, "new")), 1)
        self.assertEqual(self.helper.probe(self.user), DONE)

    # Fails when pf_identity_is_allowed() does not compare with own_uid.
    def test_other_users(self):
        for user in ("daemon", "nosuchuser", "root" if os.getuid() != 0 else "bin"):
            self.assertEqual(self.helper.deliver(user), NO_USER)

    def test_without_root_only_session(self):
        if os.getuid() == 0:
            self.skipTest("we are root")
        process = subprocess.run([PROGRAM, "--fd", "0"], capture_output=True, check=False)
        self.assertEqual(process.returncode, 77)


if __name__ == "__main__":
    if not enter_namespace():
        del Root
    unittest.main()
