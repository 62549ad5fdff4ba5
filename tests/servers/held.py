"""Mail that lies in quarantine, as the service leaves it there: files of an instance that does not run, or that sees them come."""

import hashlib
import os
import pwd
import time

OWN = (b'Return-Path: <eve@example.net>\nDelivered-To: %s\nX-Postferry-Id: %s\nX-Postferry: host;\n\tid=%s\n'
       b'Received: from pop.example.org ([192.0.2.1])\n\tby host (postferry/0.1) with POP3S\n\tid 1; Mon, 03 Nov 2025 10:00:00 +0000\n')
BODY = b'From: Eve <eve@example.net>\nTo: alice@example.org\nSubject: offer %s\n\nBuy now, number %s.\nGr\xc3\xbc\xc3\x9fe\n'


def id_of(number):
    return hashlib.md5(b'%d' % number).hexdigest()


def text(number, user='alice'):
    """The message as it would have been delivered."""
    name = id_of(number).encode()
    return OWN % (user.encode(), name, name) + BODY % (b'%d' % number, b'%d' % number)


def give(path):
    """To the user that the service runs as, where there is one."""
    try:
        user = pwd.getpwnam('postferry')
        os.chown(path, user.pw_uid, user.pw_gid)
    except (KeyError, PermissionError):
        pass


def folder(instance):
    path = instance.path('state', 'quarantine')
    for part in (instance.path('state'), path):
        if not os.path.isdir(part):
            os.mkdir(part, 0o700)
            give(part)
    return path


def write(path, data):
    with open(path, 'wb') as file:
        file.write(data)
    os.chmod(path, 0o600)
    give(path)


def hold(instance, number, user='alice', verdict='spam', age=5, data=None, **keys):
    """Message `number` of `age` seconds; other keys of its meta by their names. Answers its id."""
    name, place = id_of(number), folder(instance)
    values = dict(Id=name, Account='c@example.net', Recipient=user, Sender='eve@example.net', Subject='offer %d' % number, Verdict=verdict,
                  Reason='because', Uid=str(number), MessageId='<%d@example.net>' % number, EnvelopeSender='eve@example.net',
                  Time=str(int((time.time() - age) * 1000000)), Size='100', Score='12.5', Symbols='A(1.0);B(2.0);')
    values.update(keys)
    write(os.path.join(place, name + '.eml'), data if data is not None else text(number, user))
    meta = '[Message]\n' + ''.join('%s=%s\n' % pair for pair in values.items())
    write(os.path.join(place, name + '.meta'), meta.encode('utf-8', 'surrogateescape'))
    return name


def names(instance):
    """What lies there: set of file names."""
    place = instance.path('state', 'quarantine')
    return set(os.listdir(place)) if os.path.isdir(place) else set()
