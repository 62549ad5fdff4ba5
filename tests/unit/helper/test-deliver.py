#!/usr/bin/python3
"""What postferry-deliver writes, exactly once. Each test of safety names the change of the product that makes it fail."""
import glob
import os
import pwd
import random
import shutil
import stat
import subprocess
import tempfile
import time
import unittest

from helpercase import PROGRAM, RootCase, files, read, run, write
from helperlib import (DELIVER, DISK_FULL, DONE, Helper, IN_DOUBT, NO_PERMISSION, NO_USER, OVER_QUOTA, PROBE, SEEN,
                       TEMPORARY, make_id, memfd, mount, name_of, record)


class Root(RootCase):
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
        steps = tempfile.mkdtemp(prefix="pf-steps-")
        self.addCleanup(shutil.rmtree, steps)
        os.chmod(steps, 0o777)
        for stop in ("helper-written:1", "helper-written:3", "helper-renamed:1", "helper-renamed:3", "helper-synced:1"):
            for name, text in (("counts", ""), ("stop", stop)):
                with open(f"{steps}/{name}", "w", encoding="ascii") as file:
                    file.write(text)
                os.chmod(f"{steps}/{name}", 0o666)
            helper = self.helper = self.start(environment={"PF_STEP_FOLDER": steps})
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
    run("Root")
