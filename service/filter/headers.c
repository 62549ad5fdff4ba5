#include "filter/headers.h"

#include "base/limits.h"
#include "base/local-time.h"
#include "protocol/header.h"

#include <string.h>

/* One value of ours; longer ones are cut. */
#define VALUE_MAX 400
/* What renaming may add to the block; with our own lines it stays below PF_LIMIT_TRACE_BLOCK. */
#define RENAME_ROOM (8 * PF_KIB)
#define RENAMED "X-Original-"

/* --- Our lines -------------------------------------------------------------------------------- */

/* Names and numbers: what could end the value, open a comment or hide in it comes out as '?'. */
static void
append_word (GString *block, const char *text)
{
  for (gsize i = 0; text[i] != '\0' && i < VALUE_MAX; i++)
    {
      gboolean fits = text[i] > ' ' && text[i] < 0x7f && strchr ("();<>,\"\\", text[i]) == NULL;

      g_string_append_c (block, fits ? text[i] : '?');
    }
}

/* An address between < and >: nothing that ends it or the line. */
static void
append_address (GString *block, const char *address)
{
  g_string_append_c (block, '<');
  for (gsize i = 0; address[i] != '\0' && i < VALUE_MAX; i++)
    {
      gboolean fits =
          address[i] >= ' ' && address[i] < 0x7f && address[i] != '<' && address[i] != '>';

      g_string_append_c (block, fits ? address[i] : '?');
    }
  g_string_append_c (block, '>');
}

/* RFC 5322 3.3, in the C locale whatever the process speaks, in local time with its offset. */
static void
append_date (GString *block, gint64 time)
{
  static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
  static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
  g_autoptr (GDateTime) local = pf_local_time (time, 0);
  gint64 minutes;

  if (local == NULL)
    local = g_date_time_new_from_unix_utc (0);
  minutes = g_date_time_get_utc_offset (local) / G_TIME_SPAN_MINUTE;
  g_string_append_printf (
      block, "%s, %d %s %d %02d:%02d:%02d %c%02d%02d",
      days[g_date_time_get_day_of_week (local) - 1], g_date_time_get_day_of_month (local),
      months[g_date_time_get_month (local) - 1], g_date_time_get_year (local),
      g_date_time_get_hour (local), g_date_time_get_minute (local), g_date_time_get_second (local),
      minutes < 0 ? '-' : '+', (int) (ABS (minutes) / 60), (int) (ABS (minutes) % 60));
}

static void
append_optional (GString *block, const char *before, const char *word, const char *after)
{
  if (word == NULL)
    return;
  g_string_append (block, before);
  append_word (block, word);
  g_string_append (block, after);
}

/* For support, and to know a mail loop by; no address in it. */
static void
append_postferry (GString *block, const PfTrace *trace)
{
  g_string_append (block, "X-Postferry: ");
  append_word (block, trace->host != NULL ? trace->host : "localhost");
  append_optional (block, ";\n\taccount=", trace->account_hash, "");
  append_optional (block, ";\n\tid=", trace->delivery_id, "");
  append_optional (block, ";\n\tuid=", trace->uid, "");
  g_string_append_c (block, '\n');
}

/* "with IMAPS" is what SpamAssassin knows a fetcher by: it begins to trust anew there. */
static void
append_received (GString *block, const PfTrace *trace)
{
  g_string_append (block, "Received: from ");
  append_word (block, trace->peer_name != NULL ? trace->peer_name : "unknown");
  append_optional (block, " ([", trace->peer_address, "])");
  g_string_append (block, "\n\tby ");
  append_word (block, trace->host != NULL ? trace->host : "localhost");
  append_optional (block, " (postferry/", trace->version, ")");
  append_optional (block, " with ", trace->protocol, "");
  append_optional (block, "\n\tid ", trace->delivery_id, "");
  if (trace->delivered_to != NULL)
    {
      g_string_append (block, "\n\tfor ");
      append_address (block, trace->delivered_to);
    }
  g_string_append (block, ";\n\t");
  append_date (block, trace->time);
  g_string_append_c (block, '\n');
}

static void
append_trace (GString *block, const PfTrace *trace)
{
  if (trace->return_path != NULL)
    {
      g_string_append (block, "Return-Path: ");
      append_address (block, trace->return_path);
      g_string_append_c (block, '\n');
    }
  append_optional (block, "Delivered-To: ", trace->delivered_to, "\n");
  if (trace->scan_skipped)
    g_string_append (block, "X-Postferry-Scan: skipped\n");
  if (trace->scan != NULL)
    pf_scan_lines_append (block, trace->scan);
  append_optional (block, "X-Postferry-Id: ", trace->delivery_id, "\n");
  append_postferry (block, trace);
  append_received (block, trace);
}

/* --- What is taken out ------------------------------------------------------------------------ */

