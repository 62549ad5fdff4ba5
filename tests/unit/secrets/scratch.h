/* scratch.h - a folder for one test, on a small disk of its own where that is wanted. */
#pragma once

#include <glib.h>

typedef struct
{
  char *folder, *path; /* @path: the file in it that the fixture's data names */
  gboolean mounted;
} Scratch;

void     scratch_set_up    (Scratch *self, gconstpointer name);
/* Deletes the folder and the files in it. */
void     scratch_tear_down (Scratch *self, gconstpointer name);
/* Entries of the folder. */
guint    scratch_count     (const Scratch *self);
/* Mounts a tmpfs of @size on the folder, seen by this process alone. FALSE: the test was marked as
 * skipped, since only root may. */
gboolean scratch_mount     (Scratch *self, const char *size);
void     scratch_write     (const char *path, const char *data, gsize length);
/* A file that takes all the room there is. */
void     scratch_fill      (const char *path);
