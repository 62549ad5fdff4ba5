#include "cli-client/commands.h"

#include "cli-client/failure.h"
#include "cli-client/held.h"
#include "cli-client/i18n.h"
#include "cli-client/json.h"
#include "cli-client/message-text.h"
#include "cli-client/terminal.h"
#include "cli-client/times.h"
#include "dbus-interfaces/names.h"
#include "dbus-interfaces/text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Ids in one call: the service would take more, but must have answered before patience ends. */
#define A_CALL 100
/* So much of a message is read to be shown. */
#define SHOWN (64 * 1024)

/* --- list ------------------------------------------------------------------------------------- */

static void
print_list (PfOutput *output, GPtrArray *list)
{
  const PfColumn columns[] = {
    { _ ("ID"), FALSE },  { _ ("TIME"), FALSE }, { _ ("VERDICT"), FALSE },
    { _ ("FOR"), FALSE }, { _ ("FROM"), FALSE }, { _ ("SUBJECT"), FALSE },
  };
  static const char *const shown[] = { "Recipient", "Sender", "Subject" };
  g_autoptr (PfTable) table = pf_table_new (columns, G_N_ELEMENTS (columns));
  guint digits = pf_held_digits (list);

  for (guint i = 0; i < list->len; i++)
    {
      const PfHeld *held = list->pdata[i];
      const char *verdict = pf_property_string (held->properties, "Verdict");
      g_autofree char *time = pf_time_local (pf_property_number (held->properties, "Time"));
      g_autofree char *id = g_strndup (held->id, digits);

      pf_table_add (table, PF_STYLE_PLAIN, id);
      pf_table_add (table, PF_STYLE_PLAIN, time);
      pf_table_add (table, g_str_equal (verdict, "virus") ? PF_STYLE_BAD : PF_STYLE_PLAIN, verdict);
      for (guint j = 0; j < G_N_ELEMENTS (shown); j++)
        {
          g_autofree char *text =
              pf_text_printable (pf_property_string (held->properties, shown[j]), -1, 80);

          pf_table_add (table, PF_STYLE_PLAIN, *text != '\0' ? text : "-");
        }
    }
  pf_output_page (output);
  pf_output_table (output, table);
}

static PfExit
list (PfCli *cli, const char *const *words, GError **error)
{
  PfClient *client = pf_cli_client (cli, error);
  g_autoptr (GPtrArray) all = client != NULL ? pf_held_list (client, error) : NULL;

  if (all == NULL)
    return PF_EXIT_FAILED;
  if (cli->output->json)
    {
      JsonArray *array = json_array_new ();

      for (guint i = 0; i < all->len; i++)
        json_array_add_element (array, pf_held_json (all->pdata[i]));
      pf_output_json (cli->output, json_node_init_array (json_node_alloc (), array), FALSE);
    }
  else if (all->len > 0)
    print_list (cli->output, all);
  else
    g_printerr ("%s\n", _ ("Nothing is held back."));
  return PF_EXIT_DONE;
}

/* --- show ------------------------------------------------------------------------------------- */

/* (transfer full) (nullable): the beginning of the message. */
static PfMessageText *
read_message (PfClient *client, const PfHeld *held, GError **error)
{
  g_autofree char *data = g_malloc (SHOWN);
  int fd = -1;
  PfClientCall call = { .path = PF_PATH_QUARANTINE,
                        .interface = PF_INTERFACE_QUARANTINE,
                        .member = "Open",
                        .arguments = g_variant_new ("(sa{sv})", held->id, NULL),
                        .reply = "(h)",
                        .asks = TRUE,
                        .descriptor = &fd };
  g_autoptr (GVariant) reply = pf_client_call (client, &call, error);
  gsize length = 0;
  ssize_t n = 0;

  if (reply == NULL)
    return NULL;
  while (length < SHOWN && (n = read (fd, data + length, SHOWN - length)) > 0)
    length += (gsize) n;
  if (n < 0)
    g_set_error (error, PF_FAILURE, PF_FAILURE_FAILED, _ ("The message cannot be read: %s"),
                 g_strerror (errno));
  close (fd);
  return n < 0 ? NULL : pf_message_text_new (data, length, n == 0);
}

