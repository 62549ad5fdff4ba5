#include "bus/listeners.h"

#include "bus/properties.h"
#include "dbus-interfaces/names.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

gboolean
pf_listeners_any (PfBus *bus)
{
  return !bus->closed && pf_gate_has_callers (bus->gate);
}

void
pf_listeners_emit (PfBus *bus,
                   const PfCaller *caller,
                   const char *path,
                   const char *interface,
                   const char *signal,
                   GVariant *parameters)
{
  g_dbus_connection_emit_signal (bus->parts.connection, caller->name, path, interface, signal,
                                 parameters, NULL);
}

static gboolean
sees (const PfCaller *caller, const PfAudience *audience)
{
  return audience->exists && pf_caller_sees_check (caller, audience->local_user, audience->starter);
}

void
pf_listeners_emit_to (PfBus *bus,
                      const PfAudience *audience,
                      const char *path,
                      const char *interface,
                      const char *signal,
                      GVariant *parameters)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (parameters);
  g_autoptr (GPtrArray) callers = NULL;

  if (!pf_listeners_any (bus))
    return;
  callers = pf_gate_list_callers (bus->gate);
  for (guint i = 0; i < callers->len; i++)
    if (sees (callers->pdata[i], audience))
      pf_listeners_emit (bus, callers->pdata[i], path, interface, signal, owned);
}

/* --- One object ------------------------------------------------------------------------------- */

/* The three signals, each made when the first listener needs it. */
typedef struct
{
  PfBus *bus;
  const PfInterface *interface;
  gpointer object;
  const char *path;
  GVariant *changed;
  GVariant *added;
  GVariant *removed;
} Telling;

static void
tell_added (Telling *t, const PfCaller *caller)
{
  if (t->added == NULL)
    {
      GVariantBuilder builder;

      g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{sa{sv}}"));
      g_variant_builder_add (&builder, "{s@a{sv}}", t->interface->info->name,
                             t->interface->properties (t->bus, caller, t->object));
      t->added = g_variant_ref_sink (
          g_variant_new ("(o@a{sa{sv}})", t->path, g_variant_builder_end (&builder)));
    }
  pf_listeners_emit (t->bus, caller, PF_PATH_ROOT, OBJECT_MANAGER, "InterfacesAdded", t->added);
}

static void
tell_removed (Telling *t, const PfCaller *caller)
{
  const char *interfaces[] = { t->interface->info->name, NULL };

  if (t->removed == NULL)
    t->removed = g_variant_ref_sink (g_variant_new ("(o^as)", t->path, interfaces));
  pf_listeners_emit (t->bus, caller, PF_PATH_ROOT, OBJECT_MANAGER, "InterfacesRemoved", t->removed);
}

void
pf_listeners_tell (PfBus *bus,
                   const PfInterface *interface,
                   gpointer object,
                   const char *path,
                   const PfAudience *before,
                   const PfAudience *after,
                   GVariant *changed)
{
  Telling t = { bus, interface, object, path, NULL, NULL, NULL };
  g_autoptr (GPtrArray) callers = NULL;

  if (!pf_listeners_any (bus))
    return;
  if (changed != NULL)
    t.changed = g_variant_ref_sink (g_variant_new ("(s@a{sv}@as)", interface->info->name, changed,
                                                   g_variant_new_strv (NULL, 0)));
  callers = pf_gate_list_callers (bus->gate);
  for (guint i = 0; i < callers->len; i++)
    {
      const PfCaller *caller = callers->pdata[i];
      gboolean saw = sees (caller, before), now = sees (caller, after);

      if (saw && !now)
        tell_removed (&t, caller);
      else if (!saw && now)
        tell_added (&t, caller);
      else if (now && t.changed != NULL)
        pf_listeners_emit (bus, caller, path, PROPERTIES, "PropertiesChanged", t.changed);
    }
  g_clear_pointer (&t.changed, g_variant_unref);
  g_clear_pointer (&t.added, g_variant_unref);
  g_clear_pointer (&t.removed, g_variant_unref);
}
