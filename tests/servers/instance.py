"""An isolated instance of Postferry: private bus, real polkitd, the service, users of its own (DESIGN 10).

Run by root, everything lives in a mount and pid namespace: /etc, the bus policies and polkit's actions are overlays, so that users, policies
and rules are made there and nowhere else, and every process ends with the script. `enter()` re-executes the script inside.
"""

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('PF_BUILD', os.path.join(SOURCE, 'build', 'plain'))
OVERLAID = ['/etc', '/usr/share/dbus-1/system.d', '/usr/share/polkit-1/actions']
POLKITD = ['/usr/lib/polkit-1/polkitd', '/usr/libexec/polkitd']

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  <policy user="root"><allow own="org.freedesktop.login1"/></policy>
  <include>/usr/share/dbus-1/system.d/org.freedesktop.PolicyKit1.conf</include>
  <include>/usr/share/dbus-1/system.d/org.postferry1.conf</include>
</busconfig>
"""


def enter():
    """Runs the script in namespaces of its own; returns inside. Needs root."""
    if os.environ.get('PF_INSIDE') == '1':
        return
    os.environ['PF_INSIDE'] = '1'
    # A parent of the namespace's first process is needed that hands signals and the exit status through.
    command = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private',
               '/usr/bin/python3', '-B'] + sys.argv
    os.execvp(command[0], command)


def wait_for(condition, seconds=20, what='condition'):
    """Polls until `condition` holds and returns its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError('%s: not within %s s' % (what, seconds))
        time.sleep(0.02)


def free_port():
    """A port that was free a moment ago, below those that the kernel gives to outgoing connections: none of these takes it meanwhile."""
    while True:
        port = random.randrange(10000, 32000)
        with socket.socket() as s:
            try:
                s.bind(('127.0.0.1', port))
                return port
            except OSError:
                continue


def plain_build():
    """A build without sanitizers: PF_BUILD_PLAIN, or the one that is tested; None where there is none."""
    for path in (os.environ.get('PF_BUILD_PLAIN', ''), BUILD):
        program = os.path.join(path, 'service', 'postferryd')
        if path and os.path.exists(program) and 'libasan' not in subprocess.run(['ldd', program], capture_output=True, text=True, check=True).stdout:
            return path
    return None


def overlay(path, scratch):
    name = path.strip('/').replace('/', '-')
    upper, work = os.path.join(scratch, 'upper-' + name), os.path.join(scratch, 'work-' + name)
    os.makedirs(upper)
    os.makedirs(work)
    shutil.copystat(path, upper)
    status = os.stat(path)
    os.chown(upper, status.st_uid, status.st_gid)
    subprocess.run(['mount', '-t', 'overlay', 'overlay', '-o',
                    'lowerdir=%s,upperdir=%s,workdir=%s' % (path, upper, work), path], check=True)


