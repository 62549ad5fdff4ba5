#include "filter/rspamd-private.h"

#include "base/limits.h"
#include "base/problem.h"
#include "dbus-interfaces/text.h"

#include <string.h>

static void
return_problem (GTask *task, const char *text)
{
  g_task_return_new_error (task, PF_PROBLEM, PF_PROBLEM_SCANNER_UNAVAILABLE,
                           "Rspamd did not learn: %s", text);
}

/* What the controller answers: specs 06 section 4. */
static void
read_answer (GTask *task, const PfExchange *exchange)
{
  g_autofree char *words =
      pf_text_printable (exchange->body->str, (gssize) exchange->body->len, PF_LIMIT_SERVER_TEXT);
  g_autofree char *text = g_strdup_printf ("HTTP status %u: %s", exchange->status, words);

  if (exchange->reason != PF_SCAN_NO_REASON)
    return_problem (task, exchange->text);
  else if (exchange->status == 200 && strstr (words, "\"success\"") != NULL
           && strstr (words, "true") != NULL)
    g_task_return_int (task, PF_LEARN_DONE);
  else if (exchange->status == 208 || strstr (words, "already learned") != NULL)
    g_task_return_int (task, PF_LEARN_KNOWN);
  else if (exchange->status == 204)
    g_task_return_int (task, PF_LEARN_IMPOSSIBLE);
  else if (exchange->status == 401 || exchange->status == 403)
    return_problem (task, "its controller does not trust us; add this host's address to secure_ip, "
                          "or let RspamdControllerUrl name its unix socket");
  else if (exchange->status == 404)
    return_problem (task, "it has no classifier that could (Bayes needs Redis), or "
                          "RspamdControllerUrl is not its controller");
  else
    return_problem (task, text);
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (PfExchange) exchange = pf_exchange_finish (result, &error);

  if (exchange == NULL)
    g_task_return_error (task, error);
  else
    read_answer (task, exchange);
}

gboolean
pf_rspamd_can_learn (PfRspamd *self)
{
  return self->controller.session != NULL;
}

void
pf_rspamd_learn_async (PfRspamd *self,
                       PfLearnClass class,
                       const PfScanSource *source,
                       const char *deliver_to,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  SoupMessage *message;

  if (self->controller.session == NULL)
    {
      return_problem (task, "RspamdControllerUrl is off");
      return;
    }
  if (source->length == 0)
    {
      g_task_return_int (task, PF_LEARN_IMPOSSIBLE);
      return;
    }
  message = pf_rspamd_port_message (&self->controller, "POST",
                                    class == PF_LEARN_SPAM ? "/learnspam" : "/learnham");
  if (message != NULL)
    pf_rspamd_put_user (soup_message_get_request_headers (message), deliver_to);
  pf_exchange_async (self->controller.session, message, source, PF_LIMIT_LEARN_ANSWER,
                     self->state.timeout, cancellable, on_answered, g_steal_pointer (&task));
}

gboolean
pf_rspamd_learn_finish (PfRspamd *self,
                        GAsyncResult *result,
                        PfLearnOutcome *outcome,
                        GError **error)
{
  g_autoptr (GError) cause = NULL;
  gssize answer = g_task_propagate_int (G_TASK (result), &cause);

  if (cause != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&cause));
      return FALSE;
    }
  *outcome = (PfLearnOutcome) answer;
  return TRUE;
}
