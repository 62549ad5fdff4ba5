/* keyring-crypto.h - what keeps the keyring closed: keys, items, the mark of the whole.
 *
 * Every key is derived from the master key and the file's salt with HKDF-SHA-256. An item is
 * AES-256-GCM under a fresh nonce, its name is authenticated with it: it cannot be passed off as
 * another's. Internal to secrets/. */
#pragma once

#include "base/secret.h"

#define PF_KEYRING_SALT 16
#define PF_KEYRING_CHECK 16
#define PF_KEYRING_MARK 32
/* What sealing adds to a secret. */
#define PF_KEYRING_NONCE 12
#define PF_KEYRING_TAG 16

typedef struct
{
  guint8 item[32], file[32];
  guint8 check[PF_KEYRING_CHECK]; /* stands in the file: tells whether the master key is its own */
} PfKeyringKeys;

/* FALSE only when OpenSSL fails. */
gboolean  pf_keyring_random       (guint8 *octets, gsize length);
gboolean  pf_keyring_keys_derive  (PfKeyringKeys *self, PfSecret *master,
                                   const guint8 salt[PF_KEYRING_SALT]);
void      pf_keyring_keys_wipe    (PfKeyringKeys *self);
/* HMAC-SHA-256 of @data. */
gboolean  pf_keyring_mark         (const PfKeyringKeys *self, const guint8 *data, gsize length,
                                   guint8 mark[PF_KEYRING_MARK]);
/* In a time that tells nothing. */
gboolean  pf_keyring_equal        (const guint8 *one, const guint8 *other, gsize length);
/* (transfer full): nonce, ciphertext, tag */
GBytes   *pf_keyring_seal         (const PfKeyringKeys *self, const char *name, PfSecret *secret);
/* (transfer full) (nullable): NULL when @sealed is not what was sealed under @name */
PfSecret *pf_keyring_unseal       (const PfKeyringKeys *self, const char *name, GBytes *sealed);
