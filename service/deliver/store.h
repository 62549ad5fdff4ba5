/* store.h - octets without a name: in memory while they are few, in an unnamed file of a folder
 * beyond. */
#pragma once

#include <glib.h>

typedef struct
{
  const char *directory;
  int fd;              /* -1 before the first write */
  gboolean in_memory;
  guint64 size;
} PfStore;

void     pf_store_init  (PfStore *self, const char *directory);
void     pf_store_clear (PfStore *self);
/* Writes at @offset; a gap is fine and costs nothing. Errors: PF_PROBLEM_DISK_LOW,
 * PF_PROBLEM_DELIVERY_DEFERRED. */
gboolean pf_store_write (PfStore *self, guint64 offset, const char *data, gsize length,
                         GError **error);
