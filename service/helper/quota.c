#include "helper/quota.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "1000S,10C", either alone, in any order; other letters are for others. */
static gboolean
parse_limits (PfQuota *quota, const char *line)
{
  g_auto (GStrv) limits = g_strsplit (line, ",", 8);

  for (guint i = 0; limits[i] != NULL; i++)
    {
      char *end;
      guint64 number = g_ascii_strtoull (limits[i], &end, 10);

      if (end == limits[i])
        return FALSE;
      if (*end == 'S')
        quota->max_octets = number;
      else if (*end == 'C')
        quota->max_messages = number;
    }
  return limits[0] != NULL;
}

static gint64
add (gint64 sum, gint64 number)
{
  gint64 result;

  return __builtin_add_overflow (sum, number, &result) ? sum : result;
}

gboolean
pf_quota_parse (PfQuota *quota, const char *text, gsize length)
{
  g_autofree char *copy = g_strndup (text, length);
  g_auto (GStrv) lines = g_strsplit (copy, "\n", -1);

  if (lines[0] == NULL || !parse_limits (quota, lines[0]))
    return FALSE;
  for (guint i = 1; lines[i] != NULL; i++)
    {
      char *end;

      quota->octets = add (quota->octets, g_ascii_strtoll (lines[i], &end, 10));
      quota->messages = add (quota->messages, g_ascii_strtoll (end, NULL, 10));
    }
  return TRUE;
}

void
pf_quota_close (PfQuota *quota)
{
  if (quota->fd >= 0)
    close (quota->fd);
  quota->fd = -1;
}

void
pf_quota_open (PfQuota *quota, int mailbox)
{
  g_autofree char *text = g_malloc (PF_LIMIT_MAILDIRSIZE);
  struct stat status;
  ssize_t n;

  *quota = (PfQuota){ 0 };
  quota->fd =
      openat (mailbox, "maildirsize", O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (quota->fd < 0)
    return;
  n = fstat (quota->fd, &status) == 0 && S_ISREG (status.st_mode)
          ? pread (quota->fd, text, PF_LIMIT_MAILDIRSIZE, 0)
          : -1;
  if (n <= 0 || !pf_quota_parse (quota, text, (gsize) n))
    pf_quota_close (quota);
}

gboolean
pf_quota_take (PfQuota *quota, guint64 octets, PfTrouble *trouble)
{
  if (quota->fd < 0)
    return TRUE;
  if ((quota->max_octets > 0 && quota->octets > 0
       && (guint64) quota->octets + octets > quota->max_octets)
      || (quota->max_octets > 0 && octets > quota->max_octets)
      || (quota->max_messages > 0 && quota->messages >= 0
          && (guint64) quota->messages + 1 > quota->max_messages))
    return pf_trouble_set (trouble, PF_HELPER_OVER_QUOTA, "maildirsize");
  quota->octets = add (quota->octets, (gint64) octets);
  quota->messages = add (quota->messages, 1);
  return TRUE;
}

/* One short write in append mode is whole among those of others. A lost one is mended when the
 * reader counts anew. */
void
pf_quota_note (PfQuota *quota, guint64 octets)
{
  g_autofree char *line = g_strdup_printf ("%" G_GUINT64_FORMAT " 1\n", octets);

  if (quota->fd >= 0 && write (quota->fd, line, strlen (line)) < 0)
    return;
}
