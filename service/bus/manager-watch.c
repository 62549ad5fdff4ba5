#include "bus/manager.h"

#include "base/limits.h"
#include "bus/coalescer.h"
#include "bus/listeners.h"
#include "bus/properties.h"
#include "bus/census.h"
#include "dbus-interfaces/names.h"

/* Whether somebody is needed depends on the time too: an account that has been retrying for a
 * day. */
#define RECOUNT_SECONDS 60

struct _PfManagerWatch
{
  PfBus *bus;
  PfCensus *census;
  PfCoalescer *changes; /* of one item: ourselves */
  gulong recorded, schedule_changed;
  guint timer;
};

static GVariant *
read_properties (PfManagerWatch *self, const PfCaller *caller)
{
  return g_variant_ref_sink (pf_manager_interface.properties (self->bus, caller, NULL));
}

static void
tell_one (PfManagerWatch *self, PfCaller *caller)
{
  g_autoptr (GVariant) now = read_properties (self, caller);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  if (caller->told != NULL && pf_vardict_diff (caller->told, now, &builder))
    pf_listeners_emit (
        self->bus, caller, PF_PATH_MANAGER, "org.freedesktop.DBus.Properties", "PropertiesChanged",
        g_variant_new ("(s@a{sv}@as)", PF_INTERFACE_MANAGER, g_variant_builder_end (&builder),
                       g_variant_new_strv (NULL, 0)));
  else
    g_variant_builder_clear (&builder);
  g_clear_pointer (&caller->told, g_variant_unref);
  caller->told = g_steal_pointer (&now);
}

static void
tell (gpointer item, gpointer user_data)
{
  PfManagerWatch *self = item;
  g_autoptr (GPtrArray) callers = NULL;

  if (!pf_listeners_any (self->bus))
    return;
  callers = pf_gate_list_callers (self->bus->gate);
  for (guint i = 0; i < callers->len; i++)
    tell_one (self, callers->pdata[i]);
}

void
pf_manager_watch_changed (PfManagerWatch *self)
{
  pf_census_forget (self->census);
  pf_coalescer_add (self->changes, self);
}

void
pf_manager_watch_greet (PfManagerWatch *self, PfCaller *caller)
{
  if (caller->told == NULL)
    caller->told = read_properties (self, caller);
}

void
pf_manager_watch_count (PfManagerWatch *self,
                        const PfCaller *caller,
                        guint *accounts,
                        guint *attention)
{
  pf_census_read (self->census, caller, accounts, attention);
}

static gboolean
on_timer (gpointer user_data)
{
  pf_manager_watch_changed (user_data);
  return G_SOURCE_CONTINUE;
}

static void
on_schedule_changed (PfSchedule *schedule, gpointer user_data)
{
  pf_manager_watch_changed (user_data);
}

/* Whose an event is: its account's, also when that has just been removed; the service's own are for
 * who sees all. */
static PfAudience
audience_of (PfBus *bus, const PfEvent *event)
{
  PfAudience audience = { TRUE, NULL, (guint) -1 };
  g_autofree char *id = event->account != NULL ? pf_address_fold (event->account) : NULL;
  PfAccount *account = id != NULL ? pf_registry_lookup (bus->parts.registry, id) : NULL;

  if (account != NULL)
    audience.local_user = pf_account_get_settings (account)->local_user;
  else if (id != NULL)
    audience.local_user = g_hash_table_lookup (bus->departed, id);
  return audience;
}

static void
on_recorded (PfJournal *journal, const PfEvent *event, gpointer user_data)
{
  PfManagerWatch *self = user_data;
  PfAudience audience;

  if (!pf_listeners_any (self->bus))
    return;
  audience = audience_of (self->bus, event);
  pf_listeners_emit_to (self->bus, &audience, PF_PATH_MANAGER, PF_INTERFACE_MANAGER, "Logged",
                        g_variant_new ("(@a{sv})", pf_event_to_vardict (event)));
}

PfManagerWatch *
pf_manager_watch_new (PfBus *bus)
{
  PfManagerWatch *self = g_new0 (PfManagerWatch, 1);

  self->bus = bus;
  self->census = pf_census_new (bus->parts.registry);
  self->changes = pf_coalescer_new (PF_LIMIT_TELL_ACCOUNTS_MS, tell, NULL);
  self->recorded =
      g_signal_connect (bus->parts.journal, "recorded", G_CALLBACK (on_recorded), self);
  self->schedule_changed =
      g_signal_connect (bus->parts.schedule, "changed", G_CALLBACK (on_schedule_changed), self);
  self->timer = g_timeout_add_seconds (RECOUNT_SECONDS, on_timer, self);
  return self;
}

void
pf_manager_watch_free (PfManagerWatch *self)
{
  g_source_remove (self->timer);
  g_signal_handler_disconnect (self->bus->parts.journal, self->recorded);
  g_signal_handler_disconnect (self->bus->parts.schedule, self->schedule_changed);
  pf_coalescer_free (self->changes);
  pf_census_free (self->census);
  g_free (self);
}
