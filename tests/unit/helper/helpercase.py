"""A machine of throw-away users around postferry-deliver: what its test programs are made of."""
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import unittest

from helperlib import Helper, add_user, enter_namespace

PROGRAM = os.environ["PF_DELIVER"]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, text, mode=0o644):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def files(*parts):
    return sorted(os.listdir(os.path.join(*parts)))


class RootCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        add_user("pfa")
        add_user("pfb")
        subprocess.run(["groupadd", "pfextra"], check=True)
        subprocess.run(["usermod", "-G", "pfextra", "pfa"], check=True)
        add_user("pflow", "-u", "777")

    def setUp(self):
        self.configuration = tempfile.mkdtemp()
        os.chmod(self.configuration, 0o755)
        self.helpers = []
        self.a, self.b = "/home/pfa", "/home/pfb"
        for user in ("pfa", "pfb"):
            entry = pwd.getpwnam(user)
            shutil.rmtree(entry.pw_dir, ignore_errors=True)
            os.mkdir(entry.pw_dir, 0o700)
            os.chown(entry.pw_dir, entry.pw_uid, entry.pw_gid)
        self.helper = self.start()

    def tearDown(self):
        for helper in self.helpers:
            helper.close()
        shutil.rmtree(self.configuration)

    def start(self, *options, **more):
        helper = Helper(PROGRAM, self.configuration, *options, **more)
        self.helpers.append(helper)
        return helper

    def settings(self, text, name="postferry.conf"):
        write(os.path.join(self.configuration, name), text)

    def make(self, path, user="pfa", mode=0o700):
        entry = pwd.getpwnam(user)
        os.makedirs(path, mode)
        os.chown(path, entry.pw_uid, entry.pw_gid)

    def maildir(self, path="/home/pfa/Maildir"):
        for part in ("", "tmp", "new", "cur"):
            self.make(os.path.join(path, part).rstrip("/"))
        return path


def run(root_case, module="__main__"):
    """Runs the program's tests: as root in namespaces, as anybody else those alone that need none."""
    if not enter_namespace():
        delattr(sys.modules[module], root_case)
    unittest.main(module)
