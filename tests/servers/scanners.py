"""Real scanners on loopback: Rspamd with a DNS server of the tests' own, clamd with two signatures of the tests' own."""

import hashlib
import os
import shutil
import socket
import socketserver
import struct
import subprocess
import threading
import time

# The test virus, put together here, so that this file is none.
EICAR = b'X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS' + b'-TEST-FILE!$H+H*'
SAMPLE = b'the malware of this test\n'

# Names of the test DNS; whatever is not here does not exist.
RECORDS = {
    ('good.test', 'A'): '203.0.113.10',
    ('good.test', 'MX'): 'mail.good.test',
    ('good.test', 'TXT'): 'v=spf1 ip4:203.0.113.10 -all',
    ('_dmarc.good.test', 'TXT'): 'v=DMARC1; p=reject',
    ('mail.good.test', 'A'): '203.0.113.10',
    ('10.113.0.203.in-addr.arpa', 'PTR'): 'mail.good.test',
    ('66.100.51.198.dnsbl.test', 'A'): '127.0.0.2',
    # What is recovered from a header has to be an address of the Internet, and a name below a public one.
    ('example.com', 'A'): '93.184.216.34',
    ('example.com', 'TXT'): 'v=spf1 ip4:93.184.216.34 -all',
    ('_dmarc.example.com', 'TXT'): 'v=DMARC1; p=reject',
    ('mail.example.com', 'A'): '93.184.216.34',
    ('34.216.184.93.in-addr.arpa', 'PTR'): 'mail.example.com',
}
TYPES = {1: 'A', 12: 'PTR', 15: 'MX', 16: 'TXT'}


def free_port():
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        return taken.getsockname()[1]


def wait_until(ready, seconds, what):
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise AssertionError('%s: not within %d s' % (what, seconds))
        time.sleep(0.02)


def answers(port_or_path):
    family = socket.AF_UNIX if isinstance(port_or_path, str) else socket.AF_INET
    with socket.socket(family) as probe:
        try:
            probe.connect(port_or_path if isinstance(port_or_path, str) else ('127.0.0.1', port_or_path))
        except OSError:
            return False
    return True


# --- DNS --------------------------------------------------------------------------------------------------------

def encode_name(name):
    return b''.join(bytes([len(label)]) + label.encode() for label in name.split('.') if label) + b'\0'


def encode_value(kind, text):
    if kind == 'A':
        return socket.inet_aton(text)
    if kind == 'TXT':
        return bytes([len(text)]) + text.encode()
    return (struct.pack('>H', 10) if kind == 'MX' else b'') + encode_name(text)


def dns_answer(query):
    """The answer to one question; NXDOMAIN where RECORDS has nothing of that name."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode('latin-1').lower())
        at += 1 + query[at]
    question = query[12:at + 5]
    name = '.'.join(labels)
    kind, = struct.unpack('>H', query[at + 1:at + 3])
    value = RECORDS.get((name, TYPES.get(kind)))
    known = any(name == other for other, _ in RECORDS)
    if value is not None:
        data = encode_value(TYPES[kind], value)
        record = b'\xc0\x0c' + struct.pack('>HHIH', kind, 1, 60, len(data)) + data
    else:
        data = encode_name('ns.test') + encode_name('root.test') + struct.pack('>IIIII', 1, 60, 60, 60, 60)
        record = encode_name('test') + struct.pack('>HHIH', 6, 1, 60, len(data)) + data
    counts = struct.pack('>HHHH', 1, 1, 0, 0) if value is not None else struct.pack('>HHHH', 1, 0, 1, 0)
    return query[:2] + struct.pack('>H', 0x8580 | (0 if known else 3)) + counts + question + record


class DnsHandler(socketserver.BaseRequestHandler):
    def handle(self):
        query, reply = self.request
        reply.sendto(dns_answer(query), self.client_address)


class DnsServer(socketserver.ThreadingUDPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(('127.0.0.1', 0), DnsHandler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()


# --- Rspamd -----------------------------------------------------------------------------------------------------

# Headers of a message tell this Rspamd what to say of it.
RULES = """
rspamd_config:register_symbol({ name = 'TEST_SCORE', score = 1.0, type = 'normal', group = 'test', description = 'what the test says',
  callback = function(task)
    local score = task:get_header('X-Test-Score')
    if score then return true, tonumber(score), 'option one' end
  end })
rspamd_config:register_symbol({ name = 'TEST_ACTION', type = 'postfilter', callback = function(task)
    local action = task:get_header('X-Test-Action')
    if action then task:set_pre_result(action, 'Come again at noon', 'test') end
    if task:get_header('X-Test-Milter') then
      task:set_milter_reply({ add_headers = { ['X-Test-Added'] = { value = 'one\\r\\n\\ttwo', order = 1 }, ['Subject'] = 'no',
        ['Authentication-Results'] = 'here; spf=pass', ['X-Postferry-Id'] = 'forged' }, remove_headers = { ['X-Old'] = 0, ['From'] = 1 } })
    end
  end })
"""
RBL = """rbls { test_dnsbl { symbol = "TEST_DNSBL"; rbl = "dnsbl.test"; checks = ["from"]; ipv6 = true; received = false;
  returncodes { TEST_DNSBL_LISTED = "127.0.0.2"; } } }
