/* The quarantine as a test fills it: nothing is on a disk. */
#include "fakes.h"

#include <fcntl.h>

struct _PfKeeper
{
  GObject parent;
  PfQuarantineIndex *index;
};

G_DEFINE_FINAL_TYPE (PfKeeper, pf_keeper, G_TYPE_OBJECT)

static guint changed;

static void
pf_keeper_finalize (GObject *object)
{
  pf_quarantine_index_free (PF_KEEPER (object)->index);
  G_OBJECT_CLASS (pf_keeper_parent_class)->finalize (object);
}

static void
pf_keeper_class_init (PfKeeperClass *class)
{
  G_OBJECT_CLASS (class)->finalize = pf_keeper_finalize;
  changed = g_signal_new ("changed", PF_TYPE_KEEPER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                          G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
pf_keeper_init (PfKeeper *self)
{
  self->index = pf_quarantine_index_new ();
}

PfQuarantineIndex *
pf_keeper_get_index (PfKeeper *self)
{
  return self->index;
}

void
fakes_hold_back (PfKeeper *keeper,
                 const char *id,
                 const char *account,
                 const char *recipient,
                 const char *verdict)
{
  const PfQuarantineItem item = { .id = (char *) id,
                                  .account = (char *) account,
                                  .recipient = (char *) recipient,
                                  .sender = (char *) "eve@example.net",
                                  .subject = (char *) "two\nlines",
                                  .verdict = (char *) verdict,
                                  .time = 1000 };

  pf_quarantine_index_put (keeper->index, pf_quarantine_item_copy (&item));
  g_signal_emit (keeper, changed, 0, recipient);
}

void
pf_keeper_wait_async (PfKeeper *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);

  g_task_return_boolean (task, TRUE);
}

gboolean
pf_keeper_wait_finish (PfKeeper *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
pf_keeper_open_async (PfKeeper *self,
                      const char *id,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);

  fakes_step (NULL, "open %s", id);
  g_task_return_int (task, open ("/dev/null", O_RDONLY | O_CLOEXEC));
}

int
pf_keeper_open_finish (PfKeeper *self, GAsyncResult *result, GError **error)
{
  return (int) g_task_propagate_int (G_TASK (result), error);
}

gboolean
pf_keeper_may_release (PfKeeper *self,
                       const PfQuarantineItem *item,
                       const PfReleaseOptions *options,
                       GError **error)
{
  return TRUE;
}

/* They are gone at once. */
static void
take (PfKeeper *self, const char *const *ids, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);

  for (; *ids != NULL; ids++)
    pf_quarantine_index_remove (self->index, *ids);
  g_task_return_boolean (task, TRUE);
}

void
pf_keeper_release_async (PfKeeper *self,
                         const char *const *ids,
                         const PfReleaseOptions *options,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autofree char *list = g_strjoinv (" ", (char **) ids);

  fakes_step (NULL, "release %s by %s%s%s", list, options->by, options->learn ? " learn" : "",
              options->allow_sender ? " allow" : "");
  take (self, ids, callback, user_data);
}

gboolean
pf_keeper_release_finish (PfKeeper *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
pf_keeper_delete_async (PfKeeper *self,
                        const char *const *ids,
                        const char *by,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autofree char *list = g_strjoinv (" ", (char **) ids);

  fakes_step (NULL, "delete %s by %s", list, by);
  take (self, ids, callback, user_data);
}

gboolean
pf_keeper_delete_finish (PfKeeper *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
