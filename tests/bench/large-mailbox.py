#!/usr/bin/python3
"""One mailbox of 50,000 messages, all known: what a check with nothing new, and one with a new message, costs. usage: large-mailbox.py [COUNT]"""

import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..', 'servers'), os.path.join(HERE, '..', 'peers')]

import hostile  # noqa: E402
import sample  # noqa: E402
from test_providers import Kit, crlf  # noqa: E402

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 50000


class Pop3(hostile.Pop3):
    count = COUNT

    def do_stat(self, line, argument):
        line.send('+OK %d %d\r\n' % (self.count, self.count * 1000))

    def do_list(self, line, argument):
        self.multi(line, ['%d 1000' % (number + 1) for number in range(self.count)])

    def do_uidl(self, line, argument):
        self.multi(line, ['%d %016x' % (number + 1, number) for number in range(self.count)])

    def do_retr(self, line, argument):
        line.send(b'+OK\r\n' + crlf(sample.small(1))[0] + b'.\r\n')


def cpu(pid):
    """Milliseconds that the process has used."""
    total = 0
    for thread in os.listdir('/proc/%d/task' % pid):
        with open('/proc/%d/task/%s/schedstat' % (pid, thread), encoding='utf-8') as file:
            total += int(file.read().split()[0])
    return total / 1e6


def resident(pid, field):
    """MiB."""
    with open('/proc/%d/status' % pid, encoding='utf-8') as file:
        return int(next(text for text in file if text.startswith(field + ':')).split()[1]) / 1024


def main():
    with Kit() as kit:
        server = kit.serve(Pop3, [])
        kit.add(server, 'Enabled=false', 'Initial=new')
        kit.check()
        pid = kit.instance.daemon_pid()
        for what, new in (('nothing new', 0), ('nothing new', 0), ('one new', 1)):
            server.count += new
            with open('/proc/%d/clear_refs' % pid, 'w', encoding='ascii') as file:
                file.write('5')  # the peak begins anew
            before, used, start = resident(pid, 'VmRSS'), cpu(pid), time.monotonic()
            delivered = kit.check()['delivered']
            print('POP3, %d messages, %s: %.2f s, %.0f ms of CPU, peak %.1f MiB more, %d delivered' % (
                COUNT, what, time.monotonic() - start, cpu(pid) - used, resident(pid, 'VmHWM') - before, delivered))


if __name__ == '__main__':
    main()
