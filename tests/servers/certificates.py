#!/usr/bin/python3
"""Makes certificates for tests: certificates.py FOLDER

Each NAME.pem holds a key and its certificate, as servers want them. All but `self-signed` come from
the authority in `ca.pem`; `other-ca.pem` is an authority that signed none of them.
"""

import subprocess
import sys
from pathlib import Path

ALWAYS = ("20200101000000Z", "20490101000000Z")
PAST = ("20200101000000Z", "20200201000000Z")
FUTURE = ("20480101000000Z", "20490101000000Z")

LEAVES = {
    "good": ("DNS:localhost,DNS:mail.test,IP:127.0.0.1,IP:::1", ALWAYS),
    "names-only": ("DNS:localhost,DNS:mail.localhost", ALWAYS),
    "address-as-name": ("DNS:127.0.0.1", ALWAYS),
    "wrong": ("DNS:other.test,IP:192.0.2.1" + "".join(f",DNS:n{i}.test" for i in range(6)), ALWAYS),
    "wildcard": ("DNS:*.mail.localhost", ALWAYS),
    "partial-wildcard": ("DNS:a*.mail.localhost", ALWAYS),
    "common-name-only": (None, ALWAYS),
    "expired": ("DNS:localhost", PAST),
    "future": ("DNS:localhost", FUTURE),
}

CONFIG = """
[ca]
default_ca = it
[it]
database = {folder}/work/index.txt
serial = {folder}/work/serial
new_certs_dir = {folder}/work
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = none
[none]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
"""


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def new_key(path):
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)


def join(folder, name):
    work = folder / "work"
    (folder / f"{name}.pem").write_text((work / f"{name}.key").read_text()
                                        + (work / f"{name}.crt").read_text())


def make_authority(folder, name):
    key = folder / "work" / f"{name}.key"
    new_key(key)
    openssl("req", "-x509", "-config", folder / "work" / "openssl.cnf", "-key", key, "-days", 9000,
            "-subj", f"/CN=Test authority {name}", "-extensions", "authority",
            "-out", folder / f"{name}.pem")


def make_leaf(folder, name, names, dates):
    work = folder / "work"
    extensions = work / f"{name}.ext"
    extensions.write_text("basicConstraints = CA:FALSE\n"
                          + (f"subjectAltName = {names}\n" if names else ""))
    new_key(work / f"{name}.key")
    openssl("req", "-new", "-config", work / "openssl.cnf", "-key", work / f"{name}.key",
            "-subj", "/CN=localhost", "-out", work / f"{name}.csr")
    openssl("ca", "-batch", "-notext", "-config", work / "openssl.cnf", "-cert", folder / "ca.pem",
            "-keyfile", work / "ca.key", "-startdate", dates[0], "-enddate", dates[1],
            "-extfile", extensions, "-in", work / f"{name}.csr", "-out", work / f"{name}.crt")
    join(folder, name)


def make_self_signed(folder):
    work = folder / "work"
    new_key(work / "self-signed.key")
    openssl("req", "-x509", "-config", work / "openssl.cnf", "-key", work / "self-signed.key",
            "-days", 9000, "-subj", "/CN=localhost", "-addext", "basicConstraints=CA:FALSE",
            "-addext", "subjectAltName=DNS:localhost", "-out", work / "self-signed.crt")
    join(folder, "self-signed")


def main():
    folder = Path(sys.argv[1]).resolve()
    work = folder / "work"
    work.mkdir(parents=True)
    (work / "index.txt").touch()
    (work / "serial").write_text("01\n")
    (work / "openssl.cnf").write_text(CONFIG.format(folder=folder))
    for name in ("ca", "other-ca"):
        make_authority(folder, name)
    for name, (names, dates) in LEAVES.items():
        make_leaf(folder, name, names, dates)
    make_self_signed(folder)


if __name__ == "__main__":
    main()