static JsonNode *
message_json (const PfHeld *held, const PfMessageText *text)
{
  JsonNode *node = pf_held_json (held);
  JsonObject *object = json_node_get_object (node);
  JsonArray *header = json_array_new (), *lines = json_array_new ();

  for (guint i = 0; i < text->names->len; i++)
    {
      JsonObject *field = json_object_new ();

      json_object_set_string_member (field, "name", text->names->pdata[i]);
      json_object_set_string_member (field, "value", text->values->pdata[i]);
      json_array_add_object_element (header, field);
    }
  for (guint i = 0; i < text->lines->len; i++)
    json_array_add_string_element (lines, text->lines->pdata[i]);
  json_object_set_array_member (object, "header", header);
  json_object_set_array_member (object, "text", lines);
  json_object_set_boolean_member (object, "more", text->more);
  return node;
}

static void
print_known (PfOutput *output, const PfHeld *held)
{
  static const char *const names[] = { "Recipient", "Sender", "Subject", "Verdict", "Reason" };
  const char *titles[] = { _ ("For"), _ ("From"), _ ("Subject"), _ ("Verdict"), _ ("Reason") };
  g_autofree char *time = pf_time_local (pf_property_number (held->properties, "Time"));
  g_autofree char *size = g_format_size (pf_property_number (held->properties, "Size"));
  g_autofree char *account = pf_text_printable (held->account, -1, 0);
  g_autofree const char **symbols = NULL;

  pf_output_print (output, "%s%s%s\n", pf_output_style (output, PF_STYLE_BOLD), held->id,
                   pf_output_plain (output, PF_STYLE_BOLD));
  pf_output_print (output, "  %s: %s\n", _ ("Account"), *account != '\0' ? account : "-");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *text =
          pf_text_printable (pf_property_string (held->properties, names[i]), -1, 0);

      pf_output_print (output, "  %s: %s\n", titles[i], text);
    }
  pf_output_print (output, "  %s: %s\n  %s: %s\n", _ ("Held back"), time, _ ("Size"), size);
  if (g_variant_lookup (held->properties, "Symbols", "^a&s", &symbols) && symbols[0] != NULL)
    {
      g_autofree char *joined = g_strjoinv (", ", (char **) symbols);
      g_autofree char *text = pf_text_printable (joined, -1, 0);

      pf_output_print (output, "  %s: %s\n", _ ("Symbols"), text);
    }
}

static void
print_message (PfOutput *output, const PfHeld *held, const PfMessageText *text)
{
  print_known (output, held);
  pf_output_print (output, "\n");
  for (guint i = 0; i < text->names->len; i++)
    pf_output_print (output, "%s%s:%s %s\n", pf_output_style (output, PF_STYLE_DIM),
                     (char *) text->names->pdata[i], pf_output_plain (output, PF_STYLE_DIM),
                     (char *) text->values->pdata[i]);
  pf_output_print (output, "\n");
  for (guint i = 0; i < text->lines->len; i++)
    pf_output_print (output, "%s\n", (char *) text->lines->pdata[i]);
  if (text->more)
    pf_output_print (output, "%s\n", _ ("[and more]"));
}

static PfExit
show (PfCli *cli, const char *const *words, GError **error)
{
  PfClient *client = pf_cli_client (cli, error);
  g_autoptr (GPtrArray) found = client != NULL ? pf_held_find (client, words, error) : NULL;
  JsonArray *array = json_array_new ();

  for (guint i = 0; found != NULL && i < found->len; i++)
    {
      g_autoptr (PfMessageText) text = read_message (client, found->pdata[i], error);

      if (text == NULL)
        {
          json_array_unref (array);
          return PF_EXIT_FAILED;
        }
      if (cli->output->json)
        {
          json_array_add_element (array, message_json (found->pdata[i], text));
          continue;
        }
      if (i == 0)
        pf_output_page (cli->output);
      else
        pf_output_print (cli->output, "\n");
      print_message (cli->output, found->pdata[i], text);
    }
  if (cli->output->json && found != NULL)
    pf_output_json (cli->output, json_node_init_array (json_node_alloc (), json_array_ref (array)),
                    FALSE);
  json_array_unref (array);
  return found != NULL ? PF_EXIT_DONE : PF_EXIT_FAILED;
}

/* --- release, delete -------------------------------------------------------------------------- */

