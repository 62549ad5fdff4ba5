"""What the tests of postferry-deliver share: its packets, a helper on a socket pair, a machine of throw-away users."""
import array
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile

RECORD = struct.Struct("=IIIIqQ32s256s512s")
ANSWER = struct.Struct("=32sI")
PROBE, DELIVER = 1, 2
IN_DOUBT, SEEN = 1, 2
DONE, REFUSED, NO_USER, CANNOT_CREATE, TEMPORARY, NO_PERMISSION, SETTINGS, OVER_QUOTA, DISK_FULL = (
    0, 65, 67, 73, 75, 77, 78, 80, 81)
PATIENCE = 60


def make_id(number):
    return "%032x" % number


def name_of(ident):
    return "0.%s.postferry" % ident


def memfd(data, offset=0):
    fd = os.memfd_create("message")
    os.write(fd, b"\0" * offset + data)
    os.lseek(fd, offset, os.SEEK_SET)
    return fd


def record(operation, user, ident, folder="", flags=0, date=0, length=0, version=1):
    def octets(text):
        return text if isinstance(text, bytes) else text.encode()
    return RECORD.pack(version, operation, flags, 0, date, length, octets(ident), octets(user), octets(folder))


class Helper:
    """postferry-deliver on a socket pair."""

    def __init__(self, program, configuration, *options, environment=None, prefix=()):
        self.socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(PATIENCE)
        self.log = tempfile.TemporaryFile()
        fd = other.fileno()

        def as_three():
            os.dup2(fd, 3)
            os.set_inheritable(3, True)
        self.process = subprocess.Popen(
            [*prefix, program, "--fd", "3", *options], preexec_fn=as_three, close_fds=False, stderr=self.log,
            env={"PATH": "/usr/bin:/bin", "CONFIGURATION_DIRECTORY": configuration, **(environment or {})})
        other.close()
        self.next = 1

    def send(self, packet, fds=()):
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        self.socket.sendmsg([packet], ancillary)
        for fd in fds:
            os.close(fd)

    def receive(self):
        """The answers of one packet; None at the end."""
        data = self.socket.recv(65536)
        return {i.decode(): code for i, code in ANSWER.iter_unpack(data)} if data else None

    def collect(self, n):
        answers = {}
        while len(answers) < n:
            more = self.receive()
            if more is None:
                return None
            answers.update(more)
        return answers

    def deliver(self, user, data=b"A: b\n\nbody\n", ident=None, folder="", flags=0, date=0, length=None):
        """One message; its code, or None when the connection was closed."""
        ident = ident or self.new_id()
        self.send(record(DELIVER, user, ident, folder, flags, date, len(data) if length is None else length),
                  [memfd(data)])
        answers = self.collect(1)
        return None if answers is None else answers[ident]

    def probe(self, user):
        ident = self.new_id()
        self.send(record(PROBE, user, ident))
        answers = self.collect(1)
        return None if answers is None else answers[ident]

    def new_id(self):
        self.next += 1
        return make_id(self.next)

    def text(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def close(self):
        self.socket.close()
        code = self.process.wait(PATIENCE)
        self.log.close()
        return code


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def enter_namespace():
    """Root: starts this script anew where mounts, processes and users are its own. Others: returns FALSE."""
    if os.geteuid() != 0:
        return False
    if os.environ.get("PF_IN_NAMESPACE") != "1":
        os.environ["PF_IN_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                              "--propagation", "private", sys.executable, *sys.argv])
    base = "/run/postferry-test"
    os.makedirs(base, exist_ok=True)
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", base)
    for name in ("upper", "work"):
        os.mkdir(f"{base}/{name}", 0o755)
    mount("-t", "overlay", "overlay", "-o", f"lowerdir=/etc,upperdir={base}/upper,workdir={base}/work", "/etc")
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/home")
    return True


def add_user(name, *options):
    subprocess.run(["useradd", "-m", *options, name], check=True, stderr=subprocess.DEVNULL)


def wait_gone(pid):
    """Until the process is no more."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    poller = select.poll()
    poller.register(fd, select.POLLIN)
    assert poller.poll(PATIENCE * 1000), "process %d is still there" % pid
    os.close(fd)


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE)
