#include "bus/quarantine.h"

#include "base/limits.h"
#include "bus/coalescer.h"
#include "bus/listeners.h"
#include "dbus-interfaces/names.h"

struct _PfQuarantineWatch
{
  PfBus *bus;
  PfCoalescer *changes;   /* of one item: ourselves */
  GHashTable *recipients; /* set: of whom something changed since the last telling */
  gboolean all;           /* nobody knows whose */
  gulong changed;
};

static void
tell_one (PfQuarantineWatch *self, const PfCaller *caller)
{
  GVariantBuilder values;

  g_variant_builder_init (&values, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&values, "{sv}", "Count",
                         g_variant_new_uint32 (pf_quarantine_count (self->bus, caller)));
  pf_listeners_emit (self->bus, caller, PF_PATH_QUARANTINE, "org.freedesktop.DBus.Properties",
                     "PropertiesChanged",
                     g_variant_new ("(s@a{sv}@as)", PF_INTERFACE_QUARANTINE,
                                    g_variant_builder_end (&values), g_variant_new_strv (NULL, 0)));
  pf_listeners_emit (self->bus, caller, PF_PATH_QUARANTINE, PF_INTERFACE_QUARANTINE, "Changed",
                     NULL);
}

/* To those alone who see something of what changed. */
static gboolean
is_concerned (PfQuarantineWatch *self, const PfCaller *caller)
{
  if (caller->sees_none)
    return FALSE;
  return caller->sees_all || self->all
         || (caller->user != NULL && g_hash_table_contains (self->recipients, caller->user));
}

static void
tell (gpointer item, gpointer user_data)
{
  PfQuarantineWatch *self = item;
  g_autoptr (GPtrArray) callers = NULL;

  if (pf_listeners_any (self->bus))
    {
      callers = pf_gate_list_callers (self->bus->gate);
      for (guint i = 0; i < callers->len; i++)
        if (is_concerned (self, callers->pdata[i]))
          tell_one (self, callers->pdata[i]);
    }
  g_hash_table_remove_all (self->recipients);
  self->all = FALSE;
}

static void
on_changed (PfKeeper *keeper, const char *recipient, gpointer user_data)
{
  PfQuarantineWatch *self = user_data;

  if (recipient == NULL)
    self->all = TRUE;
  else
    g_hash_table_add (self->recipients, g_strdup (recipient));
  pf_coalescer_add (self->changes, self);
}

PfQuarantineWatch *
pf_quarantine_watch_new (PfBus *bus)
{
  PfQuarantineWatch *self = g_new0 (PfQuarantineWatch, 1);

  self->bus = bus;
  self->changes = pf_coalescer_new (PF_LIMIT_TELL_ACCOUNTS_MS, tell, NULL);
  self->recipients = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->changed = g_signal_connect (bus->parts.keeper, "changed", G_CALLBACK (on_changed), self);
  return self;
}

void
pf_quarantine_watch_free (PfQuarantineWatch *self)
{
  g_signal_handler_disconnect (self->bus->parts.keeper, self->changed);
  pf_coalescer_free (self->changes);
  g_hash_table_unref (self->recipients);
  g_free (self);
}
