#include "retrieve/session-private.h"

#include "base/limits.h"

/* --- Values ----------------------------------------------------------------------------------- */

void
pf_listed_free (PfListed *listed)
{
  g_free (listed->uid);
  g_free (listed);
}

void
pf_listing_free (PfListing *listing)
{
  if (listing == NULL)
    return;
  g_free (listing->folder);
  g_ptr_array_unref (listing->messages);
  g_free (listing);
}

void
pf_folder_free (PfFolder *folder)
{
  g_free (folder->name);
  g_free (folder->raw_name);
  g_free (folder);
}

void
pf_fetched_free (gpointer data)
{
  PfFetched *fetched = data;

  g_clear_pointer (&fetched->body, pf_body_unref);
  g_free (fetched->text);
  g_free (fetched);
}

/* --- Operations ------------------------------------------------------------------------------- */

void
pf_session_folders_async (PfSession *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = pf_session_begin (self, pf_session_folders_async, callback, user_data);

  if (task != NULL)
    PF_SESSION_GET_CLASS (self)->folders (self, task);
}

GPtrArray *
pf_session_folders_finish (PfSession *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
pf_session_list_async (PfSession *self,
                       const PfFolder *folder,
                       gboolean for_removal,
                       const PfFolderState *settled,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  GTask *task = pf_session_begin (self, pf_session_list_async, callback, user_data);

  if (task != NULL)
    PF_SESSION_GET_CLASS (self)->list (self, task, folder, for_removal, settled);
}

PfListing *
pf_session_list_finish (PfSession *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

PfFetchResult
pf_session_fetch_finish (PfSession *self,
                         GAsyncResult *result,
                         PfBody **body,
                         char **text,
                         GError **error)
{
  PfFetched *fetched = g_task_propagate_pointer (G_TASK (result), error);
  PfFetchResult answer = PF_FETCH_REFUSED;

  *body = NULL;
  *text = NULL;
  if (fetched == NULL)
    return answer;
  answer = fetched->result;
  *body = g_steal_pointer (&fetched->body);
  *text = g_steal_pointer (&fetched->text);
  pf_fetched_free (fetched);
  return answer;
}

void
pf_session_return_fetched (PfSession *self,
                           GTask *task,
                           PfFetchResult result,
                           PfBody *body,
                           const char *text)
{
  PfFetched *fetched = g_new0 (PfFetched, 1);

  fetched->result = result;
  fetched->body = body;
  fetched->text = g_strdup (text);
  pf_session_answer (self, task);
  g_task_return_pointer (task, fetched, pf_fetched_free);
  g_object_unref (task);
}

void
pf_session_fetch_flush (PfSession *self)
{
  PfSessionClass *class = PF_SESSION_GET_CLASS (self);

  if (class->fetch_flush != NULL && !pf_session_has_failed (self))
    class->fetch_flush (self);
}

void
pf_session_set_expected (PfSession *self, guint64 octets)
{
  PfPump *pump = pf_session_get_pump (self);

  if (pump != NULL)
    pf_pump_set_patient (pump, octets >= PF_LIMIT_PATIENCE_OCTETS);
}

guint
pf_session_get_window (PfSession *self)
{
  guint good = PF_SESSION_GET_CLASS (self)->get_window (self);
  guint borne = pf_session_get_info (self)->provider->window;

  return borne != 0 ? MIN (good, borne) : good;
}

void
pf_session_remove_async (PfSession *self,
                         const guint32 *numbers,
                         gsize n,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  GTask *task = pf_session_begin (self, pf_session_remove_async, callback, user_data);

  if (task != NULL)
    PF_SESSION_GET_CLASS (self)->remove (self, task, numbers, n);
}

GArray *
pf_session_remove_finish (PfSession *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
pf_session_take_back_async (PfSession *self,
                            const guint32 *numbers,
                            gsize n,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  GTask *task = pf_session_begin (self, pf_session_take_back_async, callback, user_data);

  if (task != NULL)
    PF_SESSION_GET_CLASS (self)->take_back (self, task, numbers, n);
}

gboolean
pf_session_take_back_finish (PfSession *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
pf_session_close_async (PfSession *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = pf_session_begin (self, pf_session_close_async, callback, user_data);

  if (task != NULL)
    PF_SESSION_GET_CLASS (self)->close (self, task);
}

gboolean
pf_session_close_finish (PfSession *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
pf_session_can_idle (PfSession *self)
{
  return !pf_session_has_failed (self) && PF_SESSION_GET_CLASS (self)->can_idle (self);
}

void
pf_session_idle_async (PfSession *self,
                       guint seconds,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  GTask *task = pf_session_begin (self, pf_session_idle_async, callback, user_data);

  if (task != NULL)
    PF_SESSION_GET_CLASS (self)->idle (self, task, seconds);
}

gboolean
pf_session_idle_finish (PfSession *self, GAsyncResult *result, gboolean *news, GError **error)
{
  g_autoptr (GError) local = NULL;

  *news = g_task_propagate_boolean (G_TASK (result), &local);
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

void
pf_session_idle_end (PfSession *self)
{
  if (!pf_session_has_failed (self))
    PF_SESSION_GET_CLASS (self)->idle_done (self);
}
