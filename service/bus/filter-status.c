/* FilterPolicy.Status(): the scanners are asked now, each once however many want to know. */
#include "bus/filter-object.h"
#include "filter/probe.h"

/* One round of asking. */
typedef struct
{
  PfFilterStatus *status; /* NULL: the bus is closed, nobody is told */
  GCancellable *cancellable;
  guint pending; /* parts that have not answered */
  PfProbe *probe;
  char *file; /* what is wrong with it, or "" */
} Round;

struct _PfFilterStatus
{
  PfBus *bus;
  GPtrArray *calls; /* of PfCall that wait for the round */
  Round *round;     /* (nullable) */
};

/* --- Telling ---------------------------------------------------------------------------------- */

static void
add_text (GVariantBuilder *builder, const char *name, const char *text)
{
  g_variant_builder_add (builder, "{sv}", name, g_variant_new_string (text));
}

static void
add_time (GVariantBuilder *builder, const char *name, gint64 seconds)
{
  g_variant_builder_add (builder, "{sv}", name,
                         g_variant_new_uint64 ((guint64) MAX (seconds, 0) * G_USEC_PER_SEC));
}

static GVariant *
describe (const PfProbed *probed)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  add_text (&builder, "State", pf_probe_state_nick (probed->state));
  g_variant_builder_add (&builder, "{sv}", "Reachable",
                         g_variant_new_boolean (probed->state == PF_PROBE_REACHABLE));
  add_text (&builder, "Version", probed->version);
  add_time (&builder, "SignatureDate", probed->signatures);
  add_time (&builder, "LastAnswer", probed->answered);
  add_time (&builder, "LastFailure", probed->failed);
  add_text (&builder, "LastError", probed->error);
  return g_variant_builder_end (&builder);
}

static GVariant *
answer (const Round *round)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", "Rspamd", describe (&round->probe->rspamd));
  g_variant_builder_add (&builder, "{sv}", "Clamd", describe (&round->probe->clamd));
  add_text (&builder, "File", round->file);
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static void
round_free (Round *self)
{
  g_object_unref (self->cancellable);
  g_clear_pointer (&self->probe, pf_probe_free);
  g_free (self->file);
  g_free (self);
}

/* One part has answered; the last one tells. */
static void
part_ended (Round *self)
{
  PfFilterStatus *status = self->status;
  g_autoptr (GVariant) told = NULL;

  if (--self->pending > 0)
    return;
  if (status != NULL)
    {
      told = answer (self);
      status->round = NULL;
      for (guint i = 0; i < status->calls->len; i++)
        pf_call_return (status->calls->pdata[i], g_variant_new ("(@a{sv})", told));
      g_ptr_array_set_size (status->calls, 0);
    }
  round_free (self);
}

/* --- Asking ----------------------------------------------------------------------------------- */

static void
on_probed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Round *self = user_data;

  self->probe = pf_probe_finish (result, NULL);
  part_ended (self);
}

static void
read_file (GTask *task, gpointer source, gpointer path, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PfServiceSettings) settings = pf_service_settings_load (path, &error);

  g_task_return_pointer (task, g_strdup (settings != NULL ? "" : error->message), g_free);
}

static void
on_file (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Round *self = user_data;

  self->file = g_task_propagate_pointer (G_TASK (result), NULL);
  part_ended (self);
}

static Round *
ask (PfFilterStatus *status)
{
  const PfBusParts *parts = &status->bus->parts;
  Round *self = g_new0 (Round, 1);
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_file, self);

  self->status = status;
  self->pending = 2;
  self->cancellable = g_cancellable_new ();
  pf_probe_async (parts->filter, self->cancellable, on_probed, self);
  g_task_set_source_tag (task, ask);
  g_task_set_task_data (task, g_strdup (parts->settings_path), g_free);
  g_task_run_in_thread (task, read_file);
  return self;
}

/* --- Interface -------------------------------------------------------------------------------- */

PfFilterStatus *
pf_filter_status_new (PfBus *bus)
{
  PfFilterStatus *self = g_new0 (PfFilterStatus, 1);

  self->bus = bus;
  self->calls = g_ptr_array_new ();
  return self;
}

void
pf_filter_status_free (PfFilterStatus *self)
{
  if (self->round != NULL)
    {
      self->round->status = NULL;
      g_cancellable_cancel (self->round->cancellable);
    }
  for (guint i = 0; i < self->calls->len; i++)
    pf_call_free (self->calls->pdata[i]);
  g_ptr_array_unref (self->calls);
  g_free (self);
}

void
pf_filter_status_tell (PfFilterStatus *self, PfCall *call)
{
  g_ptr_array_add (self->calls, call);
  if (self->round == NULL)
    self->round = ask (self);
}
