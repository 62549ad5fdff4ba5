#include "base/limits.h"
#include "retrieve/stretch.h"

#include <string.h>

typedef struct
{
  GMainLoop *loop;
  PfSecret *key;
} Wait;

static void
on_key (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Wait *wait = user_data;
  g_autoptr (GError) error = NULL;

  wait->key = pf_stretch_finish (result, &error);
  g_assert_no_error (error);
  g_main_loop_quit (wait->loop);
}

static PfSecret *
stretch (const char *account, const char *password, gboolean sha256, guint iterations)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Wait wait = { loop, NULL };
  PfSaslStretch wanted = { sha256, g_strdup (password), NULL, 0, iterations };

  wanted.salt = g_base64_decode ("W22ZaJ0SNY7soEsUEjb6gQ==", &wanted.salt_length);
  pf_stretch_async (account, &wanted, on_key, &wait);
  g_assert_null (wanted.password);
  g_main_loop_run (loop);
  return wait.key;
}

static char *
hex (const PfSecret *key)
{
  gsize length;
  const guint8 *octets = (const guint8 *) pf_secret_peek (key, &length);
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < length; i++)
    g_string_append_printf (text, "%02x", octets[i]);
  return g_string_free (text, FALSE);
}

/* The key of RFC 7677's example. */
static void
test_known_key (void)
{
  g_autoptr (PfSecret) key = stretch ("a@example.net", "pencil", TRUE, 4096);
  g_autofree char *text = hex (key);

  g_assert_cmpstr (text, ==, "c4a49510323ab4f952cac1fa99441939e78ea74d6be81ddf7096e87513dc615d");
}

/* What fails it: find_kept() without its comparison: the first key would be given for every
 * password. */
static void
test_what_is_kept (void)
{
  g_autoptr (PfSecret) one = stretch ("a@example.net", "pencil", TRUE, 4096);
  g_autoptr (PfSecret) again = stretch ("a@example.net", "pencil", TRUE, 4096);
  g_autoptr (PfSecret) other = stretch ("a@example.net", "pen", TRUE, 4096);
  g_autoptr (PfSecret) sha1 = stretch ("a@example.net", "pen", FALSE, 4096);
  g_autofree char *one_text = hex (one), *other_text = hex (other);
  gsize length;

  g_assert_true (one == again);
  g_assert_cmpstr (one_text, !=, other_text);
  pf_secret_peek (sha1, &length);
  g_assert_cmpuint (length, ==, 20);
}

static gboolean
count (gpointer user_data)
{
  ++*(guint *) user_data;
  return G_SOURCE_CONTINUE;
}

/* What fails it: pf_stretch_async() that calls make_key() instead of the pool: the loop does not
 * turn meanwhile. */
static void
test_the_loop_turns (void)
{
  guint turns = 0, source = g_idle_add (count, &turns);
  g_autoptr (PfSecret) key =
      stretch ("b@example.net", "pencil", TRUE, PF_LIMIT_SCRAM_ITERATIONS_HIGH);

  g_source_remove (source);
  g_assert_nonnull (key);
  g_assert_cmpuint (turns, >, 100);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stretch/known", test_known_key);
  g_test_add_func ("/stretch/kept", test_what_is_kept);
  g_test_add_func ("/stretch/loop", test_the_loop_turns);
  status = g_test_run ();
  pf_stretch_clear ();
  return status;
}
