"""A program on a terminal of its own, driven as a person would."""

import fcntl
import os
import pty
import select
import struct
import termios

PATIENCE = 60
ROWS, COLUMNS = 24, 100


def read(fd, shown):
    ready, _, _ = select.select([fd], [], [], PATIENCE)
    if not ready:
        raise TimeoutError('nothing more after ' + shown.decode(errors='replace'))
    data = os.read(fd, 4096)
    if not data:
        raise OSError('end')
    return data


def wait_quietly(fd, shown):
    """Until the program has changed the terminal for what it asks next: a prompt comes a moment before or after."""
    while select.select([fd], [], [], 0.1)[0]:
        shown += read(fd, shown)
    return shown


def run(command, environment, script=()):
    """`script`: pairs of what to wait for and what to type. Returns what was shown, the exit status, and whether the terminal's
    settings are at the end what they were at the beginning."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, environment)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', ROWS, COLUMNS, 0, 0))
    before, shown = termios.tcgetattr(fd), b''
    after = before
    try:
        for wanted, typed in script:
            seen = len(shown)
            while wanted.encode() not in shown[seen:]:
                shown += read(fd, shown)
            shown = wait_quietly(fd, shown)
            os.write(fd, typed.encode())
        while True:
            after = termios.tcgetattr(fd)
            shown += read(fd, shown)
    except OSError as error:
        if isinstance(error, TimeoutError):
            os.kill(pid, 9)
            raise
    finally:
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(fd)
    return shown.decode(errors='replace').replace('\r\n', '\n'), status, before == after
