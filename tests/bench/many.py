#!/usr/bin/python3
"""Many accounts: what a poll with nothing new costs, what an idle one, and ten thousand configured ones. usage (root): many.py [PART...]

PART is polls, resident, idle or configured; all without one. A table goes to the output and to build/bench-many.md.
"""

import argparse
import base64
import hashlib
import hmac
import os
import resource
import statistics
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import line  # noqa: E402
import instance as isolated  # noqa: E402
import sample  # noqa: E402
from dovecot import Dovecot  # noqa: E402

CLIENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'many-client.py')
# A server for many: processes that serve many connections each, and no limit of its own in the way. One process takes all log-ins, since
# Dovecot's share no keys of TLS tickets, as a provider's do.
PROVIDER = """
service imap-login {
  service_count = 0
  client_limit = 4000
  process_limit = 1
}
service pop3-login {
  service_count = 0
  client_limit = 4000
  process_limit = 1
}
service imap {
  process_limit = 4000
  process_min_avail = 8
  service_count = 100
}
service pop3 {
  process_limit = 4000
  process_min_avail = 8
  service_count = 100
}
service anvil {
  client_limit = 20000
}
service auth {
  client_limit = 20000
}
protocol imap {
  imap_hibernate_timeout = 5s
  imap_idle_notify_interval = 10 mins
}
service imap-hibernate {
  client_limit = 4000
}
service imap {
  unix_listener imap-master {
    user = dovecot
  }
  extra_groups = dovecot
}
"""


def client(instance, *arguments):
    """Runs many-client.py beside the service and returns its numbers."""
    answer = instance.run(['/usr/bin/python3', '-B', CLIENT] + [str(argument) for argument in arguments])
    if answer.returncode != 0:
        raise RuntimeError(answer.stdout + answer.stderr)
    return [float(word) for word in answer.stdout.split()]


def cpu(pid):
    """Seconds that the process has used, with those of its threads that have ended."""
    return time.clock_gettime((~pid << 3) | 2)


class Turns:
    """The longest turn of the service's main loop (turns.c), wall and processor time: the machine may have other work."""

    def __init__(self, instance):
        program = line.build('turns.c', 'bench-turns.so', '-shared', '-fPIC')
        self.path = instance.path('turns')
        self.reset()
        os.chmod(self.path, 0o666)
        instance.service_environment.update(LD_PRELOAD=program, PF_TURNS=self.path, PF_TURNS_OF='postferryd')

    def reset(self):
        with open(self.path, 'r+b' if os.path.exists(self.path) else 'wb') as file:
            file.write(bytes(16))

    def __str__(self):
        with open(self.path, 'rb') as file:
            return '%.0f ms, %.0f ms of CPU' % tuple(1000 * seconds for seconds in struct.unpack('dd', file.read(16)))


def resident(pid, field='VmRSS'):
    """KiB."""
    with open('/proc/%d/status' % pid, encoding='utf-8') as file:
        return int(next(text for text in file if text.startswith(field + ':')).split()[1])


def users(count):
    return ['u%05d' % number for number in range(count)]


def scram(password):
    """As providers store it: salt and number of rounds are the same at each log-in."""
    salt, rounds = os.urandom(16), 4096
    salted = hashlib.pbkdf2_hmac('sha256', password, salt, rounds)
    keys = [hmac.digest(salted, text, 'sha256') for text in (b'Client Key', b'Server Key')]
    return '{SCRAM-SHA-256}%d,%s' % (rounds, ','.join(base64.b64encode(octets).decode() for octets in
                                                     (salt, hashlib.sha256(keys[0]).digest(), keys[1])))


