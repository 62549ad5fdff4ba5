#include "deliver/target.h"

#include "deliver/target-private.h"

G_DEFINE_INTERFACE (PfTarget, pf_target, G_TYPE_OBJECT)

static void
pf_target_default_init (PfTargetInterface *interface)
{
}

void
pf_delivery_free (PfDelivery *self)
{
  g_free (self->id);
  g_free (self->user);
  g_free (self->folder);
  g_free (self->sender);
  g_clear_pointer (&self->body, pf_body_unref);
  g_free (self);
}

void
pf_target_probe_async (PfTarget *self,
                       const char *user,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  PF_TARGET_GET_IFACE (self)->probe_async (self, user, cancellable, callback, user_data);
}

gboolean
pf_target_probe_finish (PfTarget *self, GAsyncResult *result, GError **error)
{
  return PF_TARGET_GET_IFACE (self)->probe_finish (self, result, error);
}

void
pf_target_deliver_async (PfTarget *self,
                         PfDelivery *delivery,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  PF_TARGET_GET_IFACE (self)->deliver_async (self, delivery, callback, user_data);
}

PfDeliveryResult
pf_target_deliver_finish (PfTarget *self, GAsyncResult *result, char **text)
{
  return PF_TARGET_GET_IFACE (self)->deliver_finish (self, result, text);
}

gboolean
pf_target_writes_return_path (PfTarget *self)
{
  return PF_TARGET_GET_IFACE (self)->writes_return_path (self);
}

PfTarget *
pf_target_new (const PfServiceSettings *settings, const PfHelperLink *link, gboolean session)
{
  if (g_str_has_prefix (settings->target, "lmtp:"))
    return pf_lmtp_target_new (settings);
  return pf_helper_target_new (link, session);
}

/* --- Answers ---------------------------------------------------------------------------------- */

typedef struct
{
  PfDeliveryResult result;
  char *text;
} Answer;

static void
answer_free (gpointer data)
{
  Answer *answer = data;

  g_free (answer->text);
  g_free (answer);
}

void
pf_target_return_delivery (GTask *task, PfDeliveryResult result, char *text)
{
  Answer *answer = g_new0 (Answer, 1);

  answer->result = result;
  answer->text = text;
  g_task_return_pointer (task, answer, answer_free);
}

PfDeliveryResult
pf_target_propagate_delivery (GAsyncResult *result, char **text)
{
  Answer *answer = g_task_propagate_pointer (G_TASK (result), NULL);
  PfDeliveryResult code = answer->result;

  *text = g_steal_pointer (&answer->text);
  answer_free (answer);
  return code;
}

PfProblemCode
pf_target_problem_of_result (PfDeliveryResult result)
{
  if (result == PF_DELIVERY_UNKNOWN_USER)
    return PF_PROBLEM_RECIPIENT_UNKNOWN;
  return result == PF_DELIVERY_OVER_QUOTA ? PF_PROBLEM_RECIPIENT_OVER_QUOTA
                                          : PF_PROBLEM_DELIVERY_DEFERRED;
}