"""
BAYES = """backend = "sqlite3"; min_learns = 1;
statfile { symbol = "BAYES_HAM"; spam = false; path = "%(d)s/db/ham.sqlite"; }
statfile { symbol = "BAYES_SPAM"; spam = true; path = "%(d)s/db/spam.sqlite"; }
"""
OFF = ['fuzzy_check', 'asn', 'rspamd_update', 'bimi', 'url_redirector', 'neural', 'dcc', 'phishing', 'replies', 'history_redis']


class Rspamd:
    """Workers: normal on .port and the unix socket .path, controller on .controller. No Redis, no network but its DNS."""

    def __init__(self, folder, max_message=None):
        self.folder, self.dns = folder, DnsServer()
        self.port, self.controller = free_port(), free_port()
        self.path = os.path.join(folder, 'run', 'rspamd.sock')
        for name in ('local.d', 'override.d', 'db', 'run', 'log'):
            os.makedirs(os.path.join(folder, name))
        for name in ('db', 'run', 'log'):
            shutil.chown(os.path.join(folder, name), '_rspamd', '_rspamd')
        os.chmod(folder, 0o755)
        self.write('local.d/options.inc', 'dns { nameserver = ["127.0.0.1:%d"]; timeout = 1s; retransmits = 2; }\n'
                   'local_addrs = [127.0.0.0/8, ::1]; map_watch_interval = 1h; disable_hyperscan = true;\n'
                   'url_tld = "%s/suffixes";\n%s' % (self.dns.port, folder, 'max_message = %d;\n' % max_message if max_message else ''))
        # The public list takes 15 s to compile.
        self.write('suffixes', 'test\ncom\nnet\norg\n')
        self.write('local.d/logging.inc', 'type = "file"; filename = "%s/log/rspamd.log"; level = "info";\n' % folder)
        self.write('local.d/worker-normal.inc', 'count = 1; bind_socket = "127.0.0.1:%d"; bind_socket = "%s mode=0666 owner=_rspamd";\n'
                   % (self.port, self.path))
        self.write('local.d/worker-controller.inc', 'bind_socket = "127.0.0.1:%d";\n' % self.controller)
        self.write('local.d/worker-proxy.inc', 'enabled = false;\n')
        self.write('local.d/worker-fuzzy.inc', 'enabled = false;\n')
        self.write('override.d/classifier-bayes.conf', BAYES % {'d': folder})
        self.write('override.d/rbl.conf', RBL)
        self.write('rspamd.local.lua', RULES)
        for name in OFF:
            self.write('local.d/%s.conf' % name, 'enabled = false;\n')
        self.process = subprocess.Popen(
            ['rspamd', '-u', '_rspamd', '-g', '_rspamd', '-c', '/etc/rspamd/rspamd.conf', '-f', '--var=LOCAL_CONFDIR=' + folder,
             '--var=DBDIR=%s/db' % folder, '--var=RUNDIR=%s/run' % folder, '--var=LOGDIR=%s/log' % folder],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: answers(self.port) and answers(self.controller), 60, 'Rspamd')

    def write(self, name, text):
        with open(os.path.join(self.folder, name), 'w', encoding='utf-8') as file:
            file.write(text)

    @property
    def url(self):
        return 'http://127.0.0.1:%d' % self.port

    @property
    def controller_url(self):
        return 'http://127.0.0.1:%d' % self.controller

    def log(self):
        with open(os.path.join(self.folder, 'log', 'rspamd.log'), encoding='utf-8', errors='replace') as file:
            return file.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.dns.shutdown()


# --- clamd ------------------------------------------------------------------------------------------------------

class Clamd:
    """On the unix socket .path and on 127.0.0.1:.port."""

    def __init__(self, folder, stream_max='60M', more=''):
        self.folder, self.port = folder, free_port()
        self.path = os.path.join(folder, 'clamd.sock')
        self.configuration = os.path.join(folder, 'clamd.conf')
        self.database = os.path.join(folder, 'db')
        os.makedirs(self.database)
        self.sign()
        with open(self.configuration, 'w', encoding='ascii') as file:
            file.write('LocalSocket %s\nLocalSocketMode 666\nFixStaleSocket yes\nTCPSocket %d\nTCPAddr 127.0.0.1\nDatabaseDirectory %s\n'
                       'Foreground yes\nLogFile %s/clamd.log\nMaxThreads 8\nStreamMaxLength %s\nSelfCheck 0\nMaxFileSize 100M\n'
                       'MaxScanSize 200M\nUser clamav\n%s' % (self.path, self.port, self.database, folder, stream_max, more))
        os.chmod(folder, 0o755)
        self.process = None
        self.start()
        wait_until(lambda: answers(self.path), 30, 'clamd')

    def sign(self):
        """Its signatures: EICAR's octets anywhere, and one file by its digest."""
        with open(os.path.join(self.database, 'test.ndb'), 'w', encoding='ascii') as file:
            file.write('Test.Eicar:0:*:%s\n' % EICAR.hex())
        with open(os.path.join(self.database, 'test.hdb'), 'w', encoding='ascii') as file:
            file.write('%s:%d:Test.Digest\n' % (hashlib.md5(SAMPLE).hexdigest(), len(SAMPLE)))
        for root, _, names in os.walk(self.folder):
            for name in [''] + names:
                shutil.chown(os.path.join(root, name), 'clamav', 'clamav')

    def start(self):
        self.process = subprocess.Popen(['clamd', '-c', self.configuration], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
