/* checks.h - waiting for checks on the bus, one or many, however they end. */
#pragma once

#include "cli-client/client.h"

typedef struct
{
  char *path;
  char *address;        /* what it is about, for people */
  GVariant *properties; /* a{sv}: as last told */
  gboolean finished;
  char *state;      /* "running", "succeeded", "failed", "cancelled" */
  GVariant *result; /* a{sv}; empty until it ended */
} PfChecked;

typedef struct _PfChecks PfChecks;

/* Listens; made before the calls that start the checks. @client outlives it. */
PfChecks *pf_checks_new (PfClient *client);
void pf_checks_free (PfChecks *self);

/* A check that was started. It may have ended already. Returns: (transfer none): NULL with an
 * error. */
PfChecked *pf_checks_add (PfChecks *self, const char *path, const char *address, GError **error);

/* The same of one whose @properties are known: it is not asked for them. */
PfChecked *pf_checks_add_known (PfChecks *self, const char *path, GVariant *properties);

/* In the order they were added. */
guint pf_checks_count (PfChecks *self);
PfChecked *pf_checks_get (PfChecks *self, guint index);

/* @check changed: properties or end. */
typedef void (*PfChecksFunc) (PfChecks *self, PfChecked *check, gpointer user_data);

/**
 * pf_checks_wait:
 * @changed: (nullable): told of each change, once for each check at the beginning
 *
 * Returns: TRUE when all have ended. FALSE with an error when the service went away, or after
 * Ctrl-C, which cancels them.
 */
gboolean pf_checks_wait (PfChecks *self, PfChecksFunc changed, gpointer user_data, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfChecks, pf_checks_free)
