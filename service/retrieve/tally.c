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
pf_tally_to_vardict (const PfTally *tally, GVariantDict *dict)
{
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    g_variant_dict_insert (dict, counts[i].key, "u",
                           G_STRUCT_MEMBER (guint, tally, counts[i].offset));
  g_variant_dict_insert (dict, "Octets", "t", tally->octets);
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
