#include "accounts/settings-private.h"

#include "base/limits.h"

#include <string.h>

/* --- The value -------------------------------------------------------------------------------- */

static PfSettings *
settings_new (void)
{
  PfSettings *self = g_new0 (PfSettings, 1);

  g_atomic_ref_count_init (&self->ref_count);
  for (const PfField *field = pf_setting_fields; field->name != NULL; field++)
    pf_field_reset (field, self);
  return self;
}

static PfSettings *
settings_copy (const PfSettings *from)
{
  PfSettings *self = g_new0 (PfSettings, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->given = from->given;
  for (const PfField *field = pf_setting_fields; field->name != NULL; field++)
    pf_field_copy (field, from, self);
  return self;
}

PfSettings *
pf_settings_new_bare (const char *address)
{
  PfSettings *self = settings_new ();

  g_free (self->address);
  self->address = g_strdup (address);
  self->given = pf_setting_bit ("Address");
  return self;
}

PfSettings *
pf_settings_ref (const PfSettings *self)
{
  PfSettings *shared = (PfSettings *) self;

  g_atomic_ref_count_inc (&shared->ref_count);
  return shared;
}

void
pf_settings_unref (PfSettings *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref_count))
    return;
  for (const PfField *field = pf_setting_fields; field->name != NULL; field++)
    pf_field_clear (field, self);
  g_free (self);
}

/* --- Reading ---------------------------------------------------------------------------------- */

void
pf_reading_begin (PfReading *self, const PfSettings *base, GPtrArray *faults)
{
  *self = (PfReading){ .faults = faults, .n_before = faults->len };
  self->settings = base != NULL ? settings_copy (base) : settings_new ();
}

static gboolean
take_field (PfReading *self, const PfField *field, guint64 bit, GVariant *value, PfRefusal *refusal)
{
  if (pf_field_is_reset (field, value))
    {
      pf_field_reset (field, self->settings);
      self->settings->given &= ~bit;
      return TRUE;
    }
  if (!pf_field_read_value (field, self->settings, value, refusal))
    return FALSE;
  self->settings->given |= bit;
  return TRUE;
}

void
pf_reading_take (PfReading *self, const char *key, GVariant *value, guint line)
{
  guint index;
  const PfField *field = pf_setting_find (key, &index);
  const guint64 bit = field != NULL ? G_GUINT64_CONSTANT (1) << index : 0;
  PfRefusal refusal = { 0 };

  if (field == NULL)
    {
      pf_fault_unknown_key (self->faults, key, pf_settings_keys (), line);
      return;
    }
  if ((self->seen & bit) != 0)
    pf_fault_add (self->faults, key, "conflict", line, "%s is given twice", key);
  self->seen |= bit;
  self->lines[index] = line;
  if (!take_field (self, field, bit, value, &refusal))
    {
      g_autofree char *sentence = pf_field_sentence (field, &refusal);

      self->bad |= bit;
      pf_fault_add (self->faults, key, refusal.code, line, "%s", sentence);
    }
  pf_refusal_clear (&refusal);
}

PfSettings *
pf_reading_end (PfReading *self)
{
  pf_settings_apply_rules (self);
  if (self->faults->len == self->n_before && self->n_before < PF_LIMIT_SETTING_FAULTS)
    return g_steal_pointer (&self->settings);
  g_clear_pointer (&self->settings, pf_settings_unref);
  return NULL;
}

PfSettings *
pf_settings_from_vardict (const PfSettings *base, GVariant *values, GPtrArray *faults)
{
  PfReading reading;
  GVariantIter iter;
  const char *key;
  GVariant *value;

  pf_reading_begin (&reading, base, faults);
  g_variant_iter_init (&iter, values);
  while (g_variant_iter_loop (&iter, "{&sv}", &key, &value))
    pf_reading_take (&reading, key, value, 0);
  return pf_reading_end (&reading);
}

/* --- Telling ---------------------------------------------------------------------------------- */

GVariant *
pf_vardict_entry (const char *name, GVariant *value)
{
  GVariant *entry = g_variant_new ("{sv}", name, value);

  /* In one piece of memory. */
  g_variant_get_data (entry);
  return entry;
}

/* Most keys of most accounts have their default: ten thousand accounts share these entries. Main
 * loop only. */
static GVariant *
entry_of (const PfField *field, const PfSettings *self)
{
  static PfSettings *defaults;
  static GVariant *shared[64];
  const gsize index = (gsize) (field - pf_setting_fields);

  if (defaults == NULL)
    defaults = settings_new ();
  if (!pf_field_equal (field, self, defaults))
    return pf_vardict_entry (field->name, pf_field_to_value (field, self));
  if (shared[index] == NULL)
    shared[index] = g_variant_ref_sink (
        g_variant_new ("{sv}", field->name, pf_field_to_value (field, defaults)));
  return shared[index];
}

GVariant *
pf_settings_to_vardict (const PfSettings *self)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  for (const PfField *field = pf_setting_fields; field->name != NULL; field++)
    g_variant_builder_add_value (&builder, entry_of (field, self));
  return g_variant_builder_end (&builder);
}

GVariant *
pf_settings_get (const PfSettings *self, const char *key)
{
  const PfField *field = pf_setting_find (key, NULL);

  return field != NULL ? g_variant_ref_sink (pf_field_to_value (field, self)) : NULL;
}

PfEndpoint *
pf_settings_endpoint (const PfSettings *self, guint connect_timeout)
{
  PfEndpoint *endpoint = g_new0 (PfEndpoint, 1);

  endpoint->host = g_strdup (self->server);
  endpoint->port = self->port;
  endpoint->security = self->security;
  endpoint->proxy = g_strdup (self->proxy);
  endpoint->certificate = g_strdup (self->certificate);
  endpoint->connect_timeout = connect_timeout;
  return endpoint;
}

/* --- Comparing -------------------------------------------------------------------------------- */

static gboolean
differs (const PfSettings *a, const PfSettings *b, PfFieldFlags flags)
{
  for (const PfField *field = pf_setting_fields; field->name != NULL; field++)
    if ((field->flags & flags) == flags && !pf_field_equal (field, a, b))
      return TRUE;
  return FALSE;
}

gboolean
pf_settings_moves_secret (const PfSettings *before, const PfSettings *after)
{
  return differs (before, after, PF_FIELD_MOVES_SECRET);
}

gboolean
pf_settings_equal (const PfSettings *a, const PfSettings *b)
{
  return a == b || (a->given == b->given && !differs (a, b, 0));
}

/* The user whom a rule of Recipients names; "" for one that names whoever the local part is. */
static const char *
rule_user (const char *rule)
{
  const char *equals = strrchr (rule, '=');

  return equals != NULL && strcmp (equals + 1, "*") != 0 ? equals + 1 : "";
}

gboolean
pf_settings_delivers_to (const PfSettings *self, const char *user)
{
  if (strcmp (self->local_user, user) == 0)
    return TRUE;
  for (guint i = 0; self->recipients[i] != NULL; i++)
    if (strcmp (rule_user (self->recipients[i]), user) == 0)
      return TRUE;
  return FALSE;
}

gboolean
pf_settings_all_deliver_to (const PfSettings *self, const char *user)
{
  if (strcmp (self->local_user, user) != 0)
    return FALSE;
  for (guint i = 0; self->recipients[i] != NULL; i++)
    if (strcmp (rule_user (self->recipients[i]), user) != 0)
      return FALSE;
  return TRUE;
}
