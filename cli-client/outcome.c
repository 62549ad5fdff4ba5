#include "cli-client/outcome.h"

#include "cli-client/i18n.h"
#include "cli-client/json.h"
#include "cli-client/times.h"
#include "dbus-interfaces/text.h"

char *
pf_outcome_text (GVariant *result)
{
  static const struct
  {
    const char *key, *word;
  } counts[] = {
    { "Delivered", N_ ("delivered") },
    { "Junked", N_ ("as junk") },
    { "Quarantined", N_ ("held back") },
    { "Deferred", N_ ("put off") },
    { "Refused", N_ ("refused") },
    { "Skipped", N_ ("skipped") },
    { "Removed", N_ ("removed at the provider") },
  };
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      guint64 count = pf_property_number (result, counts[i].key);

      if (count > 0)
        g_string_append_printf (text, "%s%" G_GUINT64_FORMAT " %s", text->len > 0 ? ", " : "",
                                count, _ (counts[i].word));
    }
  if (text->len == 0 && pf_property_number (result, "Known") > 0)
    g_string_append_printf (text, _ ("nothing new, %" G_GUINT64_FORMAT " known"),
                            pf_property_number (result, "Known"));
  else if (text->len == 0)
    g_string_append (text, _ ("nothing new"));
  return g_string_free (text, FALSE);
}

JsonNode *
pf_outcome_json (const PfChecked *check, gboolean explain)
{
  static const char *const counts[] = { "Delivered", "Junked", "Quarantined", "Deferred", "Refused",
                                        "Skipped",   "Known",  "Removed",     "Octets" };
  static const char *const order[] = { "Uid",          "New",     "Why",      "Size",
                                       "Ip",           "Helo",    "Hostname", "MailFrom",
                                       "EnvelopeSeen", "Symbols", "Findings", "Score",
                                       "Verdict",      "Target",  "RemoveAt", NULL };
  g_autoptr (GVariant) messages =
      g_variant_lookup_value (check->result, "Messages", G_VARIANT_TYPE ("aa{sv}"));
  g_autoptr (GVariant) problem =
      g_variant_lookup_value (check->result, "Problem", G_VARIANT_TYPE ("(ss)"));
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "account", check->address);
  json_object_set_string_member (object, "state", check->state);
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      g_autofree char *member = pf_json_name (counts[i]);

      json_object_set_int_member (object, member,
                                  (gint64) pf_property_number (check->result, counts[i]));
    }
  if (problem != NULL)
    json_object_set_member (object, "problem", pf_json_value ("Problem", problem));
  else
    json_object_set_null_member (object, "problem");
  if (explain && messages != NULL)
    json_object_set_member (object, "messages", pf_json_objects (messages, order));
  else if (explain)
    json_object_set_array_member (object, "messages", json_array_new ());
  return json_node_init_object (json_node_alloc (), object);
}

PfExit
pf_outcome_exit (const PfChecked *check)
{
  const char *code, *text;

  pf_property_problem (check->result, "Problem", &code, &text);
  if (*code != '\0')
    return pf_exit_of_problem (code);
  return g_str_equal (check->state, "succeeded") || g_str_equal (check->state, "running")
             ? PF_EXIT_DONE
             : PF_EXIT_FAILED;
}

/* --- Text ------------------------------------------------------------------------------------- */

static void
add_message (PfTable *table, GVariant *message)
{
  guint64 remove_at = pf_property_number (message, "RemoveAt");
  g_autofree char *size = g_format_size (pf_property_number (message, "Size"));
  g_autofree char *removed = pf_time_relative (remove_at, (guint64) g_get_real_time ());
  const char *sender = pf_property_string (message, "MailFrom");
  g_autofree char *uid = g_strconcat ("  ", pf_property_string (message, "Uid"), NULL);

  pf_table_add (table, PF_STYLE_PLAIN, uid);
  pf_table_add (table, PF_STYLE_PLAIN, size);
  pf_table_add (table, PF_STYLE_PLAIN, *sender != '\0' ? sender : "-");
  pf_table_add (table, PF_STYLE_PLAIN, pf_property_string (message, "Verdict"));
  pf_table_add (table, PF_STYLE_PLAIN, pf_property_string (message, "Target"));
  pf_table_add (table, PF_STYLE_PLAIN, remove_at != 0 ? removed : _ ("never"));
  pf_table_add (table, PF_STYLE_PLAIN, pf_property_string (message, "Why"));
}

static void
print_messages (PfOutput *output, GVariant *messages)
{
  const PfColumn columns[] = {
    { _ ("  UID"), FALSE },   { _ ("SIZE"), TRUE },    { _ ("SENDER"), FALSE },
    { _ ("VERDICT"), FALSE }, { _ ("TARGET"), FALSE }, { _ ("REMOVED"), FALSE },
    { _ ("WHY"), FALSE },
  };
  g_autoptr (PfTable) table = pf_table_new (columns, G_N_ELEMENTS (columns));

  for (gsize i = 0; i < g_variant_n_children (messages); i++)
    {
      g_autoptr (GVariant) message = g_variant_get_child_value (messages, i);

      add_message (table, message);
    }
  pf_output_table (output, table);
}

/* What a dry run found: numbers of what it did would all be 0. */
static char *
explained_text (GVariant *messages)
{
  guint fresh = 0, all = (guint) g_variant_n_children (messages);

  for (guint i = 0; i < all; i++)
    {
      g_autoptr (GVariant) message = g_variant_get_child_value (messages, i);

      fresh += pf_property_boolean (message, "New") ? 1 : 0;
    }
  return g_strdup_printf (_ ("%u messages, %u of them new; nothing was changed"), all, fresh);
}

void
pf_outcome_print (PfOutput *output, const PfChecked *check, guint width, gboolean explain)
{
  g_autoptr (GVariant) messages =
      explain ? g_variant_lookup_value (check->result, "Messages", G_VARIANT_TYPE ("aa{sv}"))
              : NULL;
  g_autofree char *counts =
      messages != NULL ? explained_text (messages) : pf_outcome_text (check->result);
  g_autofree char *address = pf_text_printable (check->address, -1, 0);
  g_autofree char *readable = NULL;
  guint padding = width - MIN (width, pf_text_width (address));
  const char *code, *text;

  pf_property_problem (check->result, "Problem", &code, &text);
  readable = pf_text_printable (text, -1, 0);
  if (g_str_equal (check->state, "succeeded"))
    pf_output_print (output, "%s%*s  %s\n", address, (int) padding, "", counts);
  else
    pf_output_print (output, "%s%*s  %s%s%s, %s\n", address, (int) padding, "",
                     pf_output_style (output, PF_STYLE_BAD),
                     g_str_equal (check->state, "cancelled") ? _ ("cancelled") : _ ("failed"),
                     pf_output_plain (output, PF_STYLE_BAD), counts);
  if (*code != '\0')
    pf_output_print (output, "%*s  %s%s%s: %s\n", (int) width, "",
                     pf_output_style (output, PF_STYLE_WARNING), code,
                     pf_output_plain (output, PF_STYLE_WARNING), readable);
  if (messages != NULL && g_variant_n_children (messages) > 0)
    print_messages (output, messages);
}
