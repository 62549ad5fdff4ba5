#!/usr/bin/python3
"""Review remarks as rules: sizes, layers, forbidden functions, formatting. usage: check-source.py [--no-format]"""

import os
import re
import subprocess
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# service/meson.build's order: a folder may include from those before it and from itself.
LAYERS = ['base', 'protocol', 'net', 'accounts', 'secrets', 'journal', 'filter', 'deliver', 'retrieve', 'schedule', 'bus']
# What reads hostile octets in a process that can do nothing else; of filter/ the two files that both sides share.
ARCHIVE_MAY = {'base', 'protocol', 'archive', 'filter'}
HELPER_MAY = {'base', 'accounts', 'net', 'helper', 'protocol', 'deliver'}
FORBIDDEN = {
    r'\bg_file_replace_contents': 'base/durable.h: a full disk destroys the file',
    r'\bstrcpy\b|\bstrcat\b|\bsprintf\b|\bgets\b|\bsscanf\b': 'g_strdup_printf, g_ascii_string_to_unsigned',
    r'\batoi\b|\batol\b': 'g_ascii_string_to_unsigned',
    r'\bsystem \(|\bpopen \(': 'g_subprocess, without a shell',
    r'\bgoto\b': 'g_autoptr and a function of its own',
    r'\bg_main_context_iteration\b|_call_sync \(': 'an asynchronous call',
    r'\bTODO\b|\bFIXME\b|\bXXX\b': 'the finished thing',
}
# Where a synchronous call is right: before the loop runs, or in a program without one.
SYNC_ALLOWED = ('service/service.c', 'service/secrets/', 'cli-client/', 'tests/')
LONGEST_FILE, LONGEST_TEST, LONGEST_FUNCTION, LONGEST_LINE = 500, 700, 80, 100


def files(*endings):
    listed = subprocess.run(['git', 'ls-files', '--cached', '--others', '--exclude-standard'], cwd=SOURCE, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if name.endswith(endings) and os.path.exists(os.path.join(SOURCE, name))]


def read(name):
    with open(os.path.join(SOURCE, name), encoding='utf-8') as file:
        return file.read()


def without_comments(text):
    text = re.sub(r'/\*.*?\*/', lambda m: '\n' * m.group(0).count('\n'), text, flags=re.S)
    return re.sub(r'"(\\.|[^"\\\n])*"', '""', text)


def check_layers(name, text, complain):
    match = re.match(r'service/([a-z]+)/', name)
    if not match:
        return
    folder = match.group(1)
    for include in re.findall(r'#include "([a-z]+)/[^"]+"', text):
        if include not in LAYERS:
            continue
        if folder == 'helper' and include not in HELPER_MAY:
            complain(name, 'the helper must not include from %s' % include)
        if folder == 'archive' and include not in ARCHIVE_MAY:
            complain(name, 'postferry-archive must not include from %s' % include)
        if folder in LAYERS and LAYERS.index(include) > LAYERS.index(folder):
            complain(name, '%s includes from %s, which is above it' % (folder, include))
    if folder == 'protocol':
        for include in re.findall(r'#include <([^>]+)>', text):
            if include not in ('glib.h', 'gsasl.h', 'string.h', 'stdlib.h'):
                complain(name, 'protocol/ includes glib.h only, not <%s>' % include)


def check_functions(name, text, complain):
    lines = text.split('\n')
    start = None
    for number, line in enumerate(lines):
        if line == '{':
            start = number
        elif line == '}' and start is not None:
            if number - start - 1 > LONGEST_FUNCTION:
                complain(name, 'line %d: a function of %d lines' % (start + 1, number - start - 1))
            start = None


def check_text(name, complain):
    raw = read(name)
    text = without_comments(raw)
    test = name.startswith('tests/')
    if raw.count('\n') > (LONGEST_TEST if test else LONGEST_FILE):
        complain(name, '%d lines' % raw.count('\n'))
    for number, line in enumerate(raw.splitlines(), 1):
        # A sentence for a person is not broken: nobody could search for it.
        if len(line) > LONGEST_LINE and '"' not in line:
            complain(name, 'line %d is longer than %d columns' % (number, LONGEST_LINE))
    # A test may wait on a loop of its own, and break things on purpose.
    for pattern, better in ({} if test else FORBIDDEN).items():
        for match in re.finditer(pattern, raw if 'TODO' in pattern else text):
            if '_sync' in match.group(0) and name.startswith(SYNC_ALLOWED):
                continue
            complain(name, '%s: use %s' % (match.group(0), better))
    check_layers(name, raw, complain)
    check_functions(name, text, complain)


def check_format(complain):
    # Headers are set by hand: their prototypes stand in columns, as GLib's do, which clang-format 14 takes apart.
    for name in files('.c'):
        done = subprocess.run(['clang-format', '--dry-run', '-Werror', name], cwd=SOURCE, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            complain(name, 'not formatted: clang-format -i %s' % name)


def check_xml(complain):
    for name in files('.xml'):
        if 'access="readwrite"' in read(name) or 'access="write"' in read(name):
            complain(name, 'properties are read-only: changes go through methods')


def main():
    complaints = []

    def complain(name, what):
        complaints.append('%s: %s' % (name, what))

    for name in files('.c', '.h'):
        check_text(name, complain)
    check_xml(complain)
    if '--no-format' not in sys.argv:
        check_format(complain)
    print('\n'.join(complaints) if complaints else 'clean')
    sys.exit(1 if complaints else 0)


if __name__ == '__main__':
    main()