class World:
    """An instance, a provider at the end of a line, and `count` accounts there, one mailbox each."""

    def __init__(self, count, rtt, protocol='imap', push=False, messages=3, mechanisms='plain', watched=False):
        self.count, self.rtt, self.protocol, self.push, self.messages, self.mechanisms = count, rtt, protocol, push, messages, mechanisms
        self.watched = watched

    def __enter__(self):
        self.instance = isolated.Instance(users=('alice',))
        self.instance.make_world()
        self.instance.make_world = lambda: None
        self.instance.configure('[Log]\nTarget=file:{log}\n')
        self.way = line.Line(self.rtt).__enter__()
        self.turns = Turns(self.instance) if self.watched else None
        self.instance.__enter__()
        self.provider = Dovecot(self.instance.path('provider'), listen=self.way.server, launcher=self.way.launcher,
                                users=users(self.count), extra=PROVIDER, mechanisms=self.mechanisms)
        self.provider.__enter__()
        if 'scram' in self.mechanisms:
            with open(self.instance.path('provider', 'passwd'), 'w', encoding='utf-8') as file:
                file.write(''.join('%s:%s::::::\n' % (user, scram(b'secret')) for user in self.provider.users))
        for user in self.provider.users if self.messages else ():
            self.provider.fill(user, sample.small(self.messages))
        self.pid = self.instance.daemon_pid()
        return self

    def __exit__(self, *exception):
        if exception[0] is not None:
            print(self.instance.read('service.log')[-2000:], self.instance.read('mail.log')[-2000:])
        self.provider.__exit__()
        self.instance.__exit__()
        self.way.__exit__()

    def add_all(self, *more):
        """Seconds it took."""
        return client(self.instance, 'add', self.count, 'Protocol=' + self.protocol, 'Server=' + (line.NAME if self.rtt else 'localhost'),
                      'Port=%d' % self.provider.ports[self.protocol + 's'], 'LocalUser=alice', 'Interval=86400',
                      'Certificate=' + self.provider.certificate, 'Push=' + ('true' if self.push else 'false'), *more)[0]

    def check(self):
        start = time.monotonic()
        answer = self.instance.cli('check', '--json')
        seconds = time.monotonic() - start
        if answer.returncode != 0:
            raise RuntimeError(answer.stdout[-3000:] + answer.stderr[-3000:])
        return seconds, answer.stdout

    def states(self):
        return self.instance.cli('list', '--no-legend').stdout

    def wait_for_state(self, state, seconds=120):
        end = time.monotonic() + seconds
        while self.states().count(state) < self.count:
            if time.monotonic() > end:
                raise TimeoutError('%d accounts %s' % (self.count, state))
            # Asking is work for the service too.
            time.sleep(0.5)


def polls(report):
    for protocol, mechanism in (('imap', 'plain'), ('imap', 'scram-sha-256'), ('pop3', 'plain'), ('pop3', 'scram-sha-256')):
        with World(100, 20, protocol, mechanisms=mechanism) as world:
            world.add_all()
            world.wait_for_state('idle')
            world.check()
            times, used = [], []
            for _ in range(5):
                before = cpu(world.pid)
                times.append(world.check()[0])
                used.append((cpu(world.pid) - before) * 1000 / world.count)
            report('100 %s accounts (%s), nothing new, round trip 20 ms: `postferry check`' % (protocol.upper(), mechanism.upper()),
                   spread(times), '0.4 s')
            report('CPU of the daemon a poll, %s (%s)' % (protocol.upper(), mechanism.upper()), '%.2f ms' % statistics.median(used), '2 ms')


def memory(report):
    with World(1000, 0, messages=1) as world:
        seconds = world.add_all()
        report('AddAccount, 1,000 one after the other', '%.1f s' % seconds, '')
        world.wait_for_state('idle')
        seconds = world.check()[0]
        before = cpu(world.pid)
        seconds = world.check()[0]
        report('1,000 IMAP accounts polled: resident', '%.1f MB, at most %.1f MB' % (resident(world.pid) / 1024,
                                                                                   resident(world.pid, 'VmHWM') / 1024), '100 MB')
        report('1,000 IMAP accounts polled, no round trip', '%.2f s, %.2f ms of CPU each'
               % (seconds, (cpu(world.pid) - before)), '')


def idle(report):
    with World(1000, 0, push=True, messages=0, watched=True) as world:
        world.add_all('Enabled=false')
        time.sleep(1)
        before = resident(world.pid)
        world.turns.reset()
        start, used = time.monotonic(), cpu(world.pid)
        client(world.instance, 'enable')
        world.wait_for_state('listening', 300)
        report('1,000 accounts enabled one by one, until all are in IDLE (with 1,000 first checks)',
               '%.1f s, %.1f s of CPU' % (time.monotonic() - start, cpu(world.pid) - used), '')
        report('the main loop\'s longest turn meanwhile', str(world.turns), '')
        time.sleep(10)
        after = resident(world.pid)
        report('1,000 accounts in IDLE over TLS: each', '%.1f KB' % ((after - before) * 1.024 / 1000), '60 KB')
        report('the same: resident in all', '%.1f MB' % (after / 1024), '')
        used = cpu(world.pid)
        time.sleep(10)
        report('the same: CPU while nothing happens', '%.2f %%' % ((cpu(world.pid) - used) * 10), '')
        delays = []
        mail = '/home/alice/Maildir/new'
        for number in range(40):
            count = len(os.listdir(mail)) if os.path.isdir(mail) else 0
            world.provider.fill('u%05d' % (number * 23), sample.small(1, start=number))
            start = time.monotonic()
            isolated.wait_for(lambda before=count: os.path.isdir(mail) and len(os.listdir(mail)) > before, 60, 'mail pushed')
            delays.append(time.monotonic() - start)
        report('from the provider\'s mailbox into the Maildir, pushed: median, 95 %, longest',
               '%.2f s, %.2f s, %.2f s' % (statistics.median(delays), sorted(delays)[37], max(delays)), '1 s')
        world.turns.reset()
        start, used = time.monotonic(), cpu(world.pid)
        world.instance.restart_service()
        world.pid = world.instance.daemon_pid()
        world.wait_for_state('listening', 300)
        report('the service started again, until 1,000 are in IDLE',
               '%.1f s, %.1f s of CPU' % (time.monotonic() - start, cpu(world.pid)), '')
        report('the main loop\'s longest turn meanwhile', str(world.turns), '')


