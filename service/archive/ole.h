/* ole.h - a compound file ([MS-CFB]): its directory and its streams. Pure. */
#pragma once

#include <glib.h>

typedef enum
{
  PF_OLE_STORAGE = 1,
  PF_OLE_STREAM = 2,
  PF_OLE_ROOT = 5
} PfOleType;

typedef struct
{
  PfOleType type;
  char *name; /* UTF-8; control characters as they are */
  guint8 class[16];
  guint32 start;
  guint64 size;
} PfOleEntry;

typedef struct _PfOle PfOle;

/**
 * pf_ole_open:
 * @data: the whole file; must live as long
 * @most: entries that are read
 *
 * Returns: (nullable) (transfer full): NULL where the directory cannot be read
 */
PfOle      *pf_ole_open    (const guint8 *data, gsize length, guint most);
/* (element-type PfOleEntry) (transfer none): in the order of the directory. */
GPtrArray  *pf_ole_entries (PfOle *self);
/* There are more than were read. */
gboolean    pf_ole_is_over (PfOle *self);
/**
 * pf_ole_read:
 * @entry: a stream
 *
 * Returns: (transfer full): its octets, as many as there are
 */
GByteArray *pf_ole_read    (PfOle *self, const PfOleEntry *entry);
void        pf_ole_free    (PfOle *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfOle, pf_ole_free)
