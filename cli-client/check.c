#include "cli-client/commands.h"

#include "cli-client/checks.h"
#include "cli-client/failure.h"
#include "cli-client/i18n.h"
#include "cli-client/outcome.h"
#include "cli-client/progress.h"
#include "dbus-interfaces/names.h"
#include "dbus-interfaces/text.h"

#include <stdio.h>

/* --- Starting --------------------------------------------------------------------------------- */

/* (transfer full) (nullable): the Check. */
static char *
start_one (PfClient *client, const char *account, gboolean explain, gboolean asks, GError **error)
{
  g_autoptr (GVariantDict) options = g_variant_dict_new (NULL);
  g_autoptr (GVariant) reply = NULL;
  PfClientCall call = { .path = account,
                        .interface = PF_INTERFACE_ACCOUNT,
                        .member = "Check",
                        .reply = "(o)",
                        .asks = asks };
  char *path = NULL;

  if (explain)
    g_variant_dict_insert (options, "explain", "b", TRUE);
  call.arguments = g_variant_new ("(@a{sv})", g_variant_dict_end (options));
  reply = pf_client_call (client, &call, error);
  if (reply != NULL)
    g_variant_get (reply, "(o)", &path);
  return path;
}

/* TRUE when @account stands in @accounts: named twice it is checked once. */
static gboolean
contains (GPtrArray *accounts, const char *account)
{
  return g_ptr_array_find_with_equal_func (accounts, account, g_str_equal, NULL);
}

static gboolean
start_named (PfClient *client,
             PfChecks *checks,
             const char *const *named,
             gboolean explain,
             GError **error)
{
  g_autoptr (GPtrArray) accounts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func (g_free);

  /* Nothing is started when one of them does not exist. */
  for (; *named != NULL; named++)
    {
      g_autofree char *account = pf_client_find_account (client, *named, error);
      g_autofree char *address =
          account != NULL ? pf_client_read_address (client, account, error) : NULL;

      if (address == NULL)
        return FALSE;
      if (contains (accounts, account))
        continue;
      g_ptr_array_add (accounts, g_steal_pointer (&account));
      g_ptr_array_add (addresses, g_steal_pointer (&address));
    }
  for (guint i = 0; i < accounts->len; i++)
    {
      g_autofree char *path = start_one (client, accounts->pdata[i], explain, TRUE, error);

      if (path == NULL || pf_checks_add (checks, path, addresses->pdata[i], error) == NULL)
        return FALSE;
    }
  return TRUE;
}

static const char *
address_of (PfOverview *overview, const char *account)
{
  for (guint i = 0; i < overview->accounts->len; i++)
    {
      PfObject *object = overview->accounts->pdata[i];

      if (g_str_equal (object->path, account))
        return pf_property_string (object->properties, "Address");
    }
  return account;
}

static gboolean
start_all (PfClient *client, PfChecks *checks, GError **error)
{
  PfClientCall call = { .path = PF_PATH_MANAGER,
                        .interface = PF_INTERFACE_MANAGER,
                        .member = "CheckAll",
                        .arguments = g_variant_new ("(a{sv})", NULL),
                        .reply = "(ao)" };
  g_autoptr (GVariant) reply = pf_client_call (client, &call, error);
  g_autoptr (PfOverview) overview = reply != NULL ? pf_client_overview (client, error) : NULL;
  g_autofree const char **paths = NULL;

  if (overview == NULL)
    return FALSE;
  g_variant_get (reply, "(^a&o)", &paths);
  for (const char **path = paths; *path != NULL; path++)
    {
      GVariant *properties = g_hash_table_lookup (overview->checks, *path);
      PfChecked *check = properties != NULL ? pf_checks_add_known (checks, *path, properties)
                                            : pf_checks_add (checks, *path, "", error);

      if (check == NULL)
        return FALSE;
      g_free (check->address);
      check->address =
          g_strdup (address_of (overview, pf_property_string (check->properties, "Account")));
    }
  return TRUE;
}

/* CheckAll has no dry run: one is asked of every enabled account, where that needs no question. */
static gboolean
explain_all (PfClient *client, PfChecks *checks, GError **error)
{
  g_autoptr (PfOverview) overview = pf_client_overview (client, error);

  for (guint i = 0; overview != NULL && i < overview->accounts->len; i++)
    {
      PfObject *object = overview->accounts->pdata[i];
      g_autoptr (GError) wrong = NULL;
      g_autofree char *path = NULL;

      if (!pf_property_boolean (object->properties, "Enabled"))
        continue;
      path = start_one (client, object->path, TRUE, FALSE, &wrong);
      if (wrong != NULL && pf_failure_exit ((PfFailure) wrong->code) == PF_EXIT_PERMISSION)
        continue;
      if (path == NULL)
        {
          g_propagate_error (error, g_steal_pointer (&wrong));
          return FALSE;
        }
      if (pf_checks_add (checks, path, pf_property_string (object->properties, "Address"), error)
          == NULL)
        return FALSE;
    }
  return overview != NULL;
}

/* us */
#define SUM_INTERVAL (50 * 1000)

/* --- Waiting ---------------------------------------------------------------------------------- */

typedef struct
{
  PfOutput *output;
  PfProgress *progress;
  GHashTable *told; /* PfChecked whose result is printed */
  guint width;      /* of the longest address */
  gboolean explain;
  gint64 summed; /* when the line for several was made last (us) */
} Waiting;