def write_accounts(folder, count):
    os.makedirs(folder, exist_ok=True)
    for number in range(count):
        address = 'u%05d@example.net' % number
        path = os.path.join(folder, address + '.account')
        with open(path, 'w', encoding='utf-8') as file:
            file.write('[Account]\nAddress=%s\nEnabled=true\nProtocol=imap\nServer=127.0.0.1\nPort=1\nUserName=u%05d\n'
                       'LocalUser=alice\nPush=true\nInterval=86400\nRemove=after-days\nRemoveAfterDays=14\n' % (address, number))
        os.chmod(path, 0o600)


def children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def spread(numbers, unit='s'):
    return '%.2f %s (%.2f to %.2f)' % (statistics.median(numbers), unit, min(numbers), max(numbers))


def list_all(instance, count, report, when):
    pid = instance.daemon_pid()
    times, own, daemon = [], [], []
    for _ in range(5):
        start, mine, its = time.monotonic(), children(), cpu(pid)
        answer = instance.cli('list')
        times.append(time.monotonic() - start)
        own.append(children() - mine)
        daemon.append(cpu(pid) - its)
        if answer.stdout.count('example.net') != count:
            raise RuntimeError(answer.stdout[:2000] + answer.stderr)
    report('`postferry list`, %s' % when, spread(times), '1.5 s')
    report('CPU of it, of the service meanwhile', '%.2f s, %.2f s' % (statistics.median(own), statistics.median(daemon)), '')


def configured(report):
    count = 10000
    instance = isolated.Instance(users=('alice',))
    instance.make_world()
    instance.make_world = lambda: None
    instance.configure()
    write_accounts(instance.path('config', 'accounts.d'), count)
    subprocess.run(['chown', '-R', 'postferry:postferry', instance.path('config', 'accounts.d')], check=True)
    turns = Turns(instance)
    with instance:
        instance.end('service')
        isolated.wait_for(lambda: not instance.has_owner('org.postferry1'), what='the name to be free')
        start = time.monotonic()
        instance.start_service()
        report('10,000 accounts configured: start, until the name is on the bus',
               '%.2f s, %.2f s of CPU' % (time.monotonic() - start, cpu(instance.daemon_pid())), '5 s')
        turns.reset()
        list_all(instance, count, report, 'at once')
        report('the main loop\'s longest turn meanwhile', str(turns), '50 ms')
        time.sleep(60)
        list_all(instance, count, report, 'a minute later')
        turns.reset()
        time.sleep(5)
        report('the main loop\'s longest turn while nobody asks', str(turns), '')
        turns.reset()
        octets, seconds = client(instance, 'objects', 5)
        report('GetManagedObjects: %.1f MB in' % (octets / 1e6), '%.2f s' % seconds, '')
        report('the main loop\'s longest turn meanwhile', str(turns), '50 ms')
        report('the longest wait of another D-Bus call meanwhile', '%.0f ms' % client(instance, 'wait', 5)[0], '')
        report('resident with 10,000 accounts', '%.1f MB' % (resident(instance.daemon_pid()) / 1024), '')


def enter_network():
    """A network of our own: two benches on one machine would lay the same wire."""
    if os.environ.get('PF_NETWORK') == '1':
        return
    os.environ['PF_NETWORK'] = '1'
    command = 'ip link set lo up && exec "$@"'
    os.execvp('unshare', ['unshare', '--net', 'sh', '-c', command, 'sh', sys.executable, '-B'] + sys.argv)


PARTS = {'polls': polls, 'resident': memory, 'idle': idle, 'configured': configured}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('parts', nargs='*', choices=[[], *PARTS], metavar='PART')
    options = parser.parse_args()
    enter_network()
    isolated.enter()
    rows = ['| | measured | wanted |', '|---|---|---|']

    def report(what, measured, wanted):
        rows.append('| %s | %s | %s |' % (what, measured, wanted))
        print(rows[-1], flush=True)

    for name in options.parts or PARTS:
        # A world of its own for each: overlays are not laid twice.
        if len(options.parts or PARTS) == 1:
            PARTS[name](report)
            continue
        answer = subprocess.run(['unshare', '--mount', '--propagation', 'private', sys.executable, '-B', __file__, name], check=False,
                                stdout=subprocess.PIPE, text=True)
        rows += [text for text in answer.stdout.splitlines() if text.startswith('| ')]
        print(answer.stdout, end='', flush=True)
    with open(os.path.join(isolated.SOURCE, 'build', 'bench-many.md'), 'w', encoding='utf-8') as file:
        file.write('\n'.join(rows) + '\n')


if __name__ == '__main__':
    main()
