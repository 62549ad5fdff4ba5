#include "retrieve/tally.h"

static const struct
{
  const char *key;
  const char *word;
  gsize offset;
} counts[] = {
  { "Delivered", "delivered", G_STRUCT_OFFSET (PfTally, delivered) },
  { "Junked", "junked", G_STRUCT_OFFSET (PfTally, junked) },
  { "Quarantined", "quarantined", G_STRUCT_OFFSET (PfTally, quarantined) },
  { "Deferred", "deferred", G_STRUCT_OFFSET (PfTally, deferred) },
  { "Refused", "refused", G_STRUCT_OFFSET (PfTally, refused) },
  { "Skipped", "skipped", G_STRUCT_OFFSET (PfTally, skipped) },
  { "Known", "known", G_STRUCT_OFFSET (PfTally, known) },
  { "Removed", "removed", G_STRUCT_OFFSET (PfTally, removed) },
};

void
pf_tally_append (const PfTally *tally, GVariantBuilder *builder)
{
  /* Where there is nothing new they are all the same. */
  static GVariant *zeros[G_N_ELEMENTS (counts)];

  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      guint count = G_STRUCT_MEMBER (guint, tally, counts[i].offset);

      if (zeros[i] == NULL)
        zeros[i] =
            g_variant_ref_sink (g_variant_new ("{sv}", counts[i].key, g_variant_new_uint32 (0)));
      g_variant_builder_add_value (
          builder, count == 0
                       ? zeros[i]
                       : g_variant_new ("{sv}", counts[i].key, g_variant_new_uint32 (count)));
    }
  g_variant_builder_add (builder, "{sv}", "Octets", g_variant_new_uint64 (tally->octets));
}

char *
pf_tally_to_text (const PfTally *tally)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      guint count = G_STRUCT_MEMBER (guint, tally, counts[i].offset);

      if (count > 0)
        g_string_append_printf (text, "%s%u %s", text->len > 0 ? ", " : "", count, counts[i].word);
    }
  if (text->len == 0)
    g_string_append (text, "nothing new");
  return g_string_free (g_steal_pointer (&text), FALSE);
}
