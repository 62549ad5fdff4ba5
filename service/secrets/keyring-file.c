#include "secrets/keyring-file.h"

#include "base/durable.h"
#include "base/limits.h"
#include "base/problem.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <string.h>

#define MAGIC "PFKEYRNG"
#define VERSION 1
#define SALT 16
#define NONCE 12
#define TAG 16
#define KEY 32
#define HEADER (8 + 4 + 8 + SALT + 4)
/* 10,000 accounts with two secrets of the largest size would be more; real ones are some dozen octets. */
#define LARGEST_FILE (64 * PF_MIB)
#define LONGEST_ATTRIBUTES 4096

struct _PfKeyring
{
  char *path;
  PfSecret *master;
  guint64 generation;
  guint8 salt[SALT];
  guint8 item_key[KEY], mac_key[KEY];
  GHashTable *items; /* attributes -> GBytes: nonce, ciphertext, tag */
};

static gboolean
fail (PfKeyring *self, GError **error, const char *what)
{
  g_set_error (error, PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE,
               "The keyring %s %s. It was not touched", self->path, what);
  return FALSE;
}

/* --- Keys ---------------------------------------------------------------------------------------------------------------- */

static gboolean
derive (PfKeyring *self, const char *info, guint8 *key)
{
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id (EVP_PKEY_HKDF, NULL);
  gsize length, key_length = KEY;
  const char *master = pf_secret_peek (self->master, &length);
  gboolean ok =
      context != NULL && EVP_PKEY_derive_init (context) > 0
      && EVP_PKEY_CTX_set_hkdf_md (context, EVP_sha256 ()) > 0
      && EVP_PKEY_CTX_set1_hkdf_salt (context, self->salt, SALT) > 0
      && EVP_PKEY_CTX_set1_hkdf_key (context, (const guint8 *) master, (int) length) > 0
      && EVP_PKEY_CTX_add1_hkdf_info (context, (const guint8 *) info, (int) strlen (info)) > 0
      && EVP_PKEY_derive (context, key, &key_length) > 0;

  EVP_PKEY_CTX_free (context);
  return ok;
}

static gboolean
derive_keys (PfKeyring *self, GError **error)
{
  if (derive (self, "postferry keyring items", self->item_key)
      && derive (self, "postferry keyring file", self->mac_key))
    return TRUE;
  return fail (self, error, "has no key: OpenSSL refuses to derive one");
}

static void
sign (PfKeyring *self, const guint8 *data, gsize length, guint8 *mac)
{
  unsigned size = KEY;

  HMAC (EVP_sha256 (), self->mac_key, KEY, data, length, mac, &size);
}

/* --- Reading --------------------------------------------------------------------------------------------------------------- */

typedef struct
{
  const guint8 *at;
  gsize left;
} Reader;

static gboolean
take (Reader *reader, gsize length, const guint8 **data)
{
  if (reader->left < length)
    return FALSE;
  *data = reader->at;
  reader->at += length;
  reader->left -= length;
  return TRUE;
}

static gboolean
take_number (Reader *reader, guint bytes, guint64 *number)
{
  const guint8 *data;

  if (!take (reader, bytes, &data))
    return FALSE;
  for (*number = 0; bytes > 0; bytes--)
    *number = *number << 8 | *data++;
  return TRUE;
}

static gboolean
parse_items (PfKeyring *self, Reader *reader, guint64 count)
{
  for (guint64 i = 0; i < count; i++)
    {
      guint64 length, size;
      const guint8 *attributes, *start;

      if (!take_number (reader, 4, &length) || length > LONGEST_ATTRIBUTES
          || !take (reader, length, &attributes))
        return FALSE;
      start = reader->at;
      if (!take (reader, NONCE, &(const guint8 *){ NULL }) || !take_number (reader, 4, &size)
          || size > PF_LIMIT_SECRET || !take (reader, size + TAG, &(const guint8 *){ NULL }))
        return FALSE;
      g_hash_table_replace (self->items, g_strndup ((const char *) attributes, length),
                            g_bytes_new (start, (gsize) (reader->at - start)));
    }
  return reader->left == 0;
}

