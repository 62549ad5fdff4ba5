#include "base/log.h"

#include "base/local-time.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define MAX_FIELDS 32

typedef enum
{
  SINK_STDERR,
  SINK_SYSLOG,
  SINK_JOURNAL,
  SINK_FILE
} Sink;

static struct
{
  GMutex lock;
  Sink sink;
  char *identifier;
  char *path;
  int fd;
} state = { .sink = SINK_STDERR, .fd = -1 };

static const int priorities[] = { LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG };

static int
open_file (const char *path)
{
  return open (path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
}

static gboolean
parse_target (const char *target, Sink *sink, const char **path)
{
  if (g_str_equal (target, "stderr"))
    *sink = SINK_STDERR;
  else if (g_str_equal (target, "journal"))
    *sink = SINK_JOURNAL;
  else if (g_str_equal (target, "syslog"))
    *sink = access (JOURNAL_SOCKET, W_OK) == 0 ? SINK_JOURNAL : SINK_SYSLOG;
  else if (g_str_has_prefix (target, "file:/"))
    {
      *sink = SINK_FILE;
      *path = target + strlen ("file:");
    }
  else
    return FALSE;
  return TRUE;
}

gboolean
pf_log_open (const char *target, const char *identifier, GError **error)
{
  const char *path = NULL;
  Sink sink;
  int fd = -1;

  if (!parse_target (target, &sink, &path))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   "[Log] Target=%s: allowed are syslog, journal, stderr and file:/PATH", target);
      return FALSE;
    }
  if (sink == SINK_FILE && (fd = open_file (path)) < 0)
    {
      int saved = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved),
                   "[Log] Target=%s: cannot open the file: %s", target, g_strerror (saved));
      return FALSE;
    }

  g_mutex_lock (&state.lock);
  if (state.fd >= 0)
    close (state.fd);
  g_free (state.identifier);
  g_free (state.path);
  state.sink = sink;
  state.identifier = g_strdup (identifier);
  state.path = g_strdup (path);
  state.fd = fd;
  if (sink == SINK_SYSLOG)
    openlog (state.identifier, LOG_PID, LOG_MAIL);
  g_mutex_unlock (&state.lock);
  return TRUE;
}

void
pf_log_reopen (void)
{
  g_mutex_lock (&state.lock);
  if (state.sink == SINK_FILE)
    {
      int fd = open_file (state.path);

      if (fd >= 0)
        {
          close (state.fd);
          state.fd = fd;
        }
    }
  g_mutex_unlock (&state.lock);
}

static void
write_line (int fd, const char *message)
{
  const gint64 time = g_get_real_time ();
  g_autoptr (GDateTime) now = pf_local_time (time / G_USEC_PER_SEC, time % G_USEC_PER_SEC);
  g_autofree char *stamp = g_date_time_format_iso8601 (now);
  g_autofree char *line = g_strdup_printf (
      "%s %s[%d]: %s\n", stamp, state.identifier != NULL ? state.identifier : "postferry",
      (int) getpid (), message);

  /* There is nowhere left to complain to when the log itself cannot be written. */
  if (write (fd, line, strlen (line)) < 0)
    return;
}

static void
write_journal (PfLogLevel level, const PfLogField *fields, gsize n_fields, const char *message)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  struct iovec entries[MAX_FIELDS];

  g_ptr_array_add (texts, g_strdup_printf ("MESSAGE=%s", message));
  g_ptr_array_add (texts, g_strdup_printf ("PRIORITY=%d", priorities[level]));
  g_ptr_array_add (texts, g_strdup_printf ("SYSLOG_FACILITY=%d", LOG_FAC (LOG_MAIL)));
  g_ptr_array_add (texts, g_strdup_printf ("SYSLOG_IDENTIFIER=%s", state.identifier));
  g_ptr_array_add (texts, g_strdup_printf ("SYSLOG_PID=%d", (int) getpid ()));
  for (gsize i = 0; i < n_fields && texts->len < MAX_FIELDS; i++)
    if (fields[i].value != NULL)
      g_ptr_array_add (texts, g_strdup_printf ("%s=%s", fields[i].name, fields[i].value));
  for (guint i = 0; i < texts->len; i++)
    {
      entries[i].iov_base = texts->pdata[i];
      entries[i].iov_len = strlen (texts->pdata[i]);
    }
  sd_journal_sendv (entries, (int) texts->len);
}

void
pf_log_fields (PfLogLevel level, const PfLogField *fields, gsize n_fields, const char *message)
{
  g_autofree char *line = g_strdup (message);

  for (char *p = line; *p != '\0'; p++)
    if ((guchar) *p < 0x20 || *p == 0x7f)
      *p = '?';

  g_mutex_lock (&state.lock);
  switch (state.sink)
    {
    case SINK_STDERR:
      write_line (STDERR_FILENO, line);
      break;
    case SINK_FILE:
      write_line (state.fd, line);
      break;
    case SINK_SYSLOG:
      syslog (LOG_MAIL | priorities[level], "%s", line);
      break;
    case SINK_JOURNAL:
      write_journal (level, fields, n_fields, line);
      break;
    }
  g_mutex_unlock (&state.lock);
}

void
pf_log (PfLogLevel level, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  pf_log_fields (level, NULL, 0, message);
}