class Instance:
    """One bus, one polkitd, one service. Use as a context manager; `folder` is left for others to look into."""

    def __init__(self, folder=None, session=False, users=('alice', 'bob'), build=None, arguments=(), polkit=True):
        self.build = build or BUILD
        self.session = session
        self.folder = folder or tempfile.mkdtemp(prefix='postferry-')
        self.arguments = list(arguments)
        self.users = users
        self.polkit = polkit
        self.mounts = []
        self.processes = {}
        self.service_environment = {}
        os.chmod(self.folder, 0o755)

    # --- Life ---------------------------------------------------------------------------------------------------

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exception):
        self.stop()

    def start(self):
        if not self.session:
            self.make_world()
        self.start_bus()
        if not self.session and self.polkit:
            self.start_polkit()
        self.start_service()

    def stop(self):
        for name in reversed(list(self.processes)):
            self.end(name)
        for path in reversed(self.mounts):
            subprocess.run(['umount', '-l', path], check=False)
        self.mounts = []

    def make_world(self):
        """Users, policies and actions, in overlays that only this namespace sees."""
        if os.environ.get('PF_INSIDE') != '1':
            raise RuntimeError('call enter() first: users must not be made on the machine itself')
        self.scratch = os.path.join(self.folder, 'overlays')
        os.makedirs(self.scratch, exist_ok=True)
        self.mount_tmpfs(self.scratch)
        for path in OVERLAID:
            overlay(path, self.scratch)
            self.mounts.append(path)
        self.mount_tmpfs('/home')
        if shutil.which('systemd-sysusers') is None or not self.has_user('postferry'):
            subprocess.run(['groupadd', '--system', '--force', 'postferry'], check=True)
            subprocess.run(['useradd', '--system', '--gid', 'postferry', '--home-dir', '/var/lib/postferry', '--no-create-home',
                            '--shell', '/usr/sbin/nologin', 'postferry'], check=True)
        for user in self.users:
            self.add_user(user)
        for name, target in (('service/data/org.postferry1.conf', '/usr/share/dbus-1/system.d/org.postferry1.conf'),
                             ('polkit/org.postferry1.policy', '/usr/share/polkit-1/actions/org.postferry1.policy')):
            shutil.copy(os.path.join(SOURCE, name), target)
            os.chmod(target, 0o644)

    def mount_tmpfs(self, path):
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', path], check=True)
        self.mounts.append(path)

    @staticmethod
    def has_user(name):
        try:
            pwd.getpwnam(name)
            return True
        except KeyError:
            return False

    def add_user(self, name, groups=()):
        if self.has_user(name):  # of the machine itself: here its home is not there
            subprocess.run(['userdel', '--force', name], check=True, stderr=subprocess.DEVNULL)
        subprocess.run(['useradd', '--create-home', '--shell', '/bin/bash'] + (['--groups', ','.join(groups)] if groups else [])
                       + [name], check=True)

    def spawn(self, name, command, **options):
        self.processes[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
        return self.processes[name]

    def end(self, name, with_signal=signal.SIGTERM, seconds=20):
        """Ends one process that we started, and waits for it."""
        process = self.processes.pop(name, None)
        if process is None:
            return None
        if process.poll() is None:
            process.send_signal(with_signal)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        return process.returncode

    # --- Parts ---------------------------------------------------------------------------------------------------

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def log_file(self, name):
        return open(self.path(name), 'ab')

    def start_bus(self):
        socket_path = self.path('bus')
        if self.session:
            command = ['dbus-daemon', '--session', '--nofork', '--nosyslog', '--address=unix:path=' + socket_path]
        else:
            with open(self.path('bus.conf'), 'w', encoding='utf-8') as config:
                config.write(BUS_CONFIG.format(socket=socket_path))
            command = ['dbus-daemon', '--config-file=' + self.path('bus.conf'), '--nofork', '--nosyslog']
        with self.log_file('bus.log') as log:
            self.spawn('bus', command, stdout=log, stderr=log)
        wait_for(lambda: os.path.exists(socket_path), what='the bus')

    def start_polkit(self):
        program = next(path for path in POLKITD if os.path.exists(path))
        with self.log_file('polkit.log') as log:
            self.spawn('polkit', [program, '--no-debug'], stdout=log, stderr=log, env=self.environment())
        wait_for(lambda: self.has_owner('org.freedesktop.PolicyKit1'), what='polkitd')

    def start_service(self):
        environment = self.environment()
        environment.update(CONFIGURATION_DIRECTORY=self.path('config'), STATE_DIRECTORY=self.path('state'),
                           RUNTIME_DIRECTORY=self.path('runtime'), LC_ALL='C.UTF-8')
        environment.update(self.service_environment)
        os.makedirs(self.path('config'), exist_ok=True)
        if not os.path.exists(self.path('config', 'postferry.conf')):
            self.configure()
        command = [os.path.join(self.build, 'service', 'postferryd')] + (['--session'] if self.session else []) + self.arguments
        with self.log_file('service.log') as log:
            self.spawn('service', command, stdout=log, stderr=log, env=environment)
        wait_for(lambda: self.processes['service'].poll() is not None or self.has_owner('org.postferry1'), what='postferryd')
        if self.processes['service'].poll() is not None:
            raise RuntimeError('postferryd ended at once:\n' + self.read('service.log'))

    def configure(self, text='[Log]\nTarget=file:{log}\n'):
        """Writes postferry.conf; {log} is the mail log's path."""
        os.makedirs(self.path('config'), exist_ok=True)
        log = self.path('mail.log')
        if not os.path.exists(log):
            open(log, 'w', encoding='utf-8').close()
        if not self.session:
            user = pwd.getpwnam('postferry')
            os.chown(log, user.pw_uid, user.pw_gid)
        with open(self.path('config', 'postferry.conf'), 'w', encoding='utf-8') as config:
            config.write(text.format(log=log))
        os.chmod(self.path('config', 'postferry.conf'), 0o644)

    def restart_service(self, with_signal=signal.SIGTERM):
        self.end('service', with_signal)
        wait_for(lambda: not self.has_owner('org.postferry1'), what='the name to be free')
        self.start_service()

    def daemon_pid(self):
        """The daemon itself: with root a child of the supervisor."""
        return self.bus_pid('org.postferry1')

    # --- Talking ----------------------------------------------------------------------------------------------------

    def environment(self):
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith(('DBUS_', 'XDG_', 'PF_INSIDE', 'NO_COLOR'))}
        variable = 'DBUS_SESSION_BUS_ADDRESS' if self.session else 'DBUS_SYSTEM_BUS_ADDRESS'
        environment[variable] = 'unix:path=' + self.path('bus')
        environment.setdefault('ASAN_OPTIONS', 'detect_leaks=0:abort_on_error=1')
        environment['UBSAN_OPTIONS'] = 'halt_on_error=1:print_stacktrace=1'
        return environment

    def run(self, command, user=None, **options):
        """Runs a command with the instance's bus, as `user` where given."""
        if user is not None:
            command = ['runuser', '-u', user, '--'] + list(command)
        options.setdefault('stdin', subprocess.DEVNULL if 'input' not in options else None)
        if 'input' in options:
            options.pop('stdin')
        return subprocess.run(command, env=self.environment(), text=True, capture_output=True, timeout=300, check=False, **options)

    def cli(self, *arguments, user=None, **options):
        command = [os.path.join(self.build, 'cli-client', 'postferry')] + (['--session'] if self.session else [])
        return self.run(command + list(arguments), user=user, **options)

    def gdbus(self, *arguments, user=None):
        return self.run(['gdbus', arguments[0], '--session' if self.session else '--system'] + list(arguments[1:]), user=user)

    def has_owner(self, name):
        answer = self.gdbus('call', '-d', 'org.freedesktop.DBus', '-o', '/org/freedesktop/DBus', '-m',
                            'org.freedesktop.DBus.NameHasOwner', name)
        return answer.returncode == 0 and 'true' in answer.stdout

    def bus_pid(self, name):
        answer = self.gdbus('call', '-d', 'org.freedesktop.DBus', '-o', '/org/freedesktop/DBus', '-m',
                            'org.freedesktop.DBus.GetConnectionUnixProcessID', name)
        return int(answer.stdout.split()[1].rstrip(',)'))

    def read(self, name):
        with open(self.path(name), encoding='utf-8', errors='backslashreplace') as file:
            return file.read()

    def secret_file(self, secret='secret'):
        path = self.path('secret-%s' % abs(hash(secret)))
        with open(path, 'w', encoding='utf-8') as file:
            file.write(secret + '\n')
        os.chmod(path, 0o644)
        return path
