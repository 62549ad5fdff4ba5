#include "retrieve/stretch.h"

#include "base/limits.h"
#include "base/problem.h"

#include <openssl/evp.h>
#include <string.h>

#define KEY_LENGTH 32
#define SHA1_LENGTH 20

typedef struct
{
  char *account;
  PfSaslStretch stretch;
} Job;

/* One account's last key, and what it was made of. */
typedef struct
{
  guint8 origin[KEY_LENGTH];
  PfSecret *key;
} Kept;

/* Main loop only. */
static GHashTable *kept; /* account -> Kept */
static GThreadPool *workers;

static void
job_free (gpointer data)
{
  Job *job = data;

  pf_sasl_stretch_clear (&job->stretch);
  g_free (job->account);
  g_free (job);
}

static void
kept_free (gpointer data)
{
  Kept *one = data;

  pf_secret_wipe (one->origin, sizeof one->origin);
  pf_secret_unref (one->key);
  g_free (one);
}

/* --- What is kept ----------------------------------------------------------------------------- */

static void
find_origin (const PfSaslStretch *stretch, guint8 origin[KEY_LENGTH])
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  guint32 numbers[] = { stretch->sha256 ? 1 : 0, stretch->iterations,
                        (guint32) stretch->salt_length };
  gsize length = KEY_LENGTH;

  g_checksum_update (sum, (const guchar *) numbers, sizeof numbers);
  g_checksum_update (sum, stretch->salt, (gssize) stretch->salt_length);
  g_checksum_update (sum, (const guchar *) stretch->password, -1);
  g_checksum_get_digest (sum, origin, &length);
}

/* (nullable) (transfer full) */
static PfSecret *
find_kept (const Job *job)
{
  const Kept *one = kept != NULL ? g_hash_table_lookup (kept, job->account) : NULL;
  guint8 origin[KEY_LENGTH];

  if (one == NULL)
    return NULL;
  find_origin (&job->stretch, origin);
  return memcmp (origin, one->origin, sizeof origin) == 0 ? pf_secret_ref (one->key) : NULL;
}

static void
keep (const Job *job, PfSecret *key)
{
  Kept *one = g_new0 (Kept, 1);

  if (kept == NULL)
    kept = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, kept_free);
  if (g_hash_table_size (kept) >= PF_LIMIT_SCRAM_KEYS)
    g_hash_table_remove_all (kept);
  find_origin (&job->stretch, one->origin);
  one->key = pf_secret_ref (key);
  g_hash_table_replace (kept, g_strdup (job->account), one);
}

/* --- Making ----------------------------------------------------------------------------------- */

static void
release_secret (gpointer secret)
{
  pf_secret_unref (secret);
}

/* In a worker. */
static void
make_key (gpointer data, gpointer user_data)
{
  g_autoptr (GTask) task = data;
  const Job *job = g_task_get_task_data (task);
  const PfSaslStretch *stretch = &job->stretch;
  int length = stretch->sha256 ? KEY_LENGTH : SHA1_LENGTH;
  guint8 key[KEY_LENGTH];

  if (PKCS5_PBKDF2_HMAC (stretch->password, -1, stretch->salt, (int) stretch->salt_length,
                         (int) stretch->iterations, stretch->sha256 ? EVP_sha256 () : EVP_sha1 (),
                         length, key)
      == 1)
    g_task_return_pointer (task, pf_secret_new (key, (gsize) length), release_secret);
  else
    g_task_return_new_error (task, PF_PROBLEM, PF_PROBLEM_MECHANISM_UNAVAILABLE,
                             "SCRAM is not to be had: OpenSSL refuses the hash that it needs");
  pf_secret_wipe (key, sizeof key);
}

void
pf_stretch_async (const char *account,
                  PfSaslStretch *stretch,
                  GAsyncReadyCallback callback,
                  gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Job *job = g_new0 (Job, 1);
  PfSecret *key;

  job->account = g_strdup (account);
  job->stretch = *stretch;
  *stretch = (PfSaslStretch){ 0 };
  g_task_set_source_tag (task, pf_stretch_async);
  g_task_set_task_data (task, job, job_free);
  key = find_kept (job);
  if (key != NULL)
    {
      g_task_return_pointer (task, key, release_secret);
      g_object_unref (task);
      return;
    }
  if (workers == NULL)
    workers = g_thread_pool_new (make_key, NULL, PF_LIMIT_SCRAM_THREADS, FALSE, NULL);
  g_thread_pool_push (workers, task, NULL);
}

PfSecret *
pf_stretch_finish (GAsyncResult *result, GError **error)
{
  PfSecret *key = g_task_propagate_pointer (G_TASK (result), error);

  if (key != NULL)
    keep (g_task_get_task_data (G_TASK (result)), key);
  return key;
}

void
pf_stretch_clear (void)
{
  g_clear_pointer (&kept, g_hash_table_unref);
}
