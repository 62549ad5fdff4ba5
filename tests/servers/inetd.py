"""Servers of one connection each, as inetd starts them; and a wire that does something at a moment of the conversation."""

import os
import re
import select
import socket
import subprocess
import threading


class Inetd:
    """Runs `command` for each connection to `port` on loopback, with the connection as its input and output."""

    def __init__(self, command, environment=None, log=None):
        self.command = command
        self.environment = environment
        self.log = log
        self.sock = socket.create_server(('127.0.0.1', 0), backlog=100)
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, peer = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock, peer), daemon=True).start()

    def serve(self, sock, peer):
        environment = dict(self.environment or os.environ)
        environment.update(TCPREMOTEIP=peer[0], TCPREMOTEPORT=str(peer[1]), TCPLOCALIP='127.0.0.1', TCPLOCALPORT=str(self.port))
        with open(self.log or os.devnull, 'ab') as log, sock:
            process = subprocess.Popen(self.command, stdin=sock, stdout=sock, stderr=log, env=environment)
        process.wait()

    def close(self):
        self.sock.close()


class Wire:
    """A port on loopback that leads to `port`; `arm` says what happens right before a command goes on to the server."""

    def __init__(self, port):
        self.target = port
        self.armed = None
        self.sock = socket.create_server(('127.0.0.1', 0), backlog=100)
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def arm(self, pattern, action):
        """`action` is called once, when the client sends a line that matches."""
        self.armed = (re.compile(pattern, re.I | re.M), action)

    def accept(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, client):
        try:
            with client, socket.create_connection(('127.0.0.1', self.target)) as server:
                while True:
                    for ready in select.select([client, server], [], [])[0]:
                        data = ready.recv(65536)
                        if not data:
                            return
                        if ready is client:
                            self.before(data)
                            server.sendall(data)
                        else:
                            client.sendall(data)
        except OSError:
            pass

    def before(self, data):
        armed = self.armed
        if armed is not None and armed[0].search(data):
            self.armed = None
            armed[1]()

    def close(self):
        self.sock.close()
