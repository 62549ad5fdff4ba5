/* authority.h - may this caller do that? polkit's answer, or none in time (DESIGN 5). */
#pragma once

#include "bus/caller.h"

#define PF_TYPE_AUTHORITY (pf_authority_get_type ())
G_DECLARE_FINAL_TYPE (PfAuthority, pf_authority, PF, AUTHORITY, GObject)

typedef struct
{
  const char *action;
  gboolean interactive;   /* somebody may be asked */
  const char *account;    /* (nullable): address, for rules and dialogs */
  const char *local_user; /* (nullable) */
} PfQuestion;

/**
 * pf_authority_new:
 * @connection: the bus on which polkitd answers pings
 * @session: no polkit: the owner may do everything, others nothing
 */
PfAuthority *pf_authority_new (GDBusConnection *connection, gboolean session);

/**
 * pf_authority_check_async:
 *
 * Root is never asked about. For anybody else no answer is a no: polkitd gone, silent
 * (PF_LIMIT_POLKIT_SECONDS, or PF_LIMIT_POLKIT_INTERACTIVE_SECONDS as long as it answers pings), or
 * failing. Errors: G_DBUS_ERROR_ACCESS_DENIED, PF_BUS_ERROR_INTERACTION, G_IO_ERROR_CANCELLED when
 * the caller left.
 */
void         pf_authority_check_async  (PfAuthority *self, PfCaller *caller,
                                        const PfQuestion *question, GAsyncReadyCallback callback,
                                        gpointer user_data);
gboolean     pf_authority_check_finish (PfAuthority *self, GAsyncResult *result, GError **error);
