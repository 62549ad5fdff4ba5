/* A program for tests: has files scanned and tells what came of it, one JSON object a line, and how
 * the scanner is in the last one. usage: scan-driver --rspamd URL|--clamd ADDRESS [OPTION...]
 * FILE... */
#include "filter/clamd.h"
#include "filter/rspamd.h"

#include "base/limits.h"

#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *rspamd_url, *controller, *clamd_address, *ip, *helo, *hostname, *from, *deliver_to;
static char *queue_id, *learn;
static char **recipients, **files;
static int timeout_seconds = 20, patience = 60, repeat = 1, cancel_ms, width = 100, pause_ms,
           pretend;
static gint64 max_size = 50 * PF_MIB;
static gboolean probe, known, remembered;

static const GOptionEntry options[] = {
  { "rspamd", 0, 0, G_OPTION_ARG_STRING, &rspamd_url, NULL, NULL },
  { "controller", 0, 0, G_OPTION_ARG_STRING, &controller, NULL, NULL },
  { "clamd", 0, 0, G_OPTION_ARG_STRING, &clamd_address, NULL, NULL },
  { "ip", 0, 0, G_OPTION_ARG_STRING, &ip, NULL, NULL },
  { "helo", 0, 0, G_OPTION_ARG_STRING, &helo, NULL, NULL },
  { "hostname", 0, 0, G_OPTION_ARG_STRING, &hostname, NULL, NULL },
  { "from", 0, 0, G_OPTION_ARG_STRING, &from, NULL, NULL },
  { "rcpt", 0, 0, G_OPTION_ARG_STRING_ARRAY, &recipients, NULL, NULL },
  { "deliver-to", 0, 0, G_OPTION_ARG_STRING, &deliver_to, NULL, NULL },
  { "queue-id", 0, 0, G_OPTION_ARG_STRING, &queue_id, NULL, NULL },
  { "timeout", 0, 0, G_OPTION_ARG_INT, &timeout_seconds, NULL, NULL },
  { "patience", 0, 0, G_OPTION_ARG_INT, &patience, NULL, NULL },
  { "max-size", 0, 0, G_OPTION_ARG_INT64, &max_size, NULL, NULL },
  { "repeat", 0, 0, G_OPTION_ARG_INT, &repeat, NULL, "each file so often" },
  { "width", 0, 0, G_OPTION_ARG_INT, &width, NULL, "so many at a time" },
  { "pause", 0, 0, G_OPTION_ARG_INT, &pause_ms, NULL, "ms between two" },
  { "pretend", 0, 0, G_OPTION_ARG_INT, &pretend, NULL, "octets that are not there" },
  { "cancel", 0, 0, G_OPTION_ARG_INT, &cancel_ms, NULL, "all of it after so many ms" },
  { "learn", 0, 0, G_OPTION_ARG_STRING, &learn, NULL, "spam or ham" },
  { "probe", 0, 0, G_OPTION_ARG_NONE, &probe, NULL, "ask how it is, at the end" },
  { "known", 0, 0, G_OPTION_ARG_NONE, &known, NULL, "it has answered in an earlier life" },
  { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, NULL, NULL },
  { NULL },
};

static PfRspamd *rspamd;
static PfClamdClient *clamd;
static GCancellable *cancellable;
static guint under_way;

/* --- What is told ----------------------------------------------------------------------------- */

static void
print_object (JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_alloc ();
  g_autofree char *text = NULL;

  json_node_init_object (node, object);
  text = json_to_string (node, FALSE);
  printf ("%s\n", text);
  fflush (stdout);
}

