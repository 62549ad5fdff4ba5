/* directories.h - where the service lives: from the environment that systemd sets, or the defaults
 * (DESIGN 2). */
#pragma once

#include <glib.h>

typedef struct
{
  char *configuration;
  char *state;
  char *runtime;
  char *credentials; /* NULL without */
} PfDirectories;

/* @session: the defaults are the user's XDG folders. Nothing is made yet. */
void     pf_directories_find  (PfDirectories *self, gboolean session);
/* Makes them and accounts.d, spool, quarantine below, mode 0700. */
gboolean pf_directories_make  (const PfDirectories *self, GError **error);
void     pf_directories_clear (PfDirectories *self);
/* (transfer full): the program @name of ours: beside this one, in the build tree, or where it is
 * installed. */
char    *pf_directories_find_program (const char *name);
