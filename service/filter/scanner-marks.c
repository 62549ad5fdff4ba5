#include "filter/scanner-marks.h"

#include "base/durable.h"
#include "base/log.h"

struct _PfScannerMarks
{
  char *directory;
};

/* (transfer full) */
static char *
mark_path (PfScannerMarks *self, const char *scanner)
{
  g_autofree char *name = g_strdup_printf ("scanner-%s", scanner);

  return g_build_filename (self->directory, name, NULL);
}

static gboolean
has_answered (const char *scanner, gpointer user_data)
{
  g_autofree char *path = mark_path (user_data, scanner);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
write_mark (GTask *task, gpointer source, gpointer path, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;

  if (!pf_durable_write (path, "It has answered.\n", -1, &error))
    pf_log (PF_LOG_WARNING,
            "after a restart the absence of a scanner would not count as a failure: %s",
            error->message);
}

/* It has the disk's time: the client remembers by itself until the service ends. */
static void
answered (const char *scanner, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, NULL, NULL);

  g_task_set_source_tag (task, answered);
  g_task_set_task_data (task, mark_path (user_data, scanner), g_free);
  g_task_run_in_thread (task, write_mark);
}

PfScannerMemory
pf_scanner_marks_memory (PfScannerMarks *self)
{
  return (PfScannerMemory){ .has_answered = has_answered, .answered = answered, .user_data = self };
}

PfScannerMarks *
pf_scanner_marks_new (const char *directory)
{
  PfScannerMarks *self = g_new0 (PfScannerMarks, 1);

  self->directory = g_strdup (directory);
  return self;
}

void
pf_scanner_marks_free (PfScannerMarks *self)
{
  g_free (self->directory);
  g_free (self);
}
