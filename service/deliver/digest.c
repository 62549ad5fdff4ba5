#include "deliver/digest.h"

#include "protocol/header.h"

#include <openssl/evp.h>
#include <string.h>

struct _PfDigest
{
  EVP_MD_CTX *context;
  guint64 line_ends; /* seen, and not counted until something follows them */
};

PfDigest *
pf_digest_new (void)
{
  PfDigest *self = g_new0 (PfDigest, 1);

  self->context = EVP_MD_CTX_new ();
  if (self->context == NULL || EVP_DigestInit_ex (self->context, EVP_sha256 (), NULL) != 1)
    g_error ("OpenSSL has no SHA-256");
  return self;
}

void
pf_digest_free (PfDigest *self)
{
  EVP_MD_CTX_free (self->context);
  g_free (self);
}

static void
update (PfDigest *self, const char *data, gsize length)
{
  EVP_DigestUpdate (self->context, data, length);
}

/* Mailbox software keeps its notes in these. */
static gboolean
is_servers_own (const PfHeaderField *field)
{
  static const char *const names[] = { "Status",     "X-Status",   "X-UID", "X-UIDL",
                                       "X-Keywords", "X-IMAPbase", "X-IMAP" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (pf_header_field_is (field, names[i]))
      return TRUE;
  return FALSE;
}

/* Runs of blanks and line ends become one blank, those at both ends none: at most
 * field->value_length octets. */
static gsize
squeeze (const PfHeaderField *field, char *out)
{
  gsize length = 0;
  gboolean blank = FALSE;

  for (gsize i = 0; i < field->value_length; i++)
    {
      char octet = field->value[i];

      if (octet == ' ' || octet == '\t' || octet == '\r' || octet == '\n')
        {
          blank = length > 0;
          continue;
        }
      if (blank)
        out[length++] = ' ';
      blank = FALSE;
      out[length++] = octet;
    }
  return length;
}

static void
add_field (PfDigest *self, const PfHeaderField *field)
{
  g_autofree char *name = g_ascii_strdown (field->start, (gssize) field->name_length);
  g_autofree char *value = g_malloc (field->value_length + 1);
  gsize length = squeeze (field, value);

  update (self, name, field->name_length);
  update (self, ":", 1);
  update (self, value, length);
  update (self, "\n", 1);
}

void
pf_digest_header (PfDigest *self, const char *header, gsize length)
{
  PfHeaderIter iter;
  PfHeaderField field;

  pf_header_iter_init (&iter, header, length);
  while (pf_header_iter_next (&iter, &field))
    if (!is_servers_own (&field))
      add_field (self, &field);
  update (self, "\n", 1);
}

void
pf_digest_body (PfDigest *self, const char *data, gsize length)
{
  gsize rest = length;

  while (rest > 0 && data[rest - 1] == '\n')
    rest--;
  if (rest > 0)
    {
      for (; self->line_ends > 0; self->line_ends--)
        update (self, "\n", 1);
      update (self, data, rest);
    }
  self->line_ends += length - rest;
}

char *
pf_digest_end (PfDigest *self)
{
  static const char digits[] = "0123456789abcdef";
  guint8 raw[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  char *hex;

  EVP_DigestFinal_ex (self->context, raw, &length);
  hex = g_malloc (2 * length + 1);
  for (unsigned i = 0; i < length; i++)
    {
      hex[2 * i] = digits[raw[i] >> 4];
      hex[2 * i + 1] = digits[raw[i] & 0xf];
    }
  hex[2 * length] = '\0';
  return hex;
}
