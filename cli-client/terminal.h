/* terminal.h - asking a person, and leaving the terminal as it was, whatever ends us. */
#pragma once

#include <glib.h>

/* Once, at the start: a signal that ends us restores the terminal first; SIGINT ends with status
 * 130, SIGPIPE is an error of write(). Calling it again puts the handlers back in place. */
void pf_terminal_guard (void);

/* TRUE when a person is there to be asked: standard input and standard error are terminals. */
gboolean pf_terminal_can_ask (void);

/* Columns of the terminal at @fd, 80 where it is none. */
guint pf_terminal_width (int fd);

/**
 * pf_terminal_ask:
 * @question: without colon: "Server"
 * @preset: (nullable): what an empty answer means
 *
 * Returns: (transfer full): the answer without blanks around it, "" for an empty one without
 * @preset; NULL at the end of input.
 */
char *pf_terminal_ask (const char *question, const char *preset, GError **error);

/* A yes or no; anything but yes is no. */
gboolean pf_terminal_confirm (const char *question, GError **error);

/**
 * pf_terminal_ask_secret:
 * @question: without colon
 * @buffer: gets the answer without its newline, not terminated; the caller wipes it
 * @size: of @buffer
 *
 * What is typed is not shown. Returns: the octets read, or -1 with an error.
 */
gssize pf_terminal_ask_secret (const char *question, char *buffer, gsize size, GError **error);

/* From now on a signal that ends us gives the terminal back the state it has now: others (the
 * polkit agent) change it. */
void pf_terminal_remember (void);