static guint
longest_address (PfChecks *checks)
{
  guint width = 0;

  for (guint i = 0; i < pf_checks_count (checks); i++)
    {
      g_autofree char *address = pf_text_printable (pf_checks_get (checks, i)->address, -1, 0);

      width = MAX (width, pf_text_width (address));
    }
  return width;
}

static void
show_one (Waiting *self, PfChecked *check)
{
  guint64 done = pf_property_number (check->properties, "OctetsDone");
  guint64 total = pf_property_number (check->properties, "OctetsTotal");
  guint64 messages = pf_property_number (check->properties, "MessagesTotal");
  g_autofree char *address = pf_text_printable (check->address, -1, 0);
  g_autofree char *phase =
      pf_text_printable (pf_property_string (check->properties, "Phase"), -1, 40);
  g_autofree char *label = g_strdup_printf ("%s: %s", address, phase);
  g_autofree char *size = g_format_size (total);
  g_autofree char *detail =
      messages == 0
          ? g_strdup ("")
          : g_strdup_printf (_ ("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " messages, %s"),
                             pf_property_number (check->properties, "MessagesDone"), messages,
                             size);

  pf_progress_set (self->progress, label, done, total, detail);
}

static void
show_several (Waiting *self, PfChecks *checks)
{
  guint64 done = 0, total = 0, messages = 0;
  guint finished = 0, count = pf_checks_count (checks);
  g_autofree char *label = NULL, *detail = NULL;

  for (guint i = 0; i < count; i++)
    {
      PfChecked *check = pf_checks_get (checks, i);

      finished += check->finished ? 1 : 0;
      done += pf_property_number (check->properties, "OctetsDone");
      total += pf_property_number (check->properties, "OctetsTotal");
      messages += pf_property_number (check->properties, "MessagesDone");
    }
  label = g_strdup_printf (_ ("%u of %u accounts"), finished, count);
  detail = g_strdup_printf (ngettext ("%" G_GUINT64_FORMAT " message",
                                      "%" G_GUINT64_FORMAT " messages", (gulong) messages),
                            messages);
  pf_progress_set (self->progress, label, done, total, detail);
}

static void
on_changed (PfChecks *checks, PfChecked *check, gpointer user_data)
{
  Waiting *self = user_data;

  if (check->finished && g_hash_table_add (self->told, check) && !self->output->json)
    {
      pf_progress_hide (self->progress);
      pf_outcome_print (self->output, check, self->width, self->explain);
      fflush (stdout);
    }
  if (pf_checks_count (checks) > 1)
    {
      gint64 now = g_get_monotonic_time ();

      /* The sum over all, for each change of one of them, would be quadratic work. */
      if (now - self->summed < SUM_INTERVAL)
        return;
      self->summed = now;
      show_several (self, checks);
    }
  else if (!check->finished)
    show_one (self, check);
}

static gboolean
wait_for (PfCli *cli, PfChecks *checks, GError **error)
{
  g_autoptr (PfProgress) progress = pf_progress_new (!cli->output->json);
  g_autoptr (GHashTable) told = g_hash_table_new (NULL, NULL);
  Waiting waiting = { cli->output,           progress, told, longest_address (checks),
                      cli->options->explain, 0 };

  return pf_checks_wait (checks, on_changed, &waiting, error);
}

/* --- The command ------------------------------------------------------------------------------ */

static void
print_json (PfOutput *output, PfChecks *checks, gboolean explain)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < pf_checks_count (checks); i++)
    json_array_add_element (array, pf_outcome_json (pf_checks_get (checks, i), explain));
  pf_output_json (output, json_node_init_array (json_node_alloc (), array), FALSE);
}

static PfExit
tell_started (PfOutput *output, PfChecks *checks)
{
  for (guint i = 0; i < pf_checks_count (checks); i++)
    {
      g_autofree char *address = pf_text_printable (pf_checks_get (checks, i)->address, -1, 0);

      if (!output->json)
        pf_output_print (output, _ ("%s: started\n"), address);
    }
  if (output->json)
    print_json (output, checks, FALSE);
  return PF_EXIT_DONE;
}

static gboolean
start (PfCli *cli, PfClient *client, PfChecks *checks, const char *const *arguments, GError **error)
{
  if (*arguments != NULL)
    return start_named (client, checks, arguments, cli->options->explain, error);
  if (cli->options->explain)
    return explain_all (client, checks, error);
  return start_all (client, checks, error);
}

PfExit
pf_command_check (PfCli *cli, const char *const *arguments, GError **error)
{
  PfClient *client;
  g_autoptr (PfChecks) checks = NULL;
  PfExit status = PF_EXIT_DONE;

  if (cli->options->explain && cli->options->no_wait)
    {
      pf_usage (error, _ ("--explain waits for its answer: leave out --no-wait"));
      return PF_EXIT_USAGE;
    }
  client = pf_cli_client (cli, error);
  if (client == NULL)
    return PF_EXIT_SERVICE;
  checks = pf_checks_new (client);
  if (!start (cli, client, checks, arguments, error))
    return PF_EXIT_FAILED;
  if (cli->options->no_wait)
    return tell_started (cli->output, checks);
  if (pf_checks_count (checks) == 0 && !cli->output->json)
    g_printerr ("%s\n", _ ("No account to check: none is enabled, or none is yours."));
  if (!wait_for (cli, checks, error))
    return PF_EXIT_FAILED;
  if (cli->output->json)
    print_json (cli->output, checks, cli->options->explain);
  for (guint i = 0; i < pf_checks_count (checks); i++)
    status = pf_exit_worse (status, pf_outcome_exit (pf_checks_get (checks, i)));
  return status;
}
