#include "secrets/keyring-file.h"

#include "base/durable.h"
#include "base/limits.h"
#include "base/problem.h"
#include "secrets/keyring-crypto.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define MAGIC "PFKEYRNG"
#define MAGIC_LENGTH 8
#define VERSION 1
/* The next content, until it takes the file's place. */
#define NEW_SUFFIX ".new"

struct _PfKeyring
{
  char *path;
  guint64 generation;
  guint8 salt[PF_KEYRING_SALT];
  PfKeyringKeys keys;
  GHashTable *items; /* name -> GBytes as sealed */
};

static gboolean
fail (const PfKeyring *self, GError **error, const char *what)
{
  g_set_error (error, PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE, "The keyring %s %s", self->path,
               what);
  return FALSE;
}

static gboolean
fail_damaged (const PfKeyring *self, GError **error)
{
  return fail (self, error,
               "is damaged. It was not touched: restore it from a backup, or move it away and set "
               "the passwords anew");
}

/* --- Reading ---------------------------------------------------------------------------------- */

typedef struct
{
  const guint8 *at;
  gsize left;
} Reader;

/* NULL: there is not so much left. */
static const guint8 *
take (Reader *reader, gsize length)
{
  const guint8 *data = reader->at;

  if (reader->left < length)
    return NULL;
  reader->at += length;
  reader->left -= length;
  return data;
}

static gboolean
take_number (Reader *reader, guint octets, guint64 *number)
{
  const guint8 *data = take (reader, octets);

  *number = 0;
  for (guint i = 0; data != NULL && i < octets; i++)
    *number = *number << 8 | data[i];
  return data != NULL;
}

static gboolean
take_item (PfKeyring *self, Reader *reader)
{
  guint64 length, size;
  const guint8 *name, *sealed;

  if (!take_number (reader, 4, &length) || length > PF_LIMIT_SECRET_NAME)
    return FALSE;
  name = take (reader, length);
  if (name == NULL || !take_number (reader, 4, &size) || size < PF_KEYRING_NONCE + PF_KEYRING_TAG
      || size > PF_KEYRING_NONCE + PF_LIMIT_SECRET + PF_KEYRING_TAG)
    return FALSE;
  sealed = take (reader, size);
  if (sealed == NULL)
    return FALSE;
  g_hash_table_replace (self->items, g_strndup ((const char *) name, length),
                        g_bytes_new (sealed, size));
  return TRUE;
}

static gboolean
check_header (PfKeyring *self, Reader *reader, PfSecret *master, GError **error)
{
  const guint8 *magic = take (reader, MAGIC_LENGTH);
  const guint8 *salt, *check;
  guint64 version;

  if (magic == NULL || memcmp (magic, MAGIC, MAGIC_LENGTH) != 0)
    return fail_damaged (self, error);
  if (!take_number (reader, 4, &version) || version == 0)
    return fail_damaged (self, error);
  if (version != VERSION)
    return fail (self, error,
                 "is of a version that this service does not know: use a newer service");
  if (!take_number (reader, 8, &self->generation) || (salt = take (reader, PF_KEYRING_SALT)) == NULL
      || (check = take (reader, PF_KEYRING_CHECK)) == NULL)
    return fail_damaged (self, error);
  memcpy (self->salt, salt, PF_KEYRING_SALT);
  if (!pf_keyring_keys_derive (&self->keys, master, salt))
    return fail (self, error, "has no keys: OpenSSL refuses to derive them");
  return pf_keyring_equal (check, self->keys.check, PF_KEYRING_CHECK)
         || fail (self, error,
                  "was made with another master key. It was not touched: give the service the key "
                  "that it had (the credential postferry.key, or master.key beside the keyring), "
                  "or move the keyring away and set the passwords anew");
}

