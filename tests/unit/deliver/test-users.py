#!/usr/bin/python3
"""Runs test-users, as root with a user database of its own."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helper"))
from helperlib import add_user, enter_namespace  # noqa: E402

if enter_namespace():
    add_user("pfperson")
    add_user("pfsystem", "--system")
    add_user("pfdynamic", "-u", "61200")
os.execv(sys.argv[1], sys.argv[1:])
