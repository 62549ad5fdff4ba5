#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

void
scratch_set_up (Scratch *self, gconstpointer name)
{
  g_autoptr (GError) error = NULL;

  self->folder = g_dir_make_tmp ("pf-scratch-XXXXXX", &error);
  g_assert_no_error (error);
  self->path = g_build_filename (self->folder, name, NULL);
}

static guint
visit (const char *folder, gboolean clear)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  guint n = 0;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      n++;
      if (clear)
        g_assert_cmpint (g_remove (path), ==, 0);
    }
  return n;
}

void
scratch_tear_down (Scratch *self, gconstpointer name)
{
  visit (self->folder, TRUE);
  if (self->mounted)
    g_assert_cmpint (umount (self->folder), ==, 0);
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_free (self->path);
  g_free (self->folder);
}

guint
scratch_count (const Scratch *self)
{
  return visit (self->folder, FALSE);
}

gboolean
scratch_mount (Scratch *self, const char *size)
{
  g_autofree char *options = g_strdup_printf ("size=%s,mode=700", size);

  if (geteuid () != 0 || unshare (CLONE_NEWNS) != 0
      || mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
      || mount ("tmpfs", self->folder, "tmpfs", 0, options) != 0)
    {
      g_test_skip ("needs root: a file system of its own is mounted");
      return FALSE;
    }
  self->mounted = TRUE;
  return TRUE;
}

void
scratch_write (const char *path, const char *data, gsize length)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, data, length), ==, length);
  close (fd);
}

void
scratch_fill (const char *path)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  char zeros[4096] = { 0 };

  g_assert_cmpint (fd, >=, 0);
  while (write (fd, zeros, sizeof zeros) > 0)
    ;
  g_assert_cmpint (errno, ==, ENOSPC);
  close (fd);
}
