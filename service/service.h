/* service.h - the whole service: every part built in order, taken down in reverse. The one place
 * where all is wired. */
#pragma once

#include "deliver/target.h"
#include "directories.h"

typedef struct _PfService PfService;

typedef struct
{
  gboolean session;
  const PfDirectories *directories;
  PfHelperLink helper;
} PfServiceOptions;

/**
 * pf_service_new:
 *
 * Reads the settings, opens log, journal, secrets, accounts and the bus, and asks for the name.
 * Returns: (nullable): NULL with a sentence for the administrator.
 */
PfService *pf_service_new  (const PfServiceOptions *options, GError **error);
/* Runs until a signal or the loss of the bus. Returns: the exit status. */
int        pf_service_run  (PfService *self);
void       pf_service_free (PfService *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfService, pf_service_free)