static gboolean
name_begins (const PfHeaderField *field, const char *prefix)
{
  gsize length = strlen (prefix);

  return field->name_length >= length && g_ascii_strncasecmp (field->start, prefix, length) == 0;
}

/* Past blanks and comments (RFC 5322 3.2.2); a comment without end reaches to the end. */
static const char *
skip_cfws (const char *p)
{
  guint depth = 0;

  for (; *p != '\0'; p++)
    if (depth > 0 && *p == '\\' && p[1] != '\0')
      p++;
    else if (*p == '(')
      depth++;
    else if (*p == ')' && depth > 0)
      depth--;
    else if (depth == 0 && !g_ascii_isspace (*p))
      break;
  return p;
}

/* (transfer full): a token or quoted string at *@p, which is moved behind it. */
static char *
take_word (const char **p)
{
  GString *word = g_string_new (NULL);

  if (**p == '"')
    {
      for ((*p)++; **p != '\0' && **p != '"'; (*p)++)
        {
          if (**p == '\\' && (*p)[1] != '\0')
            (*p)++;
          g_string_append_c (word, **p);
        }
      *p += **p == '"';
    }
  else
    for (; **p != '\0' && !g_ascii_isspace (**p) && **p != ';' && **p != '('; (*p)++)
      g_string_append_c (word, **p);
  return g_string_free (word, FALSE);
}

static gboolean
same_host (const char *word, const char *host)
{
  g_autofree char *ascii = g_hostname_to_ascii (word);

  return g_ascii_strcasecmp (ascii != NULL ? ascii : word, host) == 0;
}

/* RFC 8601 5: results in our own name, and those of a version that we cannot know, are not to pass.
 * Outlook's begin with a result and name nobody: they say nothing about us. */
static gboolean
is_forged_result (const PfHeaderField *field, const char *host)
{
  g_autofree char *value = NULL, *id = NULL;
  const char *p;

  if (!pf_header_field_is (field, "Authentication-Results"))
    return FALSE;
  value = pf_header_field_unfold (field);
  p = skip_cfws (value);
  id = take_word (&p);
  if (host != NULL && same_host (id, host))
    return TRUE;
  p = skip_cfws (p);
  return strchr (id, '=') == NULL && g_ascii_isdigit (*p)
         && !(*p == '1' && (p[1] == '\0' || strchr (" \t;(", p[1]) != NULL));
}

static gboolean
is_removed (const PfHeaderField *field, const PfTrace *trace)
{
  static const char *const prefixes[] = { "X-Spam-", "X-Spamd-", "X-Rspamd-", "X-Virus-",
                                          "X-Postferry" };

  if (pf_header_field_is (field, "Return-Path"))
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (prefixes); i++)
    if (name_begins (field, prefixes[i]))
      return TRUE;
  return is_forged_result (field, trace->host);
}

/* Postfix bounces a message that was "Delivered-To" its very recipient before. */
static gboolean
is_renamed (const PfHeaderField *field, const PfTrace *trace)
{
  g_autofree char *value = NULL;

  if (trace->delivered_to == NULL || !pf_header_field_is (field, "Delivered-To"))
    return FALSE;
  value = pf_header_field_unfold (field);
  return g_ascii_strcasecmp (value, trace->delivered_to) == 0;
}

static void
append_original (GString *block, const char *header, gsize length, const PfTrace *trace)
{
  PfScanRemovals *removals = pf_scan_removals_new (trace->scan, header, length);
  gboolean other_subject = pf_scan_lines_change_subject (trace->scan);
  PfHeaderIter iter;
  PfHeaderField field;
  gsize room = RENAME_ROOM;

  pf_header_iter_init (&iter, header, length);
  while (pf_header_iter_next (&iter, &field))
    {
      if (pf_scan_removals_fit (removals, &field) || is_removed (&field, trace))
        continue;
      if (other_subject && pf_header_field_is (&field, "Subject"))
        {
          pf_scan_lines_append_subject (block, trace->scan, &field);
          other_subject = FALSE;
          continue;
        }
      if (is_renamed (&field, trace))
        {
          /* Hundreds of them are nobody's trace: the block stays within its bound. */
          if (room < strlen (RENAMED))
            continue;
          room -= strlen (RENAMED);
          g_string_append (block, RENAMED);
        }
      g_string_append_len (block, field.start, (gssize) field.length);
    }
  if (other_subject)
    pf_scan_lines_append_subject (block, trace->scan, NULL);
  g_string_append_len (block, iter.at, iter.end - iter.at);
  pf_scan_removals_free (removals);
}

GString *
pf_headers_finish (const char *header, gsize length, const PfTrace *trace)
{
  gsize skip = pf_headers_skip_mbox (header, length);
  GString *block = g_string_sized_new (length + PF_LIMIT_TRACE_BLOCK);

  append_trace (block, trace);
  if (skip == length)
    g_string_append_c (block, '\n');
  else
    append_original (block, header + skip, length - skip, trace);
  return block;
}