/* Nothing behind the header is believed before the mark was found right. */
static gboolean
parse (PfKeyring *self, const guint8 *data, gsize length, PfSecret *master, GError **error)
{
  Reader reader = { data, length };
  guint8 mark[PF_KEYRING_MARK];
  guint64 count;

  if (!check_header (self, &reader, master, error))
    return FALSE;
  if (reader.left < PF_KEYRING_MARK
      || !pf_keyring_mark (&self->keys, data, length - PF_KEYRING_MARK, mark)
      || !pf_keyring_equal (mark, data + length - PF_KEYRING_MARK, PF_KEYRING_MARK))
    return fail_damaged (self, error);
  reader.left -= PF_KEYRING_MARK;
  if (!take_number (&reader, 4, &count))
    return fail_damaged (self, error);
  for (guint64 i = 0; i < count; i++)
    if (!take_item (self, &reader))
      return fail_damaged (self, error);
  return reader.left == 0 || fail_damaged (self, error);
}

/* --- Opening ---------------------------------------------------------------------------------- */

static PfKeyring *
keyring_new (const char *path)
{
  PfKeyring *self = g_new0 (PfKeyring, 1);

  self->path = g_strdup (path);
  self->items =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
  return self;
}

static gboolean
begin (PfKeyring *self, PfSecret *master, GError **error)
{
  if (pf_keyring_random (self->salt, PF_KEYRING_SALT)
      && pf_keyring_keys_derive (&self->keys, master, self->salt))
    return TRUE;
  return fail (self, error, "cannot be made: OpenSSL gives no randomness or no keys");
}

static gboolean
fail_reading (const PfKeyring *self, GError **error, const char *cause)
{
  g_autofree char *what = g_strdup_printf ("cannot be read: %s", cause);

  return fail (self, error, what);
}

/* What a killed writing left: it may hold a secret that was cleared since. Nobody else names files
 * so; a copy that somebody made for safety is not touched. */
static void
sweep (const PfKeyring *self)
{
  g_autofree char *folder = g_path_get_dirname (self->path);
  g_autofree char *base = g_path_get_basename (self->path);
  g_autofree char *begun = g_strconcat (base, NEW_SUFFIX, NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_prefix (name, begun))
      {
        g_autofree char *left = g_build_filename (folder, name, NULL);

        g_unlink (left);
      }
}

PfKeyring *
pf_keyring_open (const char *path, PfSecret *master, GError **error)
{
  g_autoptr (PfKeyring) self = keyring_new (path);
  g_autoptr (GError) cause = NULL;
  g_autofree char *data = NULL;
  GStatBuf status;
  gsize length;
  gboolean good;

  /* Not stat(): a link that leads nowhere is no empty keyring. */
  if (g_lstat (path, &status) != 0 && errno == ENOENT)
    good = begin (self, master, error);
  else if (g_stat (path, &status) == 0 && status.st_size > PF_LIMIT_KEYRING)
    good = fail_damaged (self, error);
  else if (g_file_get_contents (path, &data, &length, &cause))
    good = parse (self, (const guint8 *) data, length, master, error);
  else
    good = fail_reading (self, error, cause->message);
  if (!good)
    return NULL;
  sweep (self);
  return g_steal_pointer (&self);
}

void
pf_keyring_free (PfKeyring *self)
{
  if (self == NULL)
    return;
  pf_keyring_keys_wipe (&self->keys);
  g_hash_table_unref (self->items);
  g_free (self->path);
  g_free (self);
}

/* --- Writing ---------------------------------------------------------------------------------- */

static void
put_number (GByteArray *out, guint octets, guint64 number)
{
  while (octets-- > 0)
    {
      guint8 octet = (guint8) (number >> (8 * octets));

      g_byte_array_append (out, &octet, 1);
    }
}

static void
put_items (PfKeyring *self, GByteArray *out)
{
  GHashTableIter iter;
  gpointer name, item;

  g_hash_table_iter_init (&iter, self->items);
  while (g_hash_table_iter_next (&iter, &name, &item))
    {
      gsize size;
      const guint8 *sealed = g_bytes_get_data (item, &size);

      put_number (out, 4, strlen (name));
      g_byte_array_append (out, name, (guint) strlen (name));
      put_number (out, 4, size);
      g_byte_array_append (out, sealed, (guint) size);
    }
}

