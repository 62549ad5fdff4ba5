/* A program for tests: has messages filtered, and tells what came of each, one JSON object a line.
 * usage: filter-driver POSTFERRY.CONF ACCOUNT-FILE WAITING-SINCE FILE... */
#include "filter/filter.h"

#include "base/limits.h"
#include "filter/rspamd-answer.h"
#include "protocol/header.h"

#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static gboolean
never (const char *scanner, gpointer user_data)
{
  return FALSE;
}

static void
answered (const char *scanner, gpointer user_data)
{
}

static void
set_text (JsonObject *object, const char *name, const char *value)
{
  if (value != NULL)
    json_object_set_string_member (object, name, value);
  else
    json_object_set_null_member (object, name);
}

static void
set_symbols (JsonObject *object, const PfScanResult *spam)
{
  JsonArray *symbols = json_array_new ();

  for (guint i = 0; spam != NULL && spam->answer != NULL && i < spam->answer->symbols->len; i++)
    json_array_add_string_element (symbols,
                                   ((PfRspamdSymbol *) spam->answer->symbols->pdata[i])->name);
  json_object_set_array_member (object, "symbols", symbols);
}

static void
on_filtered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  gboolean *done = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PfFiltered) filtered = pf_filter_finish (PF_FILTER (source), result, &error);
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (JsonNode) node = json_node_alloc ();
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  *done = TRUE;
  set_text (object, "action", pf_verdict_action_nick (filtered->verdict.action));
  set_text (object, "kind", filtered->verdict.kind);
  set_text (object, "reason", filtered->verdict.reason);
  json_object_set_boolean_member (object, "skipped", filtered->verdict.scan_skipped);
  json_object_set_boolean_member (object, "allowed", filtered->findings.sender_allowed);
  set_text (object, "ip", filtered->envelope->ip);
  set_text (object, "mail_from", filtered->envelope->mail_from);
  set_text (object, "seen", pf_envelope_seen_name (filtered->envelope->seen));
  set_symbols (object, filtered->spam);
  json_node_init_object (node, object);
  text = json_to_string (node, FALSE);
  printf ("%s\n", text);
}

static PfSettings *
read_account (const char *path)
{
  g_autofree char *text = NULL;
  g_autoptr (GPtrArray) faults = g_ptr_array_new ();
  gsize length;
  PfSettings *settings;

  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  settings = pf_settings_from_file (text, length, faults);
  g_assert_nonnull (settings);
  return settings;
}

static void
filter_file (PfFilter *filter, const PfSettings *account, gint64 waiting_since, const char *path)
{
  g_autofree char *text = NULL;
  gsize length;
  gboolean complete, done = FALSE;
  PfFilterJob job = {
    .account = account, .user = "alice", .queue_id = "Q1", .waiting_since = waiting_since
  };

  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  job.header = text;
  job.header_length = pf_header_length (text, length, &complete);
  job.source.fd = open (path, O_RDONLY | O_CLOEXEC);
  job.source.length = length;
  pf_filter_async (filter, &job, NULL, on_filtered, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
  close (job.source.fd);
}

int
main (int argc, char **argv)
{
  const PfScannerMemory memory = { never, answered, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (PfServiceSettings) settings = NULL;
  g_autoptr (PfFilter) filter = NULL;
  PfSettings *account;

  g_assert_cmpint (argc, >, 4);
  settings = pf_service_settings_load (argv[1], &error);
  g_assert_no_error (error);
  account = read_account (argv[2]);
  filter = pf_filter_new (settings, &memory);
  for (int i = 4; i < argc; i++)
    filter_file (filter, account, g_ascii_strtoll (argv[3], NULL, 10), argv[i]);
  pf_settings_unref (account);
  return 0;
}
