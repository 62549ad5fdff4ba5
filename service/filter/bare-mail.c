#include "filter/bare-mail.h"

#include "base/limits.h"
#include "protocol/mime.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void
on_begin (PfMimePart *part, gpointer user_data)
{
  gboolean *bare = user_data;

  if (part->names->len > 0
      || !(strcmp (part->type, "text/plain") == 0 || strcmp (part->type, "text/html") == 0
           || g_str_has_prefix (part->type, "multipart/")))
    *bare = FALSE;
}

/* No escape, either: Japanese text has it, and goes the long way. */
static void
on_data (PfMimePart *part, const guint8 *data, gsize length, gpointer user_data)
{
  gboolean *bare = user_data;

  for (gsize i = 0; *bare && i < length; i++)
    if (data[i] < ' ' && data[i] != '\n' && data[i] != '\r' && data[i] != '\t')
      *bare = FALSE;
}

static void
on_end (PfMimePart *part, gpointer user_data)
{
}

gboolean
pf_mail_is_bare (const PfScanSource *source)
{
  static const PfMimeHandler handler = { on_begin, on_data, on_end };
  gboolean bare = TRUE;
  guint64 at = source->offset, end = source->offset + source->length;
  g_autoptr (PfMime) mime = NULL;

  if (source->length > PF_LIMIT_BARE_MAIL)
    return FALSE;
  mime = pf_mime_new (&handler, &bare);
  /* To decode them takes the time of a slow message; here one is as bad as the other. */
  pf_mime_leave_names (mime);
  while (bare && at < end)
    {
      guint8 room[8192];
      ssize_t n = pread (source->fd, room, MIN (sizeof room, end - at), (off_t) at);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      pf_mime_feed (mime, room, (gsize) n);
      at += (guint64) n;
    }
  pf_mime_feed_eof (mime);
  return bare && !pf_mime_is_over_limit (mime);
}
