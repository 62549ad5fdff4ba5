#include "archive/packed-in.h"

#include "archive/bytes.h"
#include "archive/content.h"

#include <zlib.h>

/* Where the length of the head stands, and what comes before it is counted from. */
#define ACTIVE_MIME_HEAD 0x1e
#define ACTIVE_MIME_FROM 46

/* FALSE: no octet came out. */
static gboolean
inflate_all (PfExamination *examination, z_stream *stream, PfContent *content)
{
  guint8 room[16384];
  gboolean any = FALSE;
  int got = Z_OK;

  while (got == Z_OK)
    {
      gsize n;

      stream->next_out = room;
      stream->avail_out = sizeof room;
      got = inflate (stream, Z_NO_FLUSH);
      n = sizeof room - stream->avail_out;
      if (n == 0 || !pf_examination_unpacked (examination, n))
        break;
      pf_content_add (content, room, n);
      any = TRUE;
    }
  return any;
}

gboolean
pf_packed_in_examine (PfExamination *examination,
                      const char *name,
                      const guint8 *data,
                      gsize length)
{
  z_stream stream = { .next_in = (Bytef *) data, .avail_in = (uInt) MIN (length, G_MAXINT) };
  PfContent *content;
  gboolean any;

  if (inflateInit (&stream) != Z_OK)
    return FALSE;
  content = pf_content_new (examination, name, PF_CONTENT_STREAM);
  any = inflate_all (examination, &stream, content);
  inflateEnd (&stream);
  pf_content_end (content);
  return any;
}

void
pf_packed_in_examine_active_mime (PfExamination *examination,
                                  const char *name,
                                  const guint8 *data,
                                  gsize length)
{
  static const guint usual[] = { 0x32, 0x22a };
  gsize told =
      length > ACTIVE_MIME_HEAD + 2 ? pf_u16 (data + ACTIVE_MIME_HEAD) + ACTIVE_MIME_FROM : length;
  gboolean any =
      told < length && pf_packed_in_examine (examination, name, data + told, length - told);

  for (guint i = 0; !any && i < G_N_ELEMENTS (usual); i++)
    any = usual[i] < length
          && pf_packed_in_examine (examination, name, data + usual[i], length - usual[i]);
  if (!any)
    pf_examination_malformed (examination, name, "the packed macros cannot be read");
}
