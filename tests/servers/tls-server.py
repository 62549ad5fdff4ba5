#!/usr/bin/python3
"""A server with one way of behaving, for tests of connections.

tls-server.py MODE [--certificate FILE] [--tls 1.1|1.2|1.3] [--unix PATH]

It says `listening PORT` on its output, then one line for each thing worth knowing, and ends when
its input ends. MODE is
    tls      TLS from the first octet, then a conversation
    clear    a conversation in the clear, with STARTTLS
    silent   takes the connection and says nothing
    half     answers the first octets with the beginning of a TLS record, and goes
    junk     answers them with a TLS record of junk

In a conversation it greets with `+OK hello` and knows these lines; any other comes back as it is:
    QUIT     +OK bye, and an orderly end          CUT      ends without close_notify
    RESET    ends by a TCP reset                  SILENCE  no answer at all
    DRIP N   an octet each 0.2 s, N of them, then a line end
    BIG N    N octets                             STARTTLS
"""

import argparse
import socket
import ssl
import struct
import sys
import threading
import time


def tell(text):
    # One write: several threads tell.
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def make_context(options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate)
    version = {"1.1": ssl.TLSVersion.TLSv1_1, "1.2": ssl.TLSVersion.TLSv1_2,
               "1.3": ssl.TLSVersion.TLSv1_3}[options.tls]
    if options.tls == "1.1":
        context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.minimum_version = min(version, ssl.TLSVersion.TLSv1_2)
    context.maximum_version = version
    context.sni_callback = lambda connection, name, _: tell(f"name {name}")
    return context


def secure(connection, context):
    connection = context.wrap_socket(connection, server_side=True, suppress_ragged_eofs=True)
    tell(f"secure {connection.version()} {'resumed' if connection.session_reused else 'new'}")
    return connection


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # The descriptor itself: an SSLSocket would first say close_notify.
    socket.socket(fileno=connection.detach()).close()


def drip(connection, count):
    for _ in range(count):
        connection.sendall(b".")
        time.sleep(0.2)
    connection.sendall(b"\r\n")


def send_big(connection, count):
    block = bytes(range(256)) * 256
    while count > 0:
        connection.sendall(block[:count])
        count -= len(block)


def orderly_end(connection):
    connection.sendall(b"+OK bye\r\n")
    if isinstance(connection, ssl.SSLSocket):
        connection = connection.unwrap()
    connection.close()


def converse(connection, context):
    connection.sendall(b"+OK hello\r\n")
    buffer = b""
    while True:
        while b"\n" not in buffer:
            octets = connection.recv(65536)
            if not octets:
                tell("end")
                return
            buffer += octets
        line, buffer = buffer.split(b"\n", 1)
        words = line.split()
        verb = words[0] if words else b""
        if verb == b"QUIT":
            return orderly_end(connection)
        if verb == b"CUT":
            # Not close(), which would say close_notify.
            return socket.socket(fileno=connection.detach()).close()
        if verb == b"RESET":
            return reset(connection)
        if verb == b"DRIP":
            drip(connection, int(words[1]))
        elif verb == b"BIG":
            send_big(connection, int(words[1]))
        elif verb == b"STARTTLS":
            connection.sendall(b"+OK begin\r\n")
            connection = secure(connection, context)
        elif verb != b"SILENCE":
            connection.sendall(line + b"\n")


def serve(connection, options, context):
    try:
        tell("connected")
        if options.mode == "tls":
            converse(secure(connection, context), context)
        elif options.mode == "clear":
            converse(connection, context)
        elif options.mode == "silent":
            connection.recv(1 << 20)
            time.sleep(3600)
        else:
            connection.recv(65536)
            connection.sendall(b"\x16\x03\x03" if options.mode == "half"
                               else b"\x16\x03\x03\x00\x10" + b"\xff" * 16)
            connection.close()
    except (OSError, ssl.SSLError) as error:
        tell(f"error {type(error).__name__}")


def accept_all(listener, options, context):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, options, context), daemon=True).start()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["tls", "clear", "silent", "half", "junk"])
    parser.add_argument("--certificate")
    parser.add_argument("--tls", choices=["1.1", "1.2", "1.3"], default="1.3")
    parser.add_argument("--unix")
    options = parser.parse_args()
    context = make_context(options) if options.certificate else None
    if options.unix:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(options.unix)
        listener.listen(16)
    else:
        listener = socket.create_server(("127.0.0.1", 0), backlog=16)
    threading.Thread(target=accept_all, args=(listener, options, context), daemon=True).start()
    tell("listening 0" if options.unix else f"listening {listener.getsockname()[1]}")
    sys.stdin.read()


if __name__ == "__main__":
    main()