static gboolean
parse (PfKeyring *self, const guint8 *data, gsize length, GError **error)
{
  Reader reader = { data, length };
  const guint8 *magic, *salt;
  guint64 version, count;
  guint8 mac[KEY];

  if (length < HEADER + KEY || !take (&reader, 8, &magic) || memcmp (magic, MAGIC, 8) != 0)
    return fail (
        self, error,
        "is damaged (it is no keyring, or was cut): restore it from a backup, or move it away and set the passwords anew");
  if (!take_number (&reader, 4, &version) || version != VERSION)
    return fail (self, error,
                 "is of a version that this service does not know: use the newer service");
  take_number (&reader, 8, &self->generation);
  take (&reader, SALT, &salt);
  memcpy (self->salt, salt, SALT);
  if (!take_number (&reader, 4, &count) || !derive_keys (self, error))
    return FALSE;
  sign (self, data, length - KEY, mac);
  if (CRYPTO_memcmp (mac, data + length - KEY, KEY) != 0)
    return fail (
        self, error,
        "does not fit its key: the master key (the credential postferry.key, or master.key beside it) is another one, or the file is damaged");
  reader.left -= KEY;
  if (!parse_items (self, &reader, count))
    return fail (
        self, error,
        "is damaged: restore it from a backup, or move it away and set the passwords anew");
  return TRUE;
}

PfKeyring *
pf_keyring_open (const char *path, PfSecret *master, GError **error)
{
  g_autoptr (PfKeyring) self = g_new0 (PfKeyring, 1);
  g_autoptr (GError) local = NULL;
  g_autofree char *data = NULL;
  gsize length;

  self->path = g_strdup (path);
  self->master = pf_secret_ref (master);
  self->items =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
  if (g_file_get_contents (path, &data, &length, &local))
    {
      if (length > LARGEST_FILE)
        return fail (self, error, "is larger than it can be"), NULL;
      return parse (self, (const guint8 *) data, length, error) ? g_steal_pointer (&self) : NULL;
    }
  if (!g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    {
      g_set_error (error, PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE,
                   "The keyring %s cannot be read: %s", path, local->message);
      return NULL;
    }
  if (RAND_bytes (self->salt, SALT) != 1)
    return fail (self, error, "cannot be made: there is no randomness"), NULL;
  return derive_keys (self, error) ? g_steal_pointer (&self) : NULL;
}

void
pf_keyring_free (PfKeyring *self)
{
  if (self == NULL)
    return;
  pf_secret_wipe (self->item_key, KEY);
  pf_secret_wipe (self->mac_key, KEY);
  g_clear_pointer (&self->master, pf_secret_unref);
  g_hash_table_unref (self->items);
  g_free (self->path);
  g_free (self);
}

/* --- Writing --------------------------------------------------------------------------------------------------------------- */

static void
put_number (GByteArray *out, guint bytes, guint64 number)
{
  while (bytes-- > 0)
    {
      guint8 octet = (guint8) (number >> (8 * bytes));

      g_byte_array_append (out, &octet, 1);
    }
}

static gboolean
save (PfKeyring *self, GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GError) cause = NULL;
  GHashTableIter iter;
  gpointer attributes, item;
  guint8 mac[KEY];

  g_byte_array_append (out, (const guint8 *) MAGIC, 8);
  put_number (out, 4, VERSION);
  put_number (out, 8, ++self->generation);
  g_byte_array_append (out, self->salt, SALT);
  put_number (out, 4, g_hash_table_size (self->items));
  g_hash_table_iter_init (&iter, self->items);
  while (g_hash_table_iter_next (&iter, &attributes, &item))
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (item, &size);

      put_number (out, 4, strlen (attributes));
      g_byte_array_append (out, attributes, (guint) strlen (attributes));
      g_byte_array_append (out, data, (guint) size);
    }
  sign (self, out->data, out->len, mac);
  g_byte_array_append (out, mac, KEY);
  if (pf_durable_write (self->path, (const char *) out->data, out->len, &cause))
    return TRUE;
  g_set_error (error, PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE,
               "The keyring %s cannot be written, it stays as it was: %s", self->path,
               cause->message);
  return FALSE;
}

