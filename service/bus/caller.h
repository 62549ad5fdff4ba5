/* caller.h - who is behind a unique name of the bus, and what such a person sees (pure). */
#pragma once

#include <gio/gio.h>

#include "accounts/settings.h"

/* Whether a caller was told of the filter's object; UNKNOWN before its first call. */
typedef enum
{
  PF_SIGHT_UNKNOWN,
  PF_SIGHT_NONE,
  PF_SIGHT_SEES
} PfSight;

/* The caller is known: fields are read only, but for @told, which is the manager's, and
 * @filter_sight, which is the filter's. */
typedef struct
{
  gatomicrefcount ref_count;
  char *name; /* unique name on the bus */
  guint uid;
  char *user;         /* (nullable): login name; NULL where the user database has none */
  gboolean is_owner;  /* --session: the service's own user */
  gboolean sees_all;  /* root, group postferry, or the owner with --session */
  gboolean sees_none; /* --session: anybody else */
  GCancellable *left; /* cancelled when the caller leaves the bus */
  GVariant *told;     /* (nullable): the Manager's properties as last told to this caller */
  PfSight filter_sight;
} PfCaller;

PfCaller *pf_caller_new   (const char *name);
PfCaller *pf_caller_ref   (PfCaller *self);
void      pf_caller_unref (PfCaller *self);

/* TRUE when the caller sees what hangs on an account of @local_user. */
gboolean  pf_caller_sees_user    (const PfCaller *self, const char *local_user);
gboolean  pf_caller_sees_account (const PfCaller *self, const PfSettings *settings);
/**
 * pf_caller_sees_check:
 * @local_user: (nullable): whose account is checked; NULL for a test of settings that are not
 * stored
 * @starter: uid of who started it
 */
gboolean  pf_caller_sees_check   (const PfCaller *self, const char *local_user, guint starter);
/* TRUE when the accounts of @local_user are the caller's own. */
gboolean  pf_caller_is_user      (const PfCaller *self, const char *local_user);
/* The login name, or "uid N": for the log. (transfer full) */
char     *pf_caller_label        (const PfCaller *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfCaller, pf_caller_unref)
