#include "accounts/filter-policy-store.h"

#include "accounts/key-lines.h"
#include "accounts/settings.h"
#include "base/durable.h"
#include "dbus-interfaces/errors.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* So often the work is begun anew because a hand was quicker. */
#define TRIES 5
/* Below, the helper believes a file of root's alone (helper/policy.h). */
#define ORDINARY_UID 1000

/* postferry.conf on its way. */
typedef struct
{
  const char *path;
  char *former; /* (nullable): as it was read; NULL: there is none */
  gsize length;
  char *edited;
  PfServiceSettings *settings; /* made of @edited */
} Draft;

static void
draft_clear (Draft *self)
{
  g_clear_pointer (&self->former, g_free);
  g_clear_pointer (&self->edited, g_free);
  g_clear_pointer (&self->settings, pf_service_settings_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Draft, draft_clear)

static GPtrArray *
new_faults (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) pf_settings_fault_free);
}

/* --- Reading ---------------------------------------------------------------------------------- */

static gboolean
fail_broken (GError **error, const GError *wrong)
{
  g_set_error (error, PF_ERROR, PF_ERROR_INVALID_SETTING,
               "The file has to be mended by hand first, until then the settings before it stay in "
               "force: %s",
               wrong->message);
  return FALSE;
}

/* A file that is none by its form cannot be edited: a key that stands twice, an octet that is no
 * text. */
static gboolean
has_form (const Draft *self, GError **error)
{
  g_autoptr (GPtrArray) faults = new_faults ();
  g_autoptr (GPtrArray) lines = pf_key_lines_parse (self->former, self->length, faults);
  g_autoptr (GError) wrong = NULL;

  if (faults->len == 0)
    return TRUE;
  pf_service_settings_set_error (&wrong, self->path, faults);
  return fail_broken (error, wrong);
}

static gboolean
read_former (Draft *self, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (g_file_get_contents (self->path, &self->former, &self->length, &local))
    return has_form (self, error);
  if (g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* --- Changing --------------------------------------------------------------------------------- */

static gboolean
fail_faults (GError **error, GPtrArray *faults)
{
  g_autoptr (GString) sentence = g_string_new (NULL);

  for (guint i = 0; i < faults->len; i++)
    g_string_append_printf (sentence, "%s%s", i > 0 ? "\n" : "",
                            ((PfSettingsFault *) faults->pdata[i])->text);
  g_set_error_literal (error, PF_ERROR, PF_ERROR_INVALID_SETTING, sentence->str);
  return FALSE;
}

/* What is wrong in other lines than the changed ones is found in the whole. */
static gboolean
make_edited (Draft *self, GVariant *changes, GError **error)
{
  g_autoptr (GPtrArray) faults = new_faults ();
  g_autoptr (GError) wrong = NULL;

  self->edited = pf_filter_policy_edit (self->former != NULL ? self->former : "", changes, faults);
  if (self->edited == NULL)
    return fail_faults (error, faults);
  self->settings =
      pf_service_settings_parse (self->path, self->edited, strlen (self->edited), &wrong);
  return self->settings != NULL || fail_broken (error, wrong);
}

/* --- Writing ---------------------------------------------------------------------------------- */

/* What root wrote in [Local] counts because root wrote it: were the file ours, no mail would be
 * delivered any more. deliver.conf goes before it. */
static gboolean
may_become_ours (const Draft *self, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (self->path);
  g_autofree char *own = g_build_filename (folder, "deliver.conf", NULL);
  struct stat status;

  if (geteuid () == 0 || stat (self->path, &status) != 0 || status.st_uid != 0
      || (*self->settings->command == '\0' && self->settings->minimum_uid >= ORDINARY_UID)
      || access (own, F_OK) == 0)
    return TRUE;
  g_set_error (error, PF_ERROR, PF_ERROR_NOT_SUPPORTED,
               "%s belongs to root, and its [Local] Command= or MinimumUid= counts only as long as "
               "it does: move [Local] to %s, or change [Filter] by hand and reload",
               self->path, own);
  return FALSE;
}

static gboolean
write_edited (const Draft *self, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (strcmp (self->edited, self->former != NULL ? self->former : "") == 0)
    return TRUE;
  if (!may_become_ours (self, error))
    return FALSE;
  if (pf_durable_replace (self->path, self->edited, self->former, &local))
    return TRUE;
  if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_NO_SPACE))
    g_set_error_literal (error, PF_ERROR, PF_ERROR_DISK_LOW, local->message);
  else if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_WRONG_ETAG))
    g_set_error (error, PF_ERROR, PF_ERROR_BUSY, "%s: try again", local->message);
  else
    g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static PfServiceSettings *
try_once (const char *path, GVariant *changes, GError **error)
{
  g_auto (Draft) draft = { .path = path };

  if (!read_former (&draft, error) || !make_edited (&draft, changes, error)
      || !write_edited (&draft, error))
    return NULL;
  return g_steal_pointer (&draft.settings);
}

/* --- Interface -------------------------------------------------------------------------------- */

PfServiceSettings *
pf_filter_policy_store (const char *path, GVariant *changes, GError **error)
{
  for (guint tries = 1;; tries++)
    {
      g_autoptr (GError) local = NULL;
      PfServiceSettings *settings = try_once (path, changes, &local);

      if (settings != NULL)
        return settings;
      if (tries < TRIES && g_error_matches (local, PF_ERROR, PF_ERROR_BUSY))
        continue;
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
}

typedef struct
{
  char *path;
  GVariant *changes;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_free (job->path);
  g_variant_unref (job->changes);
  g_free (job);
}

static void
work (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Job *job = task_data;
  GError *error = NULL;
  PfServiceSettings *settings = pf_filter_policy_store (job->path, job->changes, &error);

  if (settings != NULL)
    g_task_return_pointer (task, settings, (GDestroyNotify) pf_service_settings_unref);
  else
    g_task_return_error (task, error);
}

void
pf_filter_policy_store_async (const char *path,
                              GVariant *changes,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  Job *job = g_new0 (Job, 1);

  job->path = g_strdup (path);
  job->changes = g_variant_ref_sink (changes);
  g_task_set_source_tag (task, pf_filter_policy_store_async);
  g_task_set_task_data (task, job, job_free);
  g_task_run_in_thread (task, work);
}

PfServiceSettings *
pf_filter_policy_store_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
