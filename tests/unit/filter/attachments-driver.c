/* A program for tests: has messages looked into, and tells what was found in each, one JSON object
 * a line, at last one of itself.
 * usage: attachments-driver [--classes C;C] [--extensions E;E] [--names-only] [--width N]
 *        [--repeat N] [--program PATH] FILE... */
#include "filter/attachments.h"

#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char *classes, *extensions, *program;
static gboolean names_only;
static int width = 4, repeat = 1;
static char **files;

static const GOptionEntry entries[] = {
  { "classes", 0, 0, G_OPTION_ARG_STRING, &classes, NULL, NULL },
  { "extensions", 0, 0, G_OPTION_ARG_STRING, &extensions, NULL, NULL },
  { "names-only", 0, 0, G_OPTION_ARG_NONE, &names_only, NULL, NULL },
  { "width", 0, 0, G_OPTION_ARG_INT, &width, NULL, NULL },
  { "repeat", 0, 0, G_OPTION_ARG_INT, &repeat, NULL, NULL },
  { "program", 0, 0, G_OPTION_ARG_FILENAME, &program, NULL, NULL },
  { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, NULL, NULL },
  G_OPTION_ENTRY_NULL,
};

static guint running;

typedef struct
{
  int fd;
  const char *path;
} Job;

static void
print (JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_alloc ();
  g_autofree char *text = NULL;

  json_node_init_object (node, object);
  text = json_to_string (node, FALSE);
  printf ("%s\n", text);
}

static JsonArray *
list (const PfAttachmentResult *result)
{
  JsonArray *findings = json_array_new ();

  for (guint i = 0; i < result->findings->len; i++)
    {
      const PfAttachmentFinding *finding = g_ptr_array_index (result->findings, i);
      JsonArray *one = json_array_new ();

      json_array_add_string_element (one, pf_attachment_class_nick (finding->class));
      json_array_add_string_element (one, finding->name);
      json_array_add_string_element (one, finding->path);
      json_array_add_string_element (one, finding->detail);
      json_array_add_array_element (findings, one);
    }
  return findings;
}

static void
on_scanned (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Job *job = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PfAttachmentResult) got =
      pf_attachments_scan_finish (PF_ATTACHMENTS (source), result, &error);
  g_autoptr (JsonObject) object = json_object_new ();
  g_autofree char *text = got != NULL ? pf_attachment_result_text (got) : NULL;

  json_object_set_string_member (object, "path", job->path);
  if (got == NULL)
    json_object_set_string_member (object, "error", error->message);
  else
    json_object_set_array_member (object, "findings", list (got));
  json_object_set_string_member (object, "text", text != NULL ? text : "");
  json_object_set_boolean_member (object, "malformed", got != NULL && got->malformed);
  print (object);
  close (job->fd);
  g_free (job);
  running--;
}

static void
scan (PfAttachments *attachments, const char *path, const PfAttachmentRules *rules)
{
  Job *job = g_new0 (Job, 1);
  PfScanSource source = { 0 };
  struct stat status;

  job->path = path;
  source.fd = job->fd = open (path, O_RDONLY | O_CLOEXEC);
  g_assert_cmpint (fstat (job->fd, &status), ==, 0);
  source.length = (guint64) status.st_size;
  running++;
  pf_attachments_scan_async (attachments, &source, rules, NULL, on_scanned, job);
}

/* KiB of memory that this process had at its most. */
static guint64
peak (void)
{
  g_autofree char *text = NULL;
  const char *line;

  g_assert_true (g_file_get_contents ("/proc/self/status", &text, NULL, NULL));
  line = g_strrstr (text, "VmHWM:");
  return g_ascii_strtoull (line + 6 + strspn (line + 6, " \t"), NULL, 10);
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("");
  g_autoptr (PfAttachments) attachments = NULL;
  g_auto (GStrv) wanted = NULL;
  g_auto (GStrv) own = NULL;
  g_autoptr (JsonObject) object = json_object_new ();
  PfAttachmentRules rules = { 0 };
  gint64 began = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;
  guint64 before;

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_parse (context, &argc, &argv, &error);
  g_assert_no_error (error);
  wanted = g_strsplit (classes != NULL ? classes : "executables", ";", -1);
  own = g_strsplit (extensions != NULL ? extensions : "", ";", -1);
  rules.classes = (const char *const *) wanted;
  rules.extensions = (const char *const *) own;
  rules.names_only = names_only;
  attachments = pf_attachments_new (program);
  before = peak ();
  g_assert_nonnull (files);
  for (int turn = 0; turn < repeat; turn++)
    for (guint i = 0; files[i] != NULL; i++)
      {
        scan (attachments, files[i], &rules);
        while (running >= (guint) width)
          g_main_context_iteration (NULL, TRUE);
      }
  while (running > 0)
    g_main_context_iteration (NULL, TRUE);
  json_object_set_int_member (object, "grown", (gint64) (peak () - before));
  json_object_set_double_member (object, "seconds",
                                 (double) (g_get_monotonic_time () - began) / G_USEC_PER_SEC);
  print (object);
  g_strfreev (files);
  return 0;
}
