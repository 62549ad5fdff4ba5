#include "secrets/keyring-crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <string.h>

gboolean
pf_keyring_random (guint8 *octets, gsize length)
{
  return RAND_bytes (octets, (int) length) == 1;
}

static gboolean
derive (PfSecret *master, const guint8 *salt, const char *use, guint8 *key, gsize key_length)
{
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id (EVP_PKEY_HKDF, NULL);
  gsize length;
  const guint8 *octets = (const guint8 *) pf_secret_peek (master, &length);
  gboolean ok =
      context != NULL && EVP_PKEY_derive_init (context) > 0
      && EVP_PKEY_CTX_set_hkdf_md (context, EVP_sha256 ()) > 0
      && EVP_PKEY_CTX_set1_hkdf_salt (context, salt, PF_KEYRING_SALT) > 0
      && EVP_PKEY_CTX_set1_hkdf_key (context, octets, (int) length) > 0
      && EVP_PKEY_CTX_add1_hkdf_info (context, (const guint8 *) use, (int) strlen (use)) > 0
      && EVP_PKEY_derive (context, key, &key_length) > 0;

  EVP_PKEY_CTX_free (context);
  return ok;
}

gboolean
pf_keyring_keys_derive (PfKeyringKeys *self, PfSecret *master, const guint8 salt[PF_KEYRING_SALT])
{
  return derive (master, salt, "postferry keyring items", self->item, sizeof self->item)
         && derive (master, salt, "postferry keyring file", self->file, sizeof self->file)
         && derive (master, salt, "postferry keyring check", self->check, sizeof self->check);
}

void
pf_keyring_keys_wipe (PfKeyringKeys *self)
{
  pf_secret_wipe (self, sizeof *self);
}

gboolean
pf_keyring_mark (const PfKeyringKeys *self,
                 const guint8 *data,
                 gsize length,
                 guint8 mark[PF_KEYRING_MARK])
{
  unsigned size = PF_KEYRING_MARK;

  return HMAC (EVP_sha256 (), self->file, sizeof self->file, data, length, mark, &size) != NULL;
}

gboolean
pf_keyring_equal (const guint8 *one, const guint8 *other, gsize length)
{
  return CRYPTO_memcmp (one, other, length) == 0;
}

GBytes *
pf_keyring_seal (const PfKeyringKeys *self, const char *name, PfSecret *secret)
{
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new ();
  gsize length;
  const guint8 *plain = (const guint8 *) pf_secret_peek (secret, &length);
  gsize size = PF_KEYRING_NONCE + length + PF_KEYRING_TAG;
  g_autofree guint8 *sealed = g_malloc (size);
  guint8 *text = sealed + PF_KEYRING_NONCE;
  int n = 0;
  gboolean ok =
      context != NULL && pf_keyring_random (sealed, PF_KEYRING_NONCE)
      && EVP_EncryptInit_ex (context, EVP_aes_256_gcm (), NULL, self->item, sealed) == 1
      && EVP_EncryptUpdate (context, NULL, &n, (const guint8 *) name, (int) strlen (name)) == 1
      && EVP_EncryptUpdate (context, text, &n, plain, (int) length) == 1
      && EVP_EncryptFinal_ex (context, text + length, &n) == 1
      && EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_GCM_GET_TAG, PF_KEYRING_TAG, text + length) == 1;

  EVP_CIPHER_CTX_free (context);
  return ok ? g_bytes_new_take (g_steal_pointer (&sealed), size) : NULL;
}

PfSecret *
pf_keyring_unseal (const PfKeyringKeys *self, const char *name, GBytes *sealed)
{
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new ();
  gsize size;
  const guint8 *data = g_bytes_get_data (sealed, &size);
  gsize length = size - PF_KEYRING_NONCE - PF_KEYRING_TAG;
  const guint8 *text = data + PF_KEYRING_NONCE;
  g_autofree guint8 *plain = g_malloc (length + 1);
  PfSecret *secret = NULL;
  int n = 0;

  if (context != NULL
      && EVP_DecryptInit_ex (context, EVP_aes_256_gcm (), NULL, self->item, data) == 1
      && EVP_DecryptUpdate (context, NULL, &n, (const guint8 *) name, (int) strlen (name)) == 1
      && EVP_DecryptUpdate (context, plain, &n, text, (int) length) == 1
      && EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_GCM_SET_TAG, PF_KEYRING_TAG,
                              (gpointer) (text + length))
             == 1
      && EVP_DecryptFinal_ex (context, plain + length, &n) == 1)
    secret = pf_secret_new (plain, length);
  EVP_CIPHER_CTX_free (context);
  pf_secret_wipe (plain, length);
  return secret;
}
