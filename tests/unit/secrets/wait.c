#include "wait.h"

#include "base/problem.h"

#include <string.h>

void
waiting_one (Waiting *self)
{
  if (--self->awaited == 0)
    g_main_loop_quit (self->loop);
}

void
wait_for (Waiting *self, guint answers)
{
  self->loop = g_main_loop_new (NULL, FALSE);
  self->awaited = answers;
  g_main_loop_run (self->loop);
  g_main_loop_unref (self->loop);
}

typedef struct
{
  Waiting waiting;
  GAsyncResult *result;
} Answer;

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;

  answer->result = g_object_ref (result);
  waiting_one (&answer->waiting);
}

GError *
store_now (PfSecrets *secrets, const char *address, PfSecretKind kind, const char *text)
{
  g_autoptr (PfSecret) secret = pf_secret_new (text, strlen (text));
  GError *error = NULL;
  Answer answer = { 0 };

  pf_secrets_store_async (secrets, address, kind, secret, on_answer, &answer);
  wait_for (&answer.waiting, 1);
  g_assert_true (pf_secrets_store_finish (secrets, answer.result, &error) == (error == NULL));
  g_object_unref (answer.result);
  return error;
}

GError *
clear_now (PfSecrets *secrets, const char *address)
{
  GError *error = NULL;
  Answer answer = { 0 };

  pf_secrets_clear_async (secrets, address, on_answer, &answer);
  wait_for (&answer.waiting, 1);
  g_assert_true (pf_secrets_clear_finish (secrets, answer.result, &error) == (error == NULL));
  g_object_unref (answer.result);
  return error;
}

GError *
lookup_now (PfSecrets *secrets, const char *address, PfSecretKind kind, char **text)
{
  g_autoptr (PfSecret) secret = NULL;
  GError *error = NULL;
  Answer answer = { 0 };

  pf_secrets_lookup_async (secrets, address, kind, on_answer, &answer);
  wait_for (&answer.waiting, 1);
  secret = pf_secrets_lookup_finish (secrets, answer.result, &error);
  g_object_unref (answer.result);
  *text = secret != NULL ? g_strdup (pf_secret_peek (secret, NULL)) : NULL;
  return error;
}

void
assert_secret (PfSecrets *secrets, const char *address, PfSecretKind kind, const char *text)
{
  g_autofree char *found = NULL;
  g_autoptr (GError) error = lookup_now (secrets, address, kind, &found);

  g_assert_no_error (error);
  g_assert_cmpstr (found, ==, text);
}

void
assert_unavailable (GError *error, const char *pattern)
{
  g_assert_error (error, PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE);
  if (!g_pattern_match_simple (pattern, error->message))
    g_error ("%s: not %s", error->message, pattern);
  g_error_free (error);
}
