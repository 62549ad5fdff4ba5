#include "bus/filter-object.h"

#include "base/limits.h"
#include "bus/coalescer.h"
#include "bus/listeners.h"
#include "bus/properties.h"
#include "dbus-interfaces/names.h"
#include "dbus-interfaces/text.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

struct _PfFilterWatch
{
  PfBus *bus;
  PfCoalescer *moves; /* of one item: ourselves */
  gulong added, changed, removed;
  const PfCaller *caller; /* (nullable): whose doing it is */
  GVariant *changes;      /* (nullable) */
};

/* --- Who sees it ------------------------------------------------------------------------------ */

static PfSight
look (PfFilterWatch *self, const PfCaller *caller)
{
  return pf_filter_is_seen (self->bus, caller) ? PF_SIGHT_SEES : PF_SIGHT_NONE;
}

static void
tell_added (PfFilterWatch *self, const PfCaller *caller)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{sa{sv}}"));
  g_variant_builder_add (&builder, "{s@a{sv}}", PF_INTERFACE_FILTER,
                         pf_filter_interface.properties (self->bus, caller, NULL));
  pf_listeners_emit (
      self->bus, caller, PF_PATH_ROOT, OBJECT_MANAGER, "InterfacesAdded",
      g_variant_new ("(o@a{sa{sv}})", PF_PATH_FILTER, g_variant_builder_end (&builder)));
}

static void
tell_removed (PfFilterWatch *self, const PfCaller *caller)
{
  const char *interfaces[] = { PF_INTERFACE_FILTER, NULL };

  pf_listeners_emit (self->bus, caller, PF_PATH_ROOT, OBJECT_MANAGER, "InterfacesRemoved",
                     g_variant_new ("(o^as)", PF_PATH_FILTER, interfaces));
}

/* TRUE when @caller saw it before and still does. */
static gboolean
tell_move (PfFilterWatch *self, PfCaller *caller)
{
  PfSight before = caller->filter_sight;

  caller->filter_sight = look (self, caller);
  if (before == PF_SIGHT_NONE && caller->filter_sight == PF_SIGHT_SEES)
    tell_added (self, caller);
  else if (before == PF_SIGHT_SEES && caller->filter_sight == PF_SIGHT_NONE)
    tell_removed (self, caller);
  return before == PF_SIGHT_SEES && caller->filter_sight == PF_SIGHT_SEES;
}

static void
tell_moves (gpointer item, gpointer user_data)
{
  PfFilterWatch *self = item;
  g_autoptr (GPtrArray) callers = NULL;

  if (!pf_listeners_any (self->bus))
    return;
  callers = pf_gate_list_callers (self->bus->gate);
  for (guint i = 0; i < callers->len; i++)
    tell_move (self, callers->pdata[i]);
}

void
pf_filter_watch_greet (PfFilterWatch *self, PfCaller *caller)
{
  if (caller->filter_sight == PF_SIGHT_UNKNOWN)
    caller->filter_sight = look (self, caller);
}

/* --- What changes ----------------------------------------------------------------------------- */

static void
tell_changed (PfFilterWatch *self, GVariant *changed)
{
  g_autoptr (GVariant) signal = g_variant_ref_sink (
      g_variant_new ("(s@a{sv}@as)", PF_INTERFACE_FILTER, changed, g_variant_new_strv (NULL, 0)));
  g_autoptr (GPtrArray) callers = NULL;

  if (!pf_listeners_any (self->bus))
    return;
  callers = pf_gate_list_callers (self->bus->gate);
  for (guint i = 0; i < callers->len; i++)
    if (tell_move (self, callers->pdata[i]))
      pf_listeners_emit (self->bus, callers->pdata[i], PF_PATH_FILTER, PROPERTIES,
                         "PropertiesChanged", signal);
}

