#include "base/limits.h"
#include "base/log.h"
#include "dbus-interfaces/text.h"
#include "journal/event.h"

#include <string.h>

/* What of a text from outside is shown in a line. A sentence is longer than a name. */
#define LONGEST_FIELD 200
#define LONGEST_SENTENCE 600

/* Octets that end a field or begin another: a Message-ID must not say `, status=delivered`. */
static gboolean
is_mark (char octet)
{
  return strchr (" ,=<>()\"", octet) != NULL;
}

/* (transfer full): one word. */
static char *
as_word (const char *text)
{
  g_autofree char *ascii = pf_text_ascii (text, -1, LONGEST_FIELD);
  GString *word = g_string_new (NULL);

  for (const char *p = ascii; *p != '\0'; p++)
    if (is_mark (*p))
      g_string_append_printf (word, "\\x%02x", (guchar) *p);
    else
      g_string_append_c (word, *p);
  return g_string_free (word, FALSE);
}

static void
append_word (GString *line, const char *name, const char *text)
{
  g_autofree char *word = NULL;

  if (text == NULL || *text == '\0')
    return;
  word = as_word (text);
  g_string_append_printf (line, ", %s=%s", name, word);
}

/* In angle brackets, its own not doubled. "" stays: the sender of a bounce is <>. */
static void
append_bracketed (GString *line, const char *name, const char *text)
{
  gsize length;
  g_autofree char *inner = NULL, *word = NULL;

  if (text == NULL)
    return;
  length = strlen (text);
  inner = length >= 2 && text[0] == '<' && text[length - 1] == '>'
              ? g_strndup (text + 1, length - 2)
              : g_strdup (text);
  word = as_word (inner);
  g_string_append_printf (line, ", %s=<%s>", name, word);
}

char *
pf_event_to_line (const PfEvent *self)
{
  GString *line = g_string_new (NULL);
  g_autofree char *account = self->account != NULL ? as_word (self->account) : NULL;
  g_autofree char *reason =
      self->reason != NULL ? pf_text_ascii (self->reason, -1, LONGEST_SENTENCE) : NULL;

  if (account != NULL)
    g_string_append_printf (line, "%s: ", account);
  g_string_append (line, pf_event_kind_nick (self->kind));
  append_word (line, "uid", self->uid);
  append_bracketed (line, "msgid", self->message_id);
  append_bracketed (line, "from", self->sender);
  if (self->size > 0)
    g_string_append_printf (line, ", %s=%" G_GUINT64_FORMAT,
                            self->kind == PF_EVENT_CHECK ? "octets" : "size", self->size);
  if (self->score != 0)
    g_string_append_printf (line, ", score=%.1f", self->score);
  append_word (line, self->kind == PF_EVENT_PROBLEM ? "code" : "verdict", self->verdict);
  append_word (line, "by", self->caller);
  append_word (line, "status", pf_outcome_nick (self->outcome));
  if (reason != NULL && *reason != '\0')
    g_string_append_printf (line, " (%s)", reason);
  return g_string_free (line, FALSE);
}

static PfLogLevel
level_of (const PfEvent *self)
{
  if (self->kind == PF_EVENT_PROBLEM)
    return PF_LOG_WARNING;
  return self->kind == PF_EVENT_CHECK || self->kind == PF_EVENT_MESSAGE ? PF_LOG_INFO
                                                                        : PF_LOG_NOTICE;
}

void
pf_event_log (const PfEvent *self)
{
  g_autofree char *line = pf_event_to_line (self);
  g_autofree char *size = g_strdup_printf ("%" G_GUINT64_FORMAT, self->size);
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  PfLogField fields[] = {
    { "POSTFERRY_EVENT", pf_event_kind_nick (self->kind) },
    { "POSTFERRY_OUTCOME",
      self->outcome != PF_OUTCOME_NONE ? pf_outcome_nick (self->outcome) : NULL },
    { "POSTFERRY_SIZE", self->size > 0 ? size : NULL },
    /* From here on from outside. */
    { "POSTFERRY_ACCOUNT", self->account },
    { "POSTFERRY_CALLER", self->caller },
    { "POSTFERRY_UID", self->uid },
    { "POSTFERRY_MESSAGE_ID", self->message_id },
    { "POSTFERRY_SENDER", self->sender },
    { "POSTFERRY_VERDICT", self->verdict },
  };

  for (guint i = 3; i < G_N_ELEMENTS (fields); i++)
    if (fields[i].value != NULL)
      {
        char *text = pf_text_printable (fields[i].value, -1, PF_LIMIT_EVENT_TEXT);

        g_ptr_array_add (texts, text);
        fields[i].value = text;
      }
  pf_log_fields (level_of (self), fields, G_N_ELEMENTS (fields), line);
}