/* nonce, length, ciphertext, tag; NULL when OpenSSL fails. */
static GBytes *
encrypt (PfKeyring *self, const char *attributes, PfSecret *secret)
{
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new ();
  gsize length;
  const char *plain = pf_secret_peek (secret, &length);
  guint8 nonce[NONCE], tag[TAG];
  g_autofree guint8 *cipher = g_malloc (length + 1);
  g_autoptr (GByteArray) out = g_byte_array_new ();
  int n = 0;
  gboolean ok =
      RAND_bytes (nonce, NONCE) == 1
      && EVP_EncryptInit_ex (context, EVP_aes_256_gcm (), NULL, self->item_key, nonce) == 1
      && EVP_EncryptUpdate (context, NULL, &n, (const guint8 *) attributes,
                            (int) strlen (attributes))
             == 1
      && EVP_EncryptUpdate (context, cipher, &n, (const guint8 *) plain, (int) length) == 1
      && EVP_EncryptFinal_ex (context, cipher + n, &n) == 1
      && EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_GCM_GET_TAG, TAG, tag) == 1;

  EVP_CIPHER_CTX_free (context);
  if (!ok)
    return NULL;
  g_byte_array_append (out, nonce, NONCE);
  put_number (out, 4, length);
  g_byte_array_append (out, cipher, (guint) length);
  g_byte_array_append (out, tag, TAG);
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

static PfSecret *
decrypt (PfKeyring *self, const char *attributes, GBytes *item)
{
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new ();
  gsize size;
  const guint8 *data = g_bytes_get_data (item, &size);
  gsize length = size - NONCE - 4 - TAG;
  g_autofree guint8 *plain = g_malloc (length + 1);
  PfSecret *secret = NULL;
  int n = 0, last = 0;

  if (EVP_DecryptInit_ex (context, EVP_aes_256_gcm (), NULL, self->item_key, data) == 1
      && EVP_DecryptUpdate (context, NULL, &n, (const guint8 *) attributes,
                            (int) strlen (attributes))
             == 1
      && EVP_DecryptUpdate (context, plain, &n, data + NONCE + 4, (int) length) == 1
      && EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_GCM_SET_TAG, TAG, (void *) (data + size - TAG)) == 1
      && EVP_DecryptFinal_ex (context, plain + n, &last) == 1)
    secret = pf_secret_new (plain, length);
  EVP_CIPHER_CTX_free (context);
  pf_secret_wipe (plain, length);
  return secret;
}

/* --- Items ------------------------------------------------------------------------------------------------------------------ */

/* Puts @item (NULL: nothing) under the name, and the one before back when the file cannot be written. */
static gboolean
replace (PfKeyring *self, const char *attributes, GBytes *item, GError **error)
{
  GBytes *before = g_hash_table_lookup (self->items, attributes);
  g_autoptr (GBytes) kept = before != NULL ? g_bytes_ref (before) : NULL;

  if (item != NULL)
    g_hash_table_replace (self->items, g_strdup (attributes), g_bytes_ref (item));
  else
    g_hash_table_remove (self->items, attributes);
  if (save (self, error))
    return TRUE;
  if (kept != NULL)
    g_hash_table_replace (self->items, g_strdup (attributes), g_steal_pointer (&kept));
  else
    g_hash_table_remove (self->items, attributes);
  return FALSE;
}

gboolean
pf_keyring_store (PfKeyring *self, const char *attributes, PfSecret *secret, GError **error)
{
  gsize length;
  g_autoptr (GBytes) item = NULL;

  pf_secret_peek (secret, &length);
  if (length > PF_LIMIT_SECRET || strlen (attributes) > LONGEST_ATTRIBUTES)
    return fail (self, error, "takes no secret of that size");
  item = encrypt (self, attributes, secret);
  if (item == NULL)
    return fail (self, error, "cannot encrypt: OpenSSL refuses");
  return replace (self, attributes, item, error);
}

PfSecret *
pf_keyring_lookup (PfKeyring *self, const char *attributes, GError **error)
{
  GBytes *item = g_hash_table_lookup (self->items, attributes);
  PfSecret *secret = item != NULL ? decrypt (self, attributes, item) : NULL;

  if (item != NULL && secret == NULL)
    fail (self, error, "holds an item that is damaged: set that password anew");
  return secret;
}

gboolean
pf_keyring_remove (PfKeyring *self, const char *attributes, gboolean *removed, GError **error)
{
  *removed = g_hash_table_contains (self->items, attributes);
  return !*removed || replace (self, attributes, NULL, error);
}