static void
set_answer (JsonObject *object, const PfRspamdAnswer *answer)
{
  JsonObject *symbols = json_object_new ();
  JsonArray *add = json_array_new (), *removals = json_array_new ();

  for (guint i = 0; i < answer->symbols->len; i++)
    {
      const PfRspamdSymbol *symbol = answer->symbols->pdata[i];

      json_object_set_double_member (symbols, symbol->name, symbol->score);
    }
  for (guint i = 0; i < answer->add_headers->len; i++)
    {
      const PfRspamdHeader *header = answer->add_headers->pdata[i];

      json_array_add_string_element (add, header->name);
      json_array_add_string_element (add, header->value);
    }
  for (guint i = 0; i < answer->remove_headers->len; i++)
    json_array_add_string_element (removals,
                                   ((PfRspamdRemoval *) answer->remove_headers->pdata[i])->name);
  json_object_set_int_member (object, "action", answer->action);
  json_object_set_double_member (object, "score", answer->score);
  json_object_set_double_member (object, "required", answer->required_score);
  json_object_set_object_member (object, "symbols", symbols);
  json_object_set_array_member (object, "add", add);
  json_object_set_array_member (object, "remove", removals);
  json_object_set_string_member (object, "subject", answer->subject);
}

/* @result: (transfer full) (nullable); @error: (transfer full) (nullable) */
static void
told (PfScanResult *result, GError *error)
{
  static const char *const words[] = { "clean", "found", "skipped", "trouble" };
  g_autoptr (PfScanResult) taken = result;
  g_autoptr (GError) cause = error;
  g_autoptr (JsonObject) object = json_object_new ();

  under_way--;
  json_object_set_string_member (object, "status", taken != NULL ? words[taken->status] : "error");
  json_object_set_string_member (object, "reason",
                                 taken != NULL ? pf_scan_reason_nick (taken->reason) : "");
  json_object_set_string_member (object, "text", taken != NULL ? taken->text : cause->message);
  json_object_set_string_member (object, "name", taken != NULL ? taken->name : "");
  if (taken != NULL && taken->answer != NULL)
    set_answer (object, taken->answer);
  print_object (object);
}

static gint64
read_status (const char *field)
{
  g_autofree char *text = NULL;
  const char *at;

  g_assert_true (g_file_get_contents ("/proc/self/status", &text, NULL, NULL));
  at = strstr (text, field);
  return at != NULL ? g_ascii_strtoll (at + strlen (field), NULL, 10) : 0;
}

static void
tell_end (gint64 resident, gint64 began)
{
  const PfScannerHealth *health =
      rspamd != NULL ? pf_rspamd_get_health (rspamd) : pf_clamd_client_get_health (clamd);
  g_autoptr (JsonObject) object = json_object_new ();

  json_object_set_boolean_member (object, "configured", health->configured);
  json_object_set_boolean_member (object, "reachable", health->reachable);
  json_object_set_int_member (object, "answered", health->answered);
  json_object_set_string_member (object, "version", health->version);
  json_object_set_int_member (object, "signatures", health->signatures);
  json_object_set_string_member (object, "reason", pf_scan_reason_nick (health->reason));
  json_object_set_string_member (object, "error", health->error);
  json_object_set_boolean_member (object, "remembered", remembered);
  json_object_set_int_member (object, "grown", read_status ("VmHWM:") - resident);
  json_object_set_double_member (object, "seconds",
                                 (double) (g_get_monotonic_time () - began) / G_USEC_PER_SEC);
  print_object (object);
}

/* --- What is done ----------------------------------------------------------------------------- */

static void
on_rspamd (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  PfScanResult *answer = pf_rspamd_scan_finish (rspamd, result, &error);

  told (answer, error);
}

static void
on_clamd (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  PfScanResult *answer = pf_clamd_client_scan_finish (clamd, result, &error);

  told (answer, error);
}

static void
on_learned (GObject *source, GAsyncResult *result, gpointer user_data)
{
  static const char *const words[] = { "done", "known", "impossible" };
  PfLearnOutcome outcome = PF_LEARN_DONE;
  g_autoptr (GError) error = NULL;
  gboolean ok = pf_rspamd_learn_finish (rspamd, result, &outcome, &error);
  PfScanResult answer = { PF_SCAN_CLEAN, PF_SCAN_NO_REASON, (char *) words[outcome], NULL, NULL };

  if (!ok)
    told (NULL, g_steal_pointer (&error));
  else
    {
      PfScanResult *copy = g_new0 (PfScanResult, 1);

      copy->name = g_strdup (answer.name);
      copy->text = g_strdup ("");
      told (copy, NULL);
    }
}

