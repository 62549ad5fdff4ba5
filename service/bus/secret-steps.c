#include "bus/secret-steps.h"

struct _PfSecretSteps
{
  GArray *steps; /* of PfSecretStep */
  gboolean changed;
};

/* One run. */
typedef struct
{
  PfSecretSteps *steps;
  PfSecrets *secrets;
  char *address;
  guint at;
} Run;

static void
clear_step (gpointer data)
{
  PfSecretStep *step = data;

  g_clear_pointer (&step->secret, pf_secret_unref);
}

PfSecretSteps *
pf_secret_steps_new (void)
{
  PfSecretSteps *self = g_new0 (PfSecretSteps, 1);

  self->steps = g_array_new (FALSE, TRUE, sizeof (PfSecretStep));
  g_array_set_clear_func (self->steps, clear_step);
  return self;
}

void
pf_secret_steps_free (PfSecretSteps *self)
{
  g_array_unref (self->steps);
  g_free (self);
}

void
pf_secret_steps_add (PfSecretSteps *self, PfSecretAct act, PfSecretKind kind, PfSecret *secret)
{
  PfSecretStep step = { act, kind, secret != NULL ? pf_secret_ref (secret) : NULL };

  g_array_append_val (self->steps, step);
}

PfSecretSteps *
pf_secret_steps_undo (const PfSecretSteps *self)
{
  PfSecretSteps *undo = pf_secret_steps_new ();

  pf_secret_steps_add (undo, PF_SECRET_CLEAR, PF_SECRET_PASSWORD, NULL);
  for (guint i = 0; i < self->steps->len; i++)
    {
      const PfSecretStep *step = &g_array_index (self->steps, PfSecretStep, i);

      if (step->act == PF_SECRET_LOOKUP && step->secret != NULL)
        pf_secret_steps_add (undo, PF_SECRET_STORE, step->kind, step->secret);
    }
  return undo;
}

gboolean
pf_secret_steps_changed (const PfSecretSteps *self)
{
  return self->changed;
}

static void
run_free (Run *self)
{
  g_object_unref (self->secrets);
  g_free (self->address);
  g_free (self);
}

static void go_on (GTask *task);

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Run *run = g_task_get_task_data (task);
  PfSecretStep *step = &g_array_index (run->steps->steps, PfSecretStep, run->at);
  GError *error = NULL;

  switch (step->act)
    {
    case PF_SECRET_LOOKUP:
      step->secret = pf_secrets_lookup_finish (run->secrets, result, &error);
      break;
    case PF_SECRET_CLEAR:
      pf_secrets_clear_finish (run->secrets, result, &error);
      break;
    case PF_SECRET_STORE:
    default:
      pf_secrets_store_finish (run->secrets, result, &error);
      break;
    }
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  run->at++;
  go_on (task);
}

static void
go_on (GTask *task)
{
  Run *run = g_task_get_task_data (task);
  PfSecretStep *step;

  if (run->at == run->steps->steps->len)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  step = &g_array_index (run->steps->steps, PfSecretStep, run->at);
  run->steps->changed = run->steps->changed || step->act != PF_SECRET_LOOKUP;
  switch (step->act)
    {
    case PF_SECRET_LOOKUP:
      pf_secrets_lookup_async (run->secrets, run->address, step->kind, on_done,
                               g_object_ref (task));
      break;
    case PF_SECRET_CLEAR:
      pf_secrets_clear_async (run->secrets, run->address, on_done, g_object_ref (task));
      break;
    case PF_SECRET_STORE:
    default:
      pf_secrets_store_async (run->secrets, run->address, step->kind, step->secret, on_done,
                              g_object_ref (task));
      break;
    }
}

void
pf_secret_steps_run_async (PfSecretSteps *self,
                           PfSecrets *secrets,
                           const char *address,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  Run *run = g_new0 (Run, 1);

  run->steps = self;
  run->secrets = g_object_ref (secrets);
  run->address = g_strdup (address);
  g_task_set_task_data (task, run, (GDestroyNotify) run_free);
  g_task_set_source_tag (task, pf_secret_steps_run_async);
  go_on (task);
}

gboolean
pf_secret_steps_run_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
