#include "net/authorities.h"

#include "base/limits.h"
#include "base/problem.h"
#include "dbus-interfaces/text.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  PfAuthorities authorities;
  char *stamp;
} Loaded;

/* By source. Main loop only. */
static GHashTable *loaded;
static guint64 last_serial;

/* A key that no file's path and no setting can be. */
#define NO_SOURCE "(none)"

static void
loaded_free (gpointer data)
{
  Loaded *entry = data;

  SSL_CTX_free (entry->authorities.context);
  g_free (entry->stamp);
  g_free (entry);
}

/* --- Files ---------------------------------------------------------------------------------- */

static char *
stamp_of (const struct stat *status)
{
  return g_strdup_printf ("%ju:%ju:%jd:%jd.%09ld", (uintmax_t) status->st_dev,
                          (uintmax_t) status->st_ino, (intmax_t) status->st_size,
                          (intmax_t) status->st_mtim.tv_sec, status->st_mtim.tv_nsec);
}

static GError *
file_problem (const char *path, const char *why)
{
  g_autofree char *shown = pf_text_printable (path, -1, PF_LIMIT_SERVER_TEXT);

  return g_error_new (PF_PROBLEM, PF_PROBLEM_SETTINGS_INVALID, "Certificate: the file %s %s", shown,
                      why);
}

static GError *
unreadable (const char *path)
{
  g_autofree char *why = g_strdup_printf ("cannot be read: %s", g_strerror (errno));

  return file_problem (path, why);
}

/* An account's owner names the file: a pipe must not hold up the service, nor a huge file fill
 * it. */
static GBytes *
read_file (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat status;
  g_autofree guint8 *data = NULL;
  gsize length = 0;
  ssize_t n = 0;

  if (fd < 0 || fstat (fd, &status) != 0)
    {
      g_propagate_error (error, unreadable (path));
      if (fd >= 0)
        close (fd);
      return NULL;
    }
  if (!S_ISREG (status.st_mode) || status.st_size > PF_LIMIT_CA_FILE)
    {
      g_propagate_error (error, file_problem (path, "is no file of certificates"));
      close (fd);
      return NULL;
    }
  data = g_malloc ((gsize) status.st_size + 1);
  while (length < (gsize) status.st_size
         && (n = read (fd, data + length, (gsize) status.st_size - length)) > 0)
    length += (gsize) n;
  if (n < 0)
    g_propagate_error (error, unreadable (path));
  close (fd);
  return n < 0 ? NULL : g_bytes_new_take (g_steal_pointer (&data), length);
}

/* --- Contexts ------------------------------------------------------------------------------- */

/* How many certificates of @data went into @store. */
static guint
add_certificates (X509_STORE *store, GBytes *data)
{
  gsize length;
  const guint8 *octets = g_bytes_get_data (data, &length);
  BIO *bio = BIO_new_mem_buf (octets, (int) length);
  X509 *certificate;
  guint n = 0;

  while ((certificate = PEM_read_bio_X509_AUX (bio, NULL, NULL, NULL)) != NULL)
    {
      n += X509_STORE_add_cert (store, certificate) == 1 ? 1 : 0;
      X509_free (certificate);
    }
  if (n == 0 && (certificate = d2i_X509 (NULL, &octets, (long) length)) != NULL)
    {
      n += X509_STORE_add_cert (store, certificate) == 1 ? 1 : 0;
      X509_free (certificate);
    }
  ERR_clear_error ();
  BIO_free (bio);
  return n;
}

static gboolean
load_file (SSL_CTX *context, const char *path, GError **error)
{
  g_autoptr (GBytes) data = read_file (path, error);
  X509_STORE *store = SSL_CTX_get_cert_store (context);

  if (data == NULL)
    return FALSE;
  if (add_certificates (store, data) == 0)
    {
      g_propagate_error (error, file_problem (path, "holds no certificate (PEM)"));
      return FALSE;
    }
  /* Whatever the file holds is believed: an authority that another one signed, or the very
   * certificate of the server, as small sites have it. */
  X509_STORE_set_flags (store, X509_V_FLAG_PARTIAL_CHAIN);
  return TRUE;
}

static Loaded *
load (const char *source, GError **error)
{
  SSL_CTX *context = SSL_CTX_new (TLS_client_method ());
  gboolean ok = context != NULL;
  Loaded *entry;

  if (!ok || (source != NULL && *source == '\0' && SSL_CTX_set_default_verify_paths (context) != 1))
    {
      g_set_error (error, PF_PROBLEM, PF_PROBLEM_TLS_FAILED,
                   "TLS cannot be prepared: OpenSSL finds no memory, or its configuration or the "
                   "system's certificates are damaged");
      ok = FALSE;
    }
  else if (source != NULL && *source != '\0')
    ok = load_file (context, source, error);
  ERR_clear_error ();
  if (!ok)
    {
      SSL_CTX_free (context);
      return NULL;
    }
  entry = g_new0 (Loaded, 1);
  entry->authorities.context = context;
  entry->authorities.serial = ++last_serial;
  return entry;
}

/* (transfer full): changes when what @source names changes. The system's authorities stand in a
 * file and a folder, and either may be missing. */
static char *
find_stamp (const char *source)
{
  const char *file = g_getenv (X509_get_default_cert_file_env ());
  const char *folder = g_getenv (X509_get_default_cert_dir_env ());
  struct stat status;
  g_autofree char *of_file = NULL, *of_folder = NULL;

  if (source == NULL)
    return g_strdup ("");
  if (*source != '\0')
    return stat (source, &status) == 0 ? stamp_of (&status) : g_strdup ("");
  if (stat (file == NULL ? X509_get_default_cert_file () : file, &status) == 0)
    of_file = stamp_of (&status);
  if (stat (folder == NULL ? X509_get_default_cert_dir () : folder, &status) == 0)
    of_folder = stamp_of (&status);
  return g_strdup_printf ("%s %s", of_file, of_folder);
}

gboolean
pf_authorities_find (const char *source,
                     SSL_CTX *(*prepare) (SSL_CTX *context),
                     PfAuthorities *authorities,
                     GError **error)
{
  const char *key = source == NULL ? NO_SOURCE : source;
  g_autofree char *stamp = find_stamp (source);
  Loaded *entry;

  if (loaded == NULL)
    loaded = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, loaded_free);
  entry = g_hash_table_lookup (loaded, key);
  if (entry == NULL || g_strcmp0 (entry->stamp, stamp) != 0)
    {
      entry = load (source, error);
      if (entry == NULL)
        return FALSE;
      prepare (entry->authorities.context);
      entry->stamp = g_steal_pointer (&stamp);
      if (g_hash_table_size (loaded) >= PF_LIMIT_TRUST_CONTEXTS)
        g_hash_table_remove_all (loaded);
      g_hash_table_replace (loaded, g_strdup (key), entry);
    }
  *authorities = entry->authorities;
  return TRUE;
}

void
pf_authorities_clear (void)
{
  g_clear_pointer (&loaded, g_hash_table_unref);
}