static gboolean
write_file (PfKeyring *self, const GByteArray *content, GError **error)
{
  g_autofree char *next = g_strconcat (self->path, NEW_SUFFIX, NULL);
  g_autofree char *folder = g_path_get_dirname (self->path);
  g_autofree char *what = NULL;
  g_autoptr (GError) cause = NULL;

  if (!pf_durable_write (next, (const char *) content->data, content->len, &cause))
    what = g_strdup_printf ("stays as it was: %s", cause->message);
  else if (g_rename (next, self->path) != 0)
    what = g_strdup_printf ("stays as it was: %s", g_strerror (errno));
  else if (!pf_durable_sync_folder (folder, &cause))
    what = g_strdup_printf ("may stay as it was: %s", cause->message);
  if (what == NULL)
    return TRUE;
  g_unlink (next);
  return fail (self, error, what);
}

static gboolean
save (PfKeyring *self, GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  guint8 mark[PF_KEYRING_MARK];

  g_byte_array_append (out, (const guint8 *) MAGIC, MAGIC_LENGTH);
  put_number (out, 4, VERSION);
  put_number (out, 8, ++self->generation);
  g_byte_array_append (out, self->salt, PF_KEYRING_SALT);
  g_byte_array_append (out, self->keys.check, PF_KEYRING_CHECK);
  put_number (out, 4, g_hash_table_size (self->items));
  put_items (self, out);
  if (out->len + PF_KEYRING_MARK > PF_LIMIT_KEYRING)
    return fail (self, error, "is full: remove accounts that are no longer needed");
  if (!pf_keyring_mark (&self->keys, out->data, out->len, mark))
    return fail (self, error, "cannot be written: OpenSSL makes no mark");
  g_byte_array_append (out, mark, PF_KEYRING_MARK);
  return write_file (self, out, error);
}

/* --- Items ------------------------------------------------------------------------------------ */

static void
set_item (PfKeyring *self, const char *name, GBytes *item)
{
  if (item != NULL)
    g_hash_table_replace (self->items, g_strdup (name), g_bytes_ref (item));
  else
    g_hash_table_remove (self->items, name);
}

/* Puts @item (NULL: nothing) under the name, and what was there back when the file cannot be
 * written. */
static gboolean
replace (PfKeyring *self, const char *name, GBytes *item, GError **error)
{
  GBytes *before = g_hash_table_lookup (self->items, name);
  g_autoptr (GBytes) kept = before != NULL ? g_bytes_ref (before) : NULL;

  set_item (self, name, item);
  if (save (self, error))
    return TRUE;
  set_item (self, name, kept);
  return FALSE;
}

gboolean
pf_keyring_store (PfKeyring *self, const char *name, PfSecret *secret, GError **error)
{
  g_autoptr (GBytes) item = NULL;
  gsize length;

  pf_secret_peek (secret, &length);
  if (length > PF_LIMIT_SECRET || strlen (name) > PF_LIMIT_SECRET_NAME)
    return fail (self, error, "takes no secret of that size");
  item = pf_keyring_seal (&self->keys, name, secret);
  if (item == NULL)
    return fail (self, error, "takes nothing: OpenSSL refuses to encrypt");
  return replace (self, name, item, error);
}

PfSecret *
pf_keyring_lookup (PfKeyring *self, const char *name, GError **error)
{
  GBytes *item = g_hash_table_lookup (self->items, name);
  PfSecret *secret = item != NULL ? pf_keyring_unseal (&self->keys, name, item) : NULL;

  if (item != NULL && secret == NULL)
    fail (self, error, "holds a password that cannot be decrypted: set it anew");
  return secret;
}

gboolean
pf_keyring_remove (PfKeyring *self, const char *name, gboolean *removed, GError **error)
{
  *removed = g_hash_table_contains (self->items, name);
  return !*removed || replace (self, name, NULL, error);
}

static int
compare (gconstpointer one, gconstpointer other)
{
  return strcmp (*(const char *const *) one, *(const char *const *) other);
}

char **
pf_keyring_names (PfKeyring *self)
{
  guint n;
  g_autofree char **keys = (char **) g_hash_table_get_keys_as_array (self->items, &n);

  qsort (keys, n, sizeof *keys, compare);
  return g_strdupv (keys);
}
