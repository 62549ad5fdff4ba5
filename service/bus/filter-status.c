/* FilterPolicy.Status(): the scanners are asked now, each once however many want to know. */
#include "base/limits.h"
#include "bus/filter-object.h"
#include "filter/filter.h"

/* One round of asking. */
typedef struct
{
  PfFilterStatus *status; /* NULL: the bus is closed, nobody is told */
  GCancellable *cancellable;
  guint timer;
  guint pending; /* parts that have not answered */
  PfRspamd *rspamd;
  PfClamdClient *clamd;
  PfScanResult *rspamd_result, *clamd_result; /* NULL: its time was up */
  char *file;                                 /* what is wrong with it, or "" */
} Round;

struct _PfFilterStatus
{
  PfBus *bus;
  GPtrArray *calls; /* of PfCall that wait for the round */
  Round *round;     /* (nullable) */
};

/* --- Telling ---------------------------------------------------------------------------------- */

static const char *
state_of (const PfScanResult *result)
{
  if (result == NULL || result->status == PF_SCAN_TROUBLE)
    return "unreachable";
  if (result->status != PF_SCAN_SKIPPED)
    return "reachable";
  return result->reason == PF_SCAN_ABSENT ? "absent" : "off";
}

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

/* A client that was still waiting when its time was up knows of no failure. */
static GVariant *
describe (const PfScanResult *result, const PfScannerHealth *health)
{
  g_autofree char *late =
      g_strdup_printf ("It did not answer within %u seconds", PF_LIMIT_PROBE_SECONDS);
  gboolean reachable = g_str_equal (state_of (result), "reachable");
  gint64 failed = result != NULL ? health->failed : g_get_real_time () / G_USEC_PER_SEC;
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  add_text (&builder, "State", state_of (result));
  g_variant_builder_add (&builder, "{sv}", "Reachable", g_variant_new_boolean (reachable));
  add_text (&builder, "Version", health->version);
  add_time (&builder, "SignatureDate", health->signatures);
  add_time (&builder, "LastAnswer", health->answered);
  add_time (&builder, "LastFailure", failed);
  add_text (&builder, "LastError", result != NULL ? health->error : late);
  return g_variant_builder_end (&builder);
}

static GVariant *
answer (const Round *round)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", "Rspamd",
                         describe (round->rspamd_result, pf_rspamd_get_health (round->rspamd)));
  g_variant_builder_add (&builder, "{sv}", "Clamd",
                         describe (round->clamd_result, pf_clamd_client_get_health (round->clamd)));
  add_text (&builder, "File", round->file);
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static void
round_free (Round *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  g_object_unref (self->cancellable);
  g_object_unref (self->rspamd);
  g_object_unref (self->clamd);
  g_clear_pointer (&self->rspamd_result, pf_scan_result_free);
  g_clear_pointer (&self->clamd_result, pf_scan_result_free);
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
on_rspamd (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Round *self = user_data;

  self->rspamd_result = pf_rspamd_probe_finish (PF_RSPAMD (source), result, NULL);
  part_ended (self);
}

static void
on_clamd (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Round *self = user_data;

  self->clamd_result = pf_clamd_client_probe_finish (PF_CLAMD_CLIENT (source), result, NULL);
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

static gboolean
on_late (gpointer user_data)
{
  Round *self = user_data;

  self->timer = 0;
  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_REMOVE;
}

static Round *
ask (PfFilterStatus *status)
{
  const PfBusParts *parts = &status->bus->parts;
  Round *self = g_new0 (Round, 1);
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_file, self);

  self->status = status;
  self->pending = 3;
  self->cancellable = g_cancellable_new ();
  self->rspamd = g_object_ref (pf_filter_get_rspamd (parts->filter));
  self->clamd = g_object_ref (pf_filter_get_clamd (parts->filter));
  self->timer = g_timeout_add_seconds (PF_LIMIT_PROBE_SECONDS, on_late, self);
  pf_rspamd_probe_async (self->rspamd, self->cancellable, on_rspamd, self);
  pf_clamd_client_probe_async (self->clamd, self->cancellable, on_clamd, self);
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
