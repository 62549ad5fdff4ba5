#include "archive/content.h"

#include "archive/arj.h"
#include "archive/documents.h"
#include "archive/kinds.h"
#include "archive/mail.h"
#include "archive/office.h"
#include "archive/packed-in.h"
#include "archive/rar.h"
#include "archive/tnef.h"
#include "archive/unpack.h"
#include "base/limits.h"
#include "filter/attachment-names.h"

#include <string.h>

/* A self-extracting archive stands behind its program's text; programs that unpack look for it in
 * the first megabyte. */
#define BEHIND PF_MIB

struct _PfContent
{
  PfExamination *examination;
  char *name;
  PfContentPlace place;
  GByteArray *data;
  gsize held;
  gboolean decided, dropped;
  PfKind kind;
};

PfContent *
pf_content_new (PfExamination *examination, const char *name, PfContentPlace place)
{
  PfContent *self = g_new0 (PfContent, 1);

  self->examination = examination;
  self->name = g_strdup (name);
  self->place = place;
  self->data = g_byte_array_new ();
  return self;
}

void
pf_content_free (PfContent *self)
{
  pf_examination_release (self->examination, self->held);
  g_byte_array_unref (self->data);
  g_free (self->name);
  g_free (self);
}

static void
drop (PfContent *self)
{
  self->dropped = TRUE;
  pf_examination_release (self->examination, self->held);
  self->held = 0;
  g_byte_array_set_size (self->data, 0);
}

static void
decide (PfContent *self)
{
  self->decided = TRUE;
  self->kind = pf_kind_of (self->data->data, MIN (self->data->len, PF_LIMIT_ARCHIVE_HEAD));
  /* A message by its name alone: its first line may be anything. */
  if (!pf_kind_is_container (self->kind) && self->kind != PF_KIND_EXECUTABLE
      && pf_attachment_name_is_mail (self->name))
    self->kind = PF_KIND_MAIL;
  if (self->kind == PF_KIND_EXECUTABLE)
    pf_examination_find (self->examination, PF_ATTACHMENT_EXECUTABLE, self->name);
}

void
pf_content_add (PfContent *self, const guint8 *data, gsize length)
{
  if (self->dropped)
    return;
  if (self->data->len + length > G_MAXINT || !pf_examination_hold (self->examination, length))
    {
      if (!self->decided)
        decide (self);
      if (pf_kind_is_container (self->kind))
        pf_examination_malformed (self->examination, self->name,
                                  "it is too large to be looked into");
      drop (self);
      return;
    }
  self->held += length;
  g_byte_array_append (self->data, data, (guint) length);
  if (!self->decided && self->data->len >= PF_LIMIT_ARCHIVE_HEAD)
    decide (self);
  if (self->decided && !pf_kind_is_container (self->kind)
      && self->data->len > PF_LIMIT_ARCHIVE_PLAIN)
    drop (self);
}

/* --- Looking into it -------------------------------------------------------------------------- */

/* What may stand there is not sure to be what it looks like: what does not open is nothing. */
static void
look_at (PfContent *self, PfKind kind, const guint8 *data, gsize length)
{
  if (!pf_examination_enter (self->examination, self->name, length))
    return;
  pf_unpack (self->examination, self->name, kind, data, length, PF_UNPACK_DOUBTFUL);
  pf_examination_leave (self->examination);
}

/* A zip behind something else, other archives too: who unpacks it goes by its end. */
static void
look_for_zip_end (PfContent *self)
{
  if (self->kind != PF_KIND_ZIP && pf_unpack_has_zip_end (self->data->data, self->data->len))
    look_at (self, PF_KIND_ZIP, self->data->data, self->data->len);
}

