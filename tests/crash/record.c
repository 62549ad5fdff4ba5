/* record.c - what a power loss leaves, recorded: each fsync() and what it put on the disk.
 *
 * Preloaded into the service. Before a sync the file's content, or the folder's names, are copied
 * into RECORD_FOLDER; after it one line in RECORD_FOLDER/log says so. What no sync named counts as
 * lost: writes, renames, new names, deletions.
 *   F DEVICE INODE COPY    content of a file is on the disk
 *   D DEVICE INODE COPY    names of a folder are on the disk: lines "INODE TYPE NAME"
 *   X NAME          a way of syncing that this recorder does not understand
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_uint serial;

static const char *
get_folder (void)
{
  return getenv ("RECORD_FOLDER");
}

static void
put_line (const char *format, ...)
{
  char path[4096], line[512];
  va_list arguments;
  int fd, length;

  snprintf (path, sizeof path, "%s/log", get_folder ());
  va_start (arguments, format);
  length = vsnprintf (line, sizeof line, format, arguments);
  va_end (arguments);
  fd = open (path, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd < 0 || write (fd, line, (size_t) length) != length)
    abort ();
  close (fd);
}

static void
copy_file (const char *from, int to)
{
  char buffer[65536];
  int fd = open (from, O_RDONLY | O_CLOEXEC);
  ssize_t n;

  if (fd < 0)
    abort ();
  while ((n = read (fd, buffer, sizeof buffer)) > 0)
    if (write (to, buffer, (size_t) n) != n)
      abort ();
  close (fd);
}

static void
copy_names (const char *from, int to)
{
  DIR *folder = opendir (from);
  const struct dirent *entry;

  if (folder == NULL)
    abort ();
  while ((entry = readdir (folder)) != NULL)
    if (dprintf (to, "%lu %d %s\n", (unsigned long) entry->d_ino, entry->d_type, entry->d_name) < 0)
      abort ();
  closedir (folder);
}

static int
record (int fd, int (*sync) (int))
{
  char from[64], name[64], path[4096];
  struct stat status;
  int to, result;

  if (get_folder () == NULL || fstat (fd, &status) != 0
      || !(S_ISREG (status.st_mode) || S_ISDIR (status.st_mode)))
    return sync (fd);
  snprintf (from, sizeof from, "/proc/self/fd/%d", fd);
  snprintf (name, sizeof name, "copy-%ld-%u", (long) getpid (), atomic_fetch_add (&serial, 1));
  snprintf (path, sizeof path, "%s/%s", get_folder (), name);
  to = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (to < 0)
    abort ();
  if (S_ISDIR (status.st_mode))
    copy_names (from, to);
  else
    copy_file (from, to);
  close (to);
  result = sync (fd);
  if (result == 0)
    put_line ("%c %lu %lu %s\n", S_ISDIR (status.st_mode) ? 'D' : 'F',
              (unsigned long) status.st_dev, (unsigned long) status.st_ino, name);
  return result;
}

int
fsync (int fd)
{
  return record (fd, (int (*) (int)) dlsym (RTLD_NEXT, "fsync"));
}

int
fdatasync (int fd)
{
  return record (fd, (int (*) (int)) dlsym (RTLD_NEXT, "fdatasync"));
}

int
syncfs (int fd)
{
  if (get_folder () != NULL)
    put_line ("X syncfs\n");
  return ((int (*) (int)) dlsym (RTLD_NEXT, "syncfs")) (fd);
}