static void
scan (const PfScanSource *source)
{
  PfScanEnvelope envelope = { .ip = ip,
                              .helo = helo,
                              .hostname = hostname,
                              .from = from,
                              .recipients = (const char *const *) recipients,
                              .deliver_to = deliver_to,
                              .queue_id = queue_id };

  under_way++;
  if (learn != NULL)
    pf_rspamd_learn_async (rspamd, strcmp (learn, "spam") == 0 ? PF_LEARN_SPAM : PF_LEARN_HAM,
                           source, deliver_to, cancellable, on_learned, NULL);
  else if (rspamd != NULL)
    pf_rspamd_scan_async (rspamd, source, &envelope, cancellable, on_rspamd, NULL);
  else
    pf_clamd_client_scan_async (clamd, source, cancellable, on_clamd, NULL);
}

static void
wait_for (guint most)
{
  while (under_way > most)
    g_main_context_iteration (NULL, TRUE);
}

static void
scan_all (void)
{
  guint count = files != NULL ? g_strv_length (files) : 0;
  g_autofree PfScanSource *sources = g_new0 (PfScanSource, count + 1);

  for (guint i = 0; i < count; i++)
    {
      struct stat data;

      sources[i].fd = open (files[i], O_RDONLY | O_CLOEXEC);
      g_assert_cmpint (sources[i].fd, >=, 0);
      g_assert_cmpint (fstat (sources[i].fd, &data), ==, 0);
      sources[i].length = (guint64) data.st_size + (guint64) pretend;
    }
  for (guint i = 0; i < count * (guint) repeat; i++)
    {
      wait_for ((guint) width - 1);
      scan (&sources[i % count]);
      if (pause_ms > 0)
        {
          wait_for (0);
          g_usleep ((gulong) pause_ms * 1000);
        }
    }
  wait_for (0);
  for (guint i = 0; i < count; i++)
    close (sources[i].fd);
}

static void
probe_it (void)
{
  under_way++;
  if (rspamd != NULL)
    pf_rspamd_probe_async (rspamd, cancellable, on_rspamd, NULL);
  else
    pf_clamd_client_probe_async (clamd, cancellable, on_clamd, NULL);
  wait_for (0);
}

static gboolean
has_answered (const char *scanner, gpointer user_data)
{
  return known;
}

static void
answered (const char *scanner, gpointer user_data)
{
  remembered = TRUE;
}

static gboolean
on_cancel (gpointer user_data)
{
  g_cancellable_cancel (cancellable);
  return G_SOURCE_REMOVE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  PfScannerOptions settings = { .memory = { has_answered, answered, NULL } };
  gint64 resident, began;

  g_option_context_add_main_entries (context, options, NULL);
  g_assert_true (g_option_context_parse (context, &argc, &argv, NULL));
  settings.address = rspamd_url != NULL ? rspamd_url : clamd_address;
  settings.controller = controller;
  settings.timeout = (guint) timeout_seconds;
  settings.patience = (guint) patience;
  settings.max_size = (guint64) max_size;
  cancellable = g_cancellable_new ();
  if (rspamd_url != NULL)
    rspamd = pf_rspamd_new (&settings);
  else
    clamd = pf_clamd_client_new (&settings);
  if (cancel_ms > 0)
    g_timeout_add ((guint) cancel_ms, on_cancel, NULL);
  resident = read_status ("VmRSS:");
  began = g_get_monotonic_time ();
  scan_all ();
  if (probe)
    probe_it ();
  tell_end (resident, began);
  g_clear_object (&rspamd);
  g_clear_object (&clamd);
  g_object_unref (cancellable);
  return 0;
}
