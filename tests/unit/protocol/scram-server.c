#include "scram-server.h"

#include <string.h>

#define LONGEST_DIGEST 32

static void
hmac (GChecksumType hash,
      const guint8 *key,
      gsize key_length,
      const void *text,
      gsize length,
      guint8 *digest)
{
  g_autoptr (GHmac) state = g_hmac_new (hash, key, key_length);
  gsize size = LONGEST_DIGEST;

  g_hmac_update (state, text, (gssize) length);
  g_hmac_get_digest (state, digest, &size);
}

/* Hi() of RFC 5802 section 2.2: PBKDF2 with one block. */
static void
salted_password (GChecksumType hash,
                 const char *password,
                 const char *salt_base64,
                 guint iterations,
                 guint8 *salted)
{
  gsize salt_length, size = (gsize) g_checksum_type_get_length (hash);
  g_autofree guint8 *salt = g_base64_decode (salt_base64, &salt_length);
  g_autofree guint8 *first = g_malloc (salt_length + 4);
  guint8 round[LONGEST_DIGEST];

  memcpy (first, salt, salt_length);
  memcpy (first + salt_length, "\0\0\0\1", 4);
  hmac (hash, (const guint8 *) password, strlen (password), first, salt_length + 4, round);
  memcpy (salted, round, size);
  for (guint i = 1; i < iterations; i++)
    {
      hmac (hash, (const guint8 *) password, strlen (password), round, size, round);
      for (gsize j = 0; j < size; j++)
        salted[j] ^= round[j];
    }
}

void
scram_compute (GChecksumType hash,
               const char *password,
               const char *salt_base64,
               guint iterations,
               const char *auth_message,
               char **proof,
               char **signature)
{
  gsize size = (gsize) g_checksum_type_get_length (hash), stored_size = LONGEST_DIGEST;
  guint8 salted[LONGEST_DIGEST], client[LONGEST_DIGEST], stored[LONGEST_DIGEST];
  guint8 server[LONGEST_DIGEST], signed_by[LONGEST_DIGEST];
  g_autoptr (GChecksum) checksum = g_checksum_new (hash);

  salted_password (hash, password, salt_base64, iterations, salted);
  hmac (hash, salted, size, "Client Key", 10, client);
  g_checksum_update (checksum, client, (gssize) size);
  g_checksum_get_digest (checksum, stored, &stored_size);
  hmac (hash, stored, size, auth_message, strlen (auth_message), signed_by);
  for (gsize i = 0; i < size; i++)
    client[i] ^= signed_by[i];
  *proof = g_base64_encode (client, size);
  hmac (hash, salted, size, "Server Key", 10, server);
  hmac (hash, server, size, auth_message, strlen (auth_message), signed_by);
  *signature = g_base64_encode (signed_by, size);
}
