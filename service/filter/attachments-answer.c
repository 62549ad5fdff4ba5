#include "filter/attachments-answer.h"

#include "base/limits.h"
#include "dbus-interfaces/text.h"

#include <string.h>

/* found, class, name, path, detail */
#define WORDS 5

static void
finding_free (gpointer data)
{
  PfAttachmentFinding *finding = data;

  g_free (finding->name);
  g_free (finding->path);
  g_free (finding->detail);
  g_free (finding);
}

PfAttachmentResult *
pf_attachment_result_new (void)
{
  PfAttachmentResult *self = g_new0 (PfAttachmentResult, 1);

  self->findings = g_ptr_array_new_with_free_func (finding_free);
  return self;
}

void
pf_attachment_result_free (PfAttachmentResult *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->findings);
  g_free (self);
}

void
pf_attachment_result_add (PfAttachmentResult *self,
                          PfAttachmentClass class,
                          const char *name,
                          const char *path,
                          const char *detail)
{
  PfAttachmentFinding *finding = g_new0 (PfAttachmentFinding, 1);

  finding->class = class;
  finding->name = pf_text_printable (name, -1, PF_LIMIT_ATTACHMENT_TEXT);
  finding->path = pf_text_printable (path, -1, PF_LIMIT_ATTACHMENT_TEXT);
  finding->detail = pf_text_printable (detail, -1, PF_LIMIT_ATTACHMENT_TEXT);
  g_ptr_array_add (self->findings, finding);
  self->malformed = self->malformed || class == PF_ATTACHMENT_MALFORMED;
}

char *
pf_attachment_result_text (const PfAttachmentResult *self)
{
  const PfAttachmentFinding *worst = NULL;
  GString *text;

  for (guint i = 0; i < self->findings->len; i++)
    {
      const PfAttachmentFinding *finding = g_ptr_array_index (self->findings, i);

      if (worst == NULL
          || (finding->class == PF_ATTACHMENT_MALFORMED && worst->class != PF_ATTACHMENT_MALFORMED))
        worst = finding;
    }
  if (worst == NULL)
    return NULL;
  text = g_string_new (pf_attachment_class_nick (worst->class));
  g_string_append_printf (text, ": %s",
                          *worst->name != '\0' ? worst->name : "a file without a name");
  if (*worst->path != '\0')
    g_string_append_printf (text, " in %s", worst->path);
  if (*worst->detail != '\0')
    g_string_append_printf (text, " (%s)", worst->detail);
  return g_string_free (text, FALSE);
}

/* --- The answer ------------------------------------------------------------------------------- */

static gboolean
read_line (PfAttachmentResult *result, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, "\t", WORDS + 1);
  PfAttachmentClass class;

  if (g_strv_length (words) != WORDS || strcmp (words[0], PF_ATTACHMENT_FOUND) != 0
      || !pf_attachment_class_parse (words[1], &class)
      || result->findings->len >= PF_LIMIT_ATTACHMENT_FINDINGS)
    return FALSE;
  pf_attachment_result_add (result, class, words[2], words[3], words[4]);
  return TRUE;
}

/* What follows "begun". */
static PfAttachmentAnswer
read_lines (PfAttachmentResult *result, char **lines)
{
  guint n = g_strv_length (lines);

  /* The last line has its end, too: what follows that is empty. */
  if (n < 2 || *lines[n - 1] != '\0')
    return PF_ATTACHMENT_ANSWER_BROKEN;
  if (strcmp (lines[n - 2], PF_ATTACHMENT_UNREADABLE) == 0)
    return PF_ATTACHMENT_ANSWER_UNREADABLE;
  if (strcmp (lines[n - 2], PF_ATTACHMENT_END) != 0)
    return PF_ATTACHMENT_ANSWER_BROKEN;
  for (guint i = 0; i < n - 2; i++)
    {
      if (!read_line (result, lines[i]))
        return PF_ATTACHMENT_ANSWER_BROKEN;
    }
  return PF_ATTACHMENT_ANSWER_WHOLE;
}

PfAttachmentAnswer
pf_attachment_answer_read (const char *text, gsize length, PfAttachmentResult *result)
{
  g_autofree char *copy = g_strndup (text, length);
  g_auto (GStrv) lines = NULL;

  if (length == 0)
    return PF_ATTACHMENT_ANSWER_NONE;
  if (strlen (copy) != length)
    return PF_ATTACHMENT_ANSWER_BROKEN;
  lines = g_strsplit (copy, "\n", PF_LIMIT_ATTACHMENT_FINDINGS + 4);
  if (strcmp (lines[0], PF_ATTACHMENT_BEGUN) != 0 || lines[1] == NULL)
    return PF_ATTACHMENT_ANSWER_BROKEN;
  return read_lines (result, lines + 1);
}