static GVariant *
options_of (PfCli *cli, const char *member)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  if (g_str_equal (member, "Release") && cli->options->learn)
    g_variant_dict_insert (&dict, "learn", "b", TRUE);
  if (g_str_equal (member, "Release") && cli->options->allow_sender)
    g_variant_dict_insert (&dict, "allow-sender", "b", TRUE);
  return g_variant_dict_end (&dict);
}

static gboolean
call_for (PfCli *cli, const char *member, GPtrArray *found, GError **error)
{
  for (guint from = 0; from < found->len; from += A_CALL)
    {
      g_autoptr (GVariant) reply = NULL;
      PfClientCall call = { .path = PF_PATH_QUARANTINE,
                            .interface = PF_INTERFACE_QUARANTINE,
                            .member = member,
                            .reply = "()",
                            .asks = TRUE };
      GVariantBuilder ids;

      g_variant_builder_init (&ids, G_VARIANT_TYPE_STRING_ARRAY);
      for (guint i = from; i < found->len && i < from + A_CALL; i++)
        g_variant_builder_add (&ids, "s", ((PfHeld *) found->pdata[i])->id);
      call.arguments = g_variant_new ("(as@a{sv})", &ids, options_of (cli, member));
      reply = pf_client_call (cli->client, &call, error);
      if (reply == NULL)
        return FALSE;
    }
  return TRUE;
}

static PfExit
release (PfCli *cli, const char *const *words, GError **error)
{
  PfClient *client = pf_cli_client (cli, error);
  g_autoptr (GPtrArray) found = client != NULL ? pf_held_find (client, words, error) : NULL;

  return found != NULL && call_for (cli, "Release", found, error) ? PF_EXIT_DONE : PF_EXIT_FAILED;
}

static gboolean
confirm (PfCli *cli, GPtrArray *found, GError **error)
{
  g_autofree char *question = NULL;

  if (cli->options->yes)
    return TRUE;
  if (!pf_terminal_can_ask ())
    return pf_usage (error, _ ("nobody can be asked here: say --yes"));
  if (found->len == 1)
    {
      const PfHeld *held = found->pdata[0];
      g_autofree char *subject =
          pf_text_printable (pf_property_string (held->properties, "Subject"), -1, 60);

      question = g_strdup_printf (_ ("Delete %.8s (“%s”) for good?"), held->id, subject);
    }
  else
    question = g_strdup_printf (_ ("Delete %u messages for good?"), found->len);
  if (pf_terminal_confirm (question, error))
    return TRUE;
  if (error != NULL && *error == NULL)
    g_set_error_literal (error, PF_FAILURE, PF_FAILURE_FAILED, _ ("nothing was deleted"));
  return FALSE;
}

static PfExit delete (PfCli *cli, const char *const *words, GError **error)
{
  PfClient *client = pf_cli_client (cli, error);
  g_autoptr (GPtrArray) found = client != NULL ? pf_held_find (client, words, error) : NULL;

  return found != NULL && confirm (cli, found, error) && call_for (cli, "Delete", found, error)
             ? PF_EXIT_DONE
             : PF_EXIT_FAILED;
}

/* --- Which of them ---------------------------------------------------------------------------- */

PfExit
pf_command_quarantine (PfCli *cli, const char *const *arguments, GError **error)
{
  static const struct
  {
    const char *name;
    PfCommandFunc run;
    gboolean takes_ids;
  } commands[] = {
    { "list", list, FALSE },
    { "show", show, TRUE },
    { "release", release, TRUE },
    { "delete", delete, TRUE },
  };
  const char *name = *arguments != NULL ? *arguments++ : "list";
  g_autofree char *shown = pf_text_printable (name, -1, 60);

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      if (!g_str_equal (commands[i].name, name))
        continue;
      if (commands[i].takes_ids && *arguments == NULL)
        pf_usage (error, _ ("quarantine %s: which? postferry quarantine list tells the ids"), name);
      else if (!commands[i].takes_ids && *arguments != NULL)
        pf_usage (error, _ ("quarantine %s takes no id"), name);
      else if ((cli->options->learn || cli->options->allow_sender)
               && !g_str_equal (name, "release"))
        pf_usage (error, _ ("--learn and --allow-sender go with quarantine release"));
      else
        return commands[i].run (cli, arguments, error);
      return PF_EXIT_USAGE;
    }
  pf_usage (error, _ ("quarantine %s: there are list, show, release and delete"), shown);
  return PF_EXIT_USAGE;
}