/* A program, a picture or anything with an archive behind: programs that unpack find it there. */
static void
look_behind (PfContent *self)
{
  const guint8 *data = self->data->data;
  gsize length = self->data->len;
  gsize n = MIN (length, BEHIND);
  const guint8 *rar = memmem (data, n, "Rar!\x1a\x07", 6);
  const guint8 *seven = memmem (data, n, "7z\xbc\xaf\x27\x1c", 6);

  if (rar != NULL)
    look_at (self, PF_KIND_RAR, rar, length - (gsize) (rar - data));
  if (seven != NULL)
    look_at (self, PF_KIND_7ZIP, seven, length - (gsize) (seven - data));
}

static void
look_for_uuencoded (PfContent *self)
{
  if (self->place == PF_CONTENT_PART || self->kind == PF_KIND_MAIL
      || !pf_mail_has_uuencoded (self->data->data, self->data->len)
      || !pf_examination_enter (self->examination, self->name, self->data->len))
    return;
  pf_mail_examine_text (self->examination, self->data->data, self->data->len);
  pf_examination_leave (self->examination);
}

/* An archive by its name, of which nobody can tell what it is. */
static void
complain_if_archive (PfContent *self)
{
  static const char *const known[] = { "zip", "7z", "rar", "cab", "arj", "gz",
                                       "bz2", "xz", "tgz", "tbz", "txz", NULL };
  g_auto (GStrv) extensions = pf_attachment_name_extensions (self->name);

  for (guint i = 0; extensions[i] != NULL; i++)
    {
      if (g_strv_contains (known, extensions[i]))
        pf_examination_malformed (self->examination, self->name, "the archive cannot be read");
    }
}

static void
look_into (PfContent *self)
{
  PfExamination *examination = self->examination;
  const guint8 *data = self->data->data;
  gsize length = self->data->len;

  switch (self->kind)
    {
    case PF_KIND_ARJ:
      pf_arj_examine (examination, self->name, data, length);
      break;
    case PF_KIND_OLE:
    case PF_KIND_BIFF:
      pf_office_examine (examination, self->name, data, length);
      break;
    case PF_KIND_TNEF:
      pf_tnef_examine (examination, self->name, data, length);
      break;
    case PF_KIND_ACTIVE_MIME:
      pf_packed_in_examine_active_mime (examination, self->name, data, length);
      break;
    case PF_KIND_MAIL:
      pf_mail_examine (examination, data, length);
      break;
    default:
      pf_unpack (examination, self->name, self->kind, data, length,
                 self->place == PF_CONTENT_STREAM ? PF_UNPACK_DOUBTFUL : PF_UNPACK_SURE);
      break;
    }
}

static void
examine (PfContent *self)
{
  gboolean text = self->kind == PF_KIND_MAIL || self->kind == PF_KIND_XML;

  if (pf_kind_is_archive (self->kind) && self->kind != PF_KIND_ZIP)
    pf_examination_find (self->examination, PF_ATTACHMENT_ARCHIVE, self->name);
  if (self->kind == PF_KIND_XML)
    pf_documents_examine_xml (self->examination, self->name, self->data->data, self->data->len);
  else if (pf_kind_is_container (self->kind)
           && pf_examination_enter (self->examination, self->name, self->data->len))
    {
      look_into (self);
      pf_examination_leave (self->examination);
    }
  look_for_zip_end (self);
  if (pf_kind_is_container (self->kind) && !text)
    return;
  look_behind (self);
  look_for_uuencoded (self);
  if (self->kind == PF_KIND_UNKNOWN)
    complain_if_archive (self);
}

void
pf_content_end (PfContent *self)
{
  if (!self->dropped && !self->decided)
    decide (self);
  if (!self->dropped && self->data->len > 0 && pf_examination_goes_on (self->examination))
    examine (self);
  pf_content_free (self);
}

void
pf_content_examine (PfExamination *examination,
                    const char *name,
                    PfContentPlace place,
                    const guint8 *data,
                    gsize length)
{
  PfContent *content = pf_content_new (examination, name, place);

  pf_content_add (content, data, length);
  pf_content_end (content);
}
