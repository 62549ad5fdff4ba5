#include "base/secret.h"

#include <openssl/crypto.h>
#include <string.h>

struct _PfSecret
{
  gatomicrefcount ref_count;
  gsize length;
  char data[];
};

PfSecret *
pf_secret_new (const void *data, gsize length)
{
  PfSecret *self = g_malloc (sizeof *self + length + 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->length = length;
  if (length > 0)
    memcpy (self->data, data, length);
  self->data[length] = '\0';
  return self;
}

PfSecret *
pf_secret_ref (PfSecret *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
pf_secret_unref (PfSecret *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref_count))
    return;
  pf_secret_wipe (self, sizeof *self + self->length);
  g_free (self);
}

const char *
pf_secret_peek (const PfSecret *self, gsize *length)
{
  if (length != NULL)
    *length = self->length;
  return self->data;
}

void
pf_secret_wipe (void *data, gsize length)
{
  OPENSSL_cleanse (data, length);
}

void
pf_secret_free_string (char *string)
{
  if (string != NULL)
    pf_secret_wipe (string, strlen (string));
  g_free (string);
}
