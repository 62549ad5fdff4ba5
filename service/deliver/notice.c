#include "deliver/notice.h"

#include "base/limits.h"
#include "base/local-time.h"
#include "dbus-interfaces/text.h"

#include <gmime/gmime.h>
#include <string.h>

#define SENDER_MAX 200
#define SUBJECT_MAX 120
#define REASON_MAX 200
/* Digits of an id that are shown; any unambiguous beginning will do. */
#define ID_SHOWN 8

/* --- Header ----------------------------------------------------------------------------------- */

/* A name of a host or of a user: what is none of it comes out as '-'. */
static void
append_name (GString *block, const char *name)
{
  for (gsize i = 0; name[i] != '\0' && i < SENDER_MAX; i++)
    {
      gboolean fits = g_ascii_isalnum (name[i]) || strchr (".-_+", name[i]) != NULL;

      g_string_append_c (block, fits ? name[i] : '-');
    }
}

/* The recipient as an address: an LMTP server may know whole addresses. */
static void
append_recipient (GString *block, const PfNotice *self)
{
  const char *at = strrchr (self->recipient, '@');
  g_autofree char *local = g_strndup (self->recipient, at != NULL ? (gsize) (at - self->recipient)
                                                                  : strlen (self->recipient));

  g_string_append_c (block, '<');
  append_name (block, local);
  g_string_append_c (block, '@');
  append_name (block, at != NULL ? at + 1 : self->host);
  g_string_append_c (block, '>');
}

/* RFC 5322 section 3.3, in UTC. */
static void
append_date (GString *block, gint64 time)
{
  static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
  static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (time);

  if (utc == NULL)
    utc = g_date_time_new_from_unix_utc (0);
  g_string_append_printf (
      block, "%s, %d %s %d %02d:%02d:%02d +0000", days[g_date_time_get_day_of_week (utc) - 1],
      g_date_time_get_day_of_month (utc), months[g_date_time_get_month (utc) - 1],
      g_date_time_get_year (utc), g_date_time_get_hour (utc), g_date_time_get_minute (utc),
      g_date_time_get_second (utc));
}

GString *
pf_notice_header (const PfNotice *self)
{
  GString *block = g_string_new ("X-Postferry-Id: ");

  append_name (block, self->id);
  g_string_append (block, "\nFrom: Postferry <postferry@");
  append_name (block, self->host);
  g_string_append (block, ">\nTo: ");
  append_recipient (block, self);
  g_string_append_printf (block, "\nSubject: %u message%s held back\nDate: ", self->total,
                          self->total == 1 ? "" : "s");
  append_date (block, self->time);
  g_string_append (block, "\nMessage-ID: <");
  append_name (block, self->id);
  g_string_append (block, ".quarantine@");
  append_name (block, self->host);
  /* RFC 3834 section 5: nobody's holiday answer comes back. */
  g_string_append (block, ">\nAuto-Submitted: auto-generated\nMIME-Version: 1.0\n"
                          "Content-Type: text/plain; charset=utf-8\n"
                          "Content-Transfer-Encoding: quoted-printable\n\n");
  return block;
}

/* --- Body ------------------------------------------------------------------------------------- */

static void
append_item (GString *text, const PfQuarantineItem *item)
{
  g_autoptr (GDateTime) time = pf_local_time (item->time / G_USEC_PER_SEC, 0);
  g_autofree char *when =
      time != NULL ? g_date_time_format (time, "%Y-%m-%d %H:%M") : g_strdup ("-");
  g_autofree char *sender = pf_text_printable (item->sender, -1, SENDER_MAX);
  g_autofree char *subject = pf_text_printable (item->subject, -1, SUBJECT_MAX);
  g_autofree char *verdict = pf_text_printable (item->verdict, -1, REASON_MAX);
  g_autofree char *reason = pf_text_printable (item->reason, -1, REASON_MAX);

  g_string_append_printf (text, "%.*s  %s  %s\n", ID_SHOWN, item->id, when, verdict);
  g_string_append_printf (text, "    from:    %s\n", *sender != '\0' ? sender : "nobody");
  g_string_append_printf (text, "    subject: %s\n", subject);
  if (*reason != '\0')
    g_string_append_printf (text, "    reason:  %s\n", reason);
  if (!pf_quarantine_item_is_recipients (item))
    g_string_append (text, "    An administrator alone can release this one.\n");
  g_string_append_c (text, '\n');
}

/* RFC 2045 section 6.7: any text at all becomes short lines of ASCII. */
static GString *
quoted_printable (const GString *text)
{
  GString *encoded = g_string_new (NULL);
  GMimeEncoding state;
  gsize length;

  g_mime_encoding_init_encode (&state, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
  g_string_set_size (encoded, g_mime_encoding_outlen (&state, text->len));
  length = g_mime_encoding_flush (&state, text->str, text->len, encoded->str);
  g_string_truncate (encoded, length);
  return encoded;
}

GString *
pf_notice_body (const PfNotice *self)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, "%u new message%s for you %s held back and not delivered.\n\n",
                          self->total, self->total == 1 ? "" : "s",
                          self->total == 1 ? "was" : "were");
  for (guint i = 0; i < self->n_items; i++)
    append_item (text, self->items[i]);
  if (self->total > self->n_items)
    g_string_append_printf (text, "... and %u more.\n\n", self->total - self->n_items);
  g_string_append (text, "To look at one:            postferry quarantine show ID\n"
                         "To have it delivered:      postferry quarantine release ID\n"
                         "  and teach the spam filter, and let its sender in from now on:\n"
                         "                           postferry quarantine release ID "
                         "--learn --allow-sender\n"
                         "To delete it:              postferry quarantine delete ID\n\n");
  g_string_append_printf (text, "Each is deleted by itself %u day%s after it came.\n", self->days,
                          self->days == 1 ? "" : "s");
  return quoted_printable (text);
}
