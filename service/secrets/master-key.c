#include "secrets/master-key.h"

#include "base/durable.h"
#include "base/problem.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <openssl/rand.h>

#define CREDENTIAL "postferry.key"
#define FILE_NAME "master.key"
#define SHORTEST 32
#define LONGEST 4096

static PfSecret *
read_key (const char *path, gboolean *missing, GError **error)
{
  g_autoptr (GError) cause = NULL;
  char *data = NULL;
  gsize length = 0;
  PfSecret *key = NULL;

  *missing = FALSE;
  if (!g_file_get_contents (path, &data, &length, &cause))
    {
      *missing = g_error_matches (cause, G_FILE_ERROR, G_FILE_ERROR_NOENT);
      if (!*missing)
        g_set_error (error, PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE,
                     "The master key %s cannot be read: %s", path, cause->message);
      return NULL;
    }
  if (length < SHORTEST || length > LONGEST)
    g_set_error (error, PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE,
                 "The master key %s has %" G_GSIZE_FORMAT " octets; allowed are %d to %d", path,
                 length, SHORTEST, LONGEST);
  else
    key = pf_secret_new (data, length);
  pf_secret_wipe (data, length);
  g_free (data);
  return key;
}

static PfSecret *
make_key (const char *path, GError **error)
{
  g_autoptr (GError) cause = NULL;
  guint8 octets[SHORTEST];
  PfSecret *key = NULL;

  if (RAND_bytes (octets, sizeof octets) != 1)
    g_set_error (error, PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE,
                 "The master key %s cannot be made: there is no randomness", path);
  else if (!pf_durable_write (path, (const char *) octets, sizeof octets, &cause))
    g_set_error (error, PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE,
                 "The master key %s cannot be made: %s", path, cause->message);
  else
    key = pf_secret_new (octets, sizeof octets);
  pf_secret_wipe (octets, sizeof octets);
  return key;
}

/* A link that leads nowhere is there too: its disk may not be mounted yet. */
static gboolean
is_there (const char *path)
{
  GStatBuf status;

  return g_lstat (path, &status) == 0 || errno != ENOENT;
}

static PfSecret *
make_first_key (const char *path, const char *state_directory, GError **error)
{
  g_autofree char *keyring = g_build_filename (state_directory, "keyring", NULL);

  if (!is_there (keyring) && !is_there (path))
    return make_key (path, error);
  g_set_error (error, PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE,
               "The master key %s is missing, and the keyring %s needs it (or the credential "
               "postferry.key): restore the key, or move the keyring away and set the passwords "
               "anew",
               path, keyring);
  return NULL;
}

PfSecret *
pf_master_key_load (const char *credentials_directory, const char *state_directory, GError **error)
{
  g_autofree char *path = g_build_filename (state_directory, FILE_NAME, NULL);
  gboolean missing = TRUE;
  PfSecret *key;

  if (credentials_directory != NULL)
    {
      g_autofree char *credential = g_build_filename (credentials_directory, CREDENTIAL, NULL);

      key = read_key (credential, &missing, error);
      if (key != NULL || !missing)
        return key;
    }
  key = read_key (path, &missing, error);
  if (key != NULL || !missing)
    return key;
  return make_first_key (path, state_directory, error);
}
