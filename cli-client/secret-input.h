/* secret-input.h - passwords from a terminal or a file to a descriptor: never an argument, never
 * a string of ours for long. */
#pragma once

#include <glib.h>

/**
 * pf_secret_from_file:
 * @file: a path, or "-" for standard input; one newline at its end is dropped
 *
 * Returns: a sealed memfd, or -1 with an error.
 */
int pf_secret_from_file (const char *file, GError **error);

/**
 * pf_secret_from_terminal:
 * @question: without colon
 * @may_be_empty: an empty answer is no error
 * @fd: (out): a sealed memfd; -1 for an empty answer
 */
gboolean
pf_secret_from_terminal (const char *question, gboolean may_be_empty, int *fd, GError **error);
