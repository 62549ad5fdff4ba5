/* secret-steps.h - several calls to the secret store, one after the other, as one. */
#pragma once

#include "secrets/secrets.h"

typedef enum
{
  PF_SECRET_LOOKUP, /* @secret is filled in; stays NULL where there is none */
  PF_SECRET_CLEAR,  /* every kind */
  PF_SECRET_STORE
} PfSecretAct;

typedef struct
{
  PfSecretAct act;
  PfSecretKind kind;
  PfSecret *secret; /* (nullable), owned */
} PfSecretStep;

typedef struct _PfSecretSteps PfSecretSteps;

PfSecretSteps *pf_secret_steps_new  (void);
void           pf_secret_steps_free (PfSecretSteps *self);
/* @secret: (nullable) (transfer none) */
void           pf_secret_steps_add  (PfSecretSteps *self, PfSecretAct act, PfSecretKind kind,
                                     PfSecret *secret);
/* (transfer full): what puts back the secrets that @self looked up; nothing is left of those that
 * came since. */
PfSecretSteps *pf_secret_steps_undo (const PfSecretSteps *self);
/* TRUE once something was stored or cleared, or may have been: only then is there something to
 * undo. */
gboolean       pf_secret_steps_changed (const PfSecretSteps *self);
/* Runs them in order; the first error ends it. @self must live until the callback. */
void           pf_secret_steps_run_async  (PfSecretSteps *self, PfSecrets *secrets,
                                           const char *address, GAsyncReadyCallback callback,
                                           gpointer user_data);
gboolean       pf_secret_steps_run_finish (GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfSecretSteps, pf_secret_steps_free)