static gboolean
is_blamed (const PfFilterWatch *self, const char *key)
{
  g_autoptr (GVariant) value =
      self->changes != NULL ? g_variant_lookup_value (self->changes, key, NULL) : NULL;

  return value != NULL;
}

/* (transfer full): "OnSpam=quarantine (was junk)": of the keys that @blamed says; "" for none. */
static char *
describe (const PfFilterWatch *self,
          const PfFilterPolicy *before,
          const PfFilterPolicy *after,
          gboolean blamed)
{
  GString *text = g_string_new (NULL);

  for (const PfField *field = pf_filter_fields; field->name != NULL; field++)
    {
      g_autofree char *old = pf_field_to_text (field, before);
      g_autofree char *new = pf_field_to_text (field, after);
      g_autofree char *old_shown = pf_text_printable (old, -1, PF_LIMIT_POLICY_TEXT);
      g_autofree char *new_shown = pf_text_printable (new, -1, PF_LIMIT_POLICY_TEXT);

      if (!pf_field_equal (field, before, after) && is_blamed (self, field->name) == blamed)
        g_string_append_printf (text, "%s%s=%s (was %s)", text->len > 0 ? ", " : "", field->name,
                                new_shown, *old != '\0' ? old_shown : "empty");
    }
  return g_string_free (text, FALSE);
}

static void
record (PfFilterWatch *self, const PfFilterPolicy *before)
{
  const PfFilterPolicy *after = self->bus->parts.settings->filter;
  g_autofree char *called = describe (self, before, after, TRUE);
  g_autofree char *by_hand = describe (self, before, after, FALSE);

  if (*by_hand != '\0')
    {
      PfEvent *event = pf_event_new (PF_EVENT_FILTER, NULL);

      event->reason = g_strdup_printf ("in postferry.conf by hand: %s", by_hand);
      pf_journal_record (self->bus->parts.journal, event);
    }
  if (*called != '\0')
    pf_bus_record (self->bus, self->caller, PF_EVENT_FILTER, NULL, called);
}

void
pf_filter_watch_changed (PfFilterWatch *self, const PfFilterPolicy *before)
{
  g_autoptr (GVariant) old = g_variant_ref_sink (pf_filter_policy_to_vardict (before));
  g_autoptr (GVariant) new =
      g_variant_ref_sink (pf_filter_policy_to_vardict (self->bus->parts.settings->filter));
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  if (!pf_vardict_diff (old, new, &builder))
    {
      g_variant_builder_clear (&builder);
      return;
    }
  record (self, before);
  tell_changed (self, g_variant_builder_end (&builder));
}

void
pf_filter_watch_blame (PfFilterWatch *self, const PfCaller *caller, GVariant *changes)
{
  self->caller = caller;
  self->changes = changes;
}

/* --- Life ------------------------------------------------------------------------------------- */

static void
on_accounts (PfFilterWatch *self)
{
  pf_coalescer_add (self->moves, self);
}

PfFilterWatch *
pf_filter_watch_new (PfBus *bus)
{
  PfFilterWatch *self = g_new0 (PfFilterWatch, 1);
  PfRegistry *registry = bus->parts.registry;

  self->bus = bus;
  self->moves = pf_coalescer_new (PF_LIMIT_TELL_ACCOUNTS_MS, tell_moves, NULL);
  self->added = g_signal_connect_swapped (registry, "added", G_CALLBACK (on_accounts), self);
  self->changed = g_signal_connect_swapped (registry, "changed", G_CALLBACK (on_accounts), self);
  self->removed = g_signal_connect_swapped (registry, "removed", G_CALLBACK (on_accounts), self);
  return self;
}

void
pf_filter_watch_free (PfFilterWatch *self)
{
  PfRegistry *registry = self->bus->parts.registry;

  g_signal_handler_disconnect (registry, self->added);
  g_signal_handler_disconnect (registry, self->changed);
  g_signal_handler_disconnect (registry, self->removed);
  pf_coalescer_free (self->moves);
  g_free (self);
}
