#include "base/disk.h"

#include "base/limits.h"
#include "base/problem.h"

#include <errno.h>
#include <sys/statvfs.h>

#define DEFAULT_MINIMUM (500ULL * PF_MIB)

gboolean
pf_disk_check (const char *path, guint64 minimum, GError **error)
{
  struct statvfs fs;
  guint64 size, available;

  if (statvfs (path, &fs) != 0)
    {
      g_set_error (error, PF_PROBLEM, PF_PROBLEM_DISK_LOW, "%s cannot be looked at: %s", path,
                   g_strerror (errno));
      return FALSE;
    }
  size = (guint64) fs.f_blocks * fs.f_frsize;
  available = (guint64) fs.f_bavail * fs.f_frsize;
  if (minimum == 0)
    minimum = MIN (MAX (DEFAULT_MINIMUM, size / 20), size / 2);
  if (available < minimum || (fs.f_files > 0 && fs.f_favail == 0))
    {
      g_autofree char *left = g_format_size_full (available, G_FORMAT_SIZE_IEC_UNITS);
      g_autofree char *wanted = g_format_size_full (minimum, G_FORMAT_SIZE_IEC_UNITS);

      g_set_error (
          error, PF_PROBLEM, PF_PROBLEM_DISK_LOW,
          "%s: only %s are free, %s must stay so ([Limits] MinimumFreeDisk): mail waits at the provider until there is room",
          path, left, wanted);
      return FALSE;
    }
  return TRUE;
}
