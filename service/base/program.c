#include "base/program.h"

#include "config.h"

#include <glib.h>
#include <unistd.h>

char *
pf_program_find (const char *name, const char *folder)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *here = self != NULL ? g_path_get_dirname (self) : NULL;
  g_autofree char *beside = here != NULL ? g_build_filename (here, name, NULL) : NULL;
  g_autofree char *below = here != NULL ? g_build_filename (here, folder, name, NULL) : NULL;

  if (beside != NULL && access (beside, X_OK) == 0)
    return g_steal_pointer (&beside);
  if (below != NULL && access (below, X_OK) == 0)
    return g_steal_pointer (&below);
  return g_build_filename (PF_LIBEXECDIR, name, NULL);
}
