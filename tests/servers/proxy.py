#!/usr/bin/python3
"""A proxy for tests: proxy.py socks5|http [--refuse] [--silent]

It says `listening PORT`, then `to HOST PORT` for each request, connects to that port of the
loopback address whatever the host is, and ends when its input ends.
"""

import argparse
import socket
import struct
import sys
import threading
import time


def tell(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def read(connection, count):
    data = b""
    while len(data) < count:
        octets = connection.recv(count - len(data))
        if not octets:
            raise OSError("cut")
        data += octets
    return data


def take_socks5(connection, refuse):
    _, count = read(connection, 2)
    read(connection, count)
    connection.sendall(b"\x05\x00")
    _, _, _, kind = read(connection, 4)
    if kind == 3:
        host = read(connection, read(connection, 1)[0]).decode()
    else:
        host = socket.inet_ntop(*((socket.AF_INET, read(connection, 4)) if kind == 1
                                  else (socket.AF_INET6, read(connection, 16))))
    port = struct.unpack("!H", read(connection, 2))[0]
    tell(f"to {host} {port}")
    connection.sendall(b"\x05" + (b"\x05" if refuse else b"\x00") + b"\x00\x01" + b"\x00" * 6)
    return port


def take_http(connection, refuse):
    request = b""
    while b"\r\n\r\n" not in request:
        request += read(connection, 1)
    host, port = request.split()[1].decode().rsplit(":", 1)
    tell(f"to {host} {port}")
    connection.sendall(b"HTTP/1.0 403 Forbidden\r\n\r\n" if refuse
                       else b"HTTP/1.0 200 Connection established\r\n\r\n")
    return int(port)


def copy(source, target):
    try:
        while octets := source.recv(65536):
            target.sendall(octets)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(connection, options):
    try:
        if options.silent:
            time.sleep(3600)
        port = {"socks5": take_socks5, "http": take_http}[options.kind](connection, options.refuse)
        if options.refuse:
            connection.close()
            return
        target = socket.create_connection(("127.0.0.1", port))
        threading.Thread(target=copy, args=(connection, target), daemon=True).start()
        copy(target, connection)
    except OSError as error:
        tell(f"error {error}")


def accept_all(listener, options):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, options), daemon=True).start()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["socks5", "http"])
    parser.add_argument("--refuse", action="store_true")
    parser.add_argument("--silent", action="store_true")
    options = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", 0), backlog=16)
    threading.Thread(target=accept_all, args=(listener, options), daemon=True).start()
    tell(f"listening {listener.getsockname()[1]}")
    sys.stdin.read()


if __name__ == "__main__":
    main()
