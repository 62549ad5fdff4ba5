#include "cli-client/event.h"

#include "cli-client/client.h"
#include "cli-client/i18n.h"
#include "cli-client/json.h"
#include "dbus-interfaces/text.h"

/* Subjects are as long as their writers like. */
#define LONGEST_SUBJECT 100

const char *
pf_event_name (GVariant *entry)
{
  const char *outcome = pf_property_string (entry, "Outcome");

  return *outcome != '\0' ? outcome : pf_property_string (entry, "Event");
}

PfStyle
pf_event_style (GVariant *entry)
{
  static const char *const bad[] = { "problem", "refused", NULL };
  static const char *const notable[] = { "quarantined", "deferred", "skipped", NULL };
  const char *name = pf_event_name (entry);

  if (g_strv_contains (bad, name))
    return PF_STYLE_BAD;
  if (g_strv_contains (notable, name))
    return PF_STYLE_WARNING;
  return g_str_equal (name, "mended") ? PF_STYLE_GOOD : PF_STYLE_PLAIN;
}

/* Adds @format with the text of @key, where the entry has one. */
static void
append (GString *text,
        GVariant *entry,
        const char *key,
        const char *before,
        const char *after,
        gsize max)
{
  const char *value = pf_property_string (entry, key);
  g_autofree char *readable = pf_text_printable (value, -1, max);

  if (*value != '\0')
    g_string_append_printf (text, "%s%s%s%s",
                            text->len == 0                ? ""
                            : g_str_equal (key, "Reason") ? ": "
                                                          : ", ",
                            before, readable, after);
}

/* "delivered, deliver" says it twice. */
static gboolean
verdict_tells (GVariant *entry)
{
  return !g_str_has_prefix (pf_event_name (entry), pf_property_string (entry, "Verdict"));
}

char *
pf_event_text (GVariant *entry)
{
  guint64 size = pf_property_number (entry, "Size");
  GString *text = g_string_new (NULL);

  if (verdict_tells (entry))
    append (text, entry, "Verdict", "", "", 60);
  append (text, entry, "Reason", "", "", 0);
  append (text, entry, "Sender", _ ("from "), "", 320);
  append (text, entry, "Subject", "“", "”", LONGEST_SUBJECT);
  if (size > 0)
    {
      g_autofree char *readable = g_format_size (size);

      g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", readable);
    }
  append (text, entry, "Caller", _ ("by "), "", 60);
  return g_string_free (text, FALSE);
}

JsonNode *
pf_event_json (GVariant *entry)
{
  static const char *const order[] = { "Time",  "Event",     "Account", "Caller",  "Outcome",
                                       "Uid",   "MessageId", "Sender",  "Subject", "Size",
                                       "Score", "Verdict",   "Reason",  NULL };

  return pf_json_object (entry, order);
}
