#include "archive/mail.h"

#include "archive/content.h"
#include "protocol/mime.h"

#include <string.h>

struct _PfMail
{
  PfExamination *examination;
  PfMime *mime;
  GPtrArray *contents; /* of the parts that are open: those that end are looked into at once */
};

/* The last one that has an extension is what most readers show; any is better than none. */
static const char *
name_of (const PfMimePart *part)
{
  const char *name = "";

  for (guint i = 0; i < part->names->len; i++)
    {
      const char *one = g_ptr_array_index (part->names, i);

      if (*name == '\0' || strchr (one, '.') != NULL)
        name = one;
    }
  return name;
}

static void
on_begin (PfMimePart *part, gpointer user_data)
{
  PfMail *self = user_data;

  for (guint i = 0; i < part->names->len; i++)
    pf_examination_name (self->examination, g_ptr_array_index (part->names, i));
  part->user = pf_examination_is_names_only (self->examination)
                   ? NULL
                   : pf_content_new (self->examination, name_of (part), PF_CONTENT_PART);
  if (part->user != NULL)
    g_ptr_array_add (self->contents, part->user);
}

static void
on_data (PfMimePart *part, const guint8 *data, gsize length, gpointer user_data)
{
  if (part->user != NULL)
    pf_content_add (part->user, data, length);
}

static void
on_end (PfMimePart *part, gpointer user_data)
{
  PfMail *self = user_data;

  if (part->user == NULL)
    return;
  g_ptr_array_remove_fast (self->contents, part->user);
  pf_content_end (part->user);
}

PfMail *
pf_mail_new (PfExamination *examination)
{
  static const PfMimeHandler handler = { on_begin, on_data, on_end };
  PfMail *self = g_new0 (PfMail, 1);

  self->examination = examination;
  self->mime = pf_mime_new (&handler, self);
  self->contents = g_ptr_array_new ();
  return self;
}

void
pf_mail_feed (PfMail *self, const guint8 *data, gsize length)
{
  pf_mime_feed (self->mime, data, length);
}

void
pf_mail_end (PfMail *self)
{
  pf_mime_feed_eof (self->mime);
  if (pf_mime_is_over_limit (self->mime))
    pf_examination_malformed (self->examination, "",
                              "the message has more parts or names than are looked into");
  g_assert (self->contents->len == 0);
  g_ptr_array_unref (self->contents);
  pf_mime_free (self->mime);
  g_free (self);
}

void
pf_mail_examine (PfExamination *examination, const guint8 *data, gsize length)
{
  PfMail *self = pf_mail_new (examination);
  const guint8 *line =
      length > 5 && memcmp (data, "From ", 5) == 0 ? memchr (data, '\n', length) : NULL;

  /* The line that a file of messages has in front of each is no field. */
  if (line != NULL)
    {
      length -= (gsize) (line + 1 - data);
      data = line + 1;
    }
  pf_mail_feed (self, data, length);
  pf_mail_end (self);
}

void
pf_mail_examine_text (PfExamination *examination, const guint8 *data, gsize length)
{
  PfMail *self = pf_mail_new (examination);

  pf_mail_feed (self, (const guint8 *) "X-Text: x\r\n\r\n", 13);
  pf_mail_feed (self, data, length);
  pf_mail_end (self);
}

gboolean
pf_mail_has_uuencoded (const guint8 *data, gsize length)
{
  const guint8 *at = data, *end = data + length;

  while ((at = memmem (at, (gsize) (end - at), "begin", 5)) != NULL)
    {
      gboolean starts = at == data || at[-1] == '\n';

      at += 5;
      if (starts && at < end && (*at == ' ' || *at == '-'))
        return TRUE;
    }
  return FALSE;
}
