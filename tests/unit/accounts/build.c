#include "build.h"

GPtrArray *
faults_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) pf_settings_fault_free);
}

const PfSettingsFault *
fault_of (GPtrArray *faults, const char *key)
{
  for (guint i = 0; i < faults->len; i++)
    {
      const PfSettingsFault *fault = faults->pdata[i];

      if (g_str_equal (fault->key, key))
        return fault;
    }
  g_error ("no fault of %s among %u", key, faults->len);
}

PfSettings *
make (const char *text, GPtrArray *faults)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) values = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);
  GVariantDict dict;

  g_assert_no_error (error);
  g_variant_dict_init (&dict, values);
  if (!g_variant_dict_contains (&dict, "Address"))
    g_variant_dict_insert (&dict, "Address", "s", "a@example.org");
  if (!g_variant_dict_contains (&dict, "Server"))
    g_variant_dict_insert (&dict, "Server", "s", "pop.example.org");
  if (!g_variant_dict_contains (&dict, "LocalUser"))
    g_variant_dict_insert (&dict, "LocalUser", "s", "alice");
  g_variant_unref (g_steal_pointer (&values));
  values = g_variant_ref_sink (g_variant_dict_end (&dict));
  return pf_settings_from_vardict (NULL, values, faults);
}

PfSettings *
make_good (const char *text)
{
  g_autoptr (GPtrArray) faults = faults_new ();
  PfSettings *settings = make (text, faults);

  if (settings == NULL)
    g_error ("%.100s: %s", text, ((const PfSettingsFault *) faults->pdata[0])->text);
  return settings;
}

char *
print (const PfSettings *settings, const char *key)
{
  g_autoptr (GVariant) value = pf_settings_get (settings, key);

  return g_variant_print (value, FALSE);
}
