/* borders.h - what is known of how providers write their trace lines: data, from borders.conf. */
#pragma once

#include <glib.h>

/* Lists end in NULL and are never NULL; the keys are explained in borders.conf. */
typedef struct
{
  char *name;
  char **servers;
  char **domains;
  char **own;
  char **networks;
  char **border;
  char **submission;
  char **results;
  char **origin_fields;
  gboolean return_path_below;
} PfBorder;

typedef struct _PfBorders PfBorders;

/* (transfer full) (nullable): @text in the form of borders.conf. */
PfBorders *pf_borders_parse (const char *text, GError **error);
/* (transfer none): what the service was built with; kept for the life of the process. */
const PfBorders *pf_borders_builtin (void);
void pf_borders_free (PfBorders *borders);
/* (transfer none) (nullable): whose mailbox this is: by the server's name, else by the address's
 * domain. */
const PfBorder *pf_borders_find (const PfBorders *borders, const char *server, const char *address);
/* TRUE when one of @patterns fits @name, whatever its case. */
gboolean pf_border_matches (char **patterns, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfBorders, pf_borders_free)
