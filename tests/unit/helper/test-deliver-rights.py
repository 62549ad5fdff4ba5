#!/usr/bin/python3
"""Whom postferry-deliver serves, for whom it writes and where not, and with which rights. Each test of safety names the
change of the product that makes it fail."""
import os
import pwd
import shutil
import stat
import subprocess
import time

from helpercase import PROGRAM, RootCase, files, read, run, write
from helperlib import (CANNOT_CREATE, DELIVER, DONE, NO_PERMISSION, NO_USER, REFUSED, SETTINGS, TEMPORARY, make_id,
                       memfd, name_of, record, wait_gone)


class Rights(RootCase):
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
                     'ls -l /proc/$$/fd > fds; env | sort; echo "[$1][$2]"; cat', "'%u x' %%u")
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
        held = [line.split(b" -> ")[1] for line in read(f"{self.a}/fds").splitlines() if b" -> " in line]
        ours = [name for name in held if name.startswith((b"socket:", b"pipe:", b"/memfd:"))]
        self.assertEqual(len(ours), 1, held)  # the message's pipe
        environment = dict(line.split("=", 1) for line in lines[8:-2])
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


if __name__ == "__main__":
    run("Rights")
