#include "fuzz.h"
#include "protocol/address.h"
#include "protocol/header.h"

#include <string.h>

/* What comes out of an address is one that may be sent, or at least no more than one. */
static void
try_addresses (const char *text)
{
  g_autofree char *path = pf_address_from_path (text);
  g_autofree char *mailbox = pf_address_from_mailbox (text);

  g_assert_true (path == NULL || pf_address_is_safe (path));
  g_assert_true (mailbox == NULL
                 || (strchr (mailbox, '@') != NULL && strpbrk (mailbox, "\r\n<>") == NULL
                     && strlen (mailbox) <= 255));
}

static void
try_field (const PfHeaderField *field)
{
  g_autofree char *value = pf_header_field_unfold (field);
  g_autofree char *name = g_strndup (field->start, field->name_length);

  g_assert_true (pf_header_field_is (field, name));
  g_assert_null (strchr (value, '\n'));
  g_assert_cmpuint (strlen (value), <=, field->value_length);
  try_addresses (value);
}

/* Fields lie one behind the other, and what is left is the end of the block. */
static void
try_block (const char *data, gsize length)
{
  PfHeaderIter iter;
  PfHeaderField field;
  gsize sum = 0;

  pf_header_iter_init (&iter, data, length);
  while (pf_header_iter_next (&iter, &field))
    {
      g_assert_true (field.start == data + sum);
      g_assert_true (field.value + field.value_length == field.start + field.length);
      sum += field.length;
      try_field (&field);
    }
  g_assert_cmpuint (length - sum, <=, 2);
  g_assert_cmpint (pf_header_separated (data, length), ==, sum < length);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *copy = g_memdup2 (data, size);
  gboolean complete;
  gsize length = pf_header_length (copy, size, &complete);

  g_assert_cmpuint (length, <=, size);
  if (complete)
    try_block (copy, length);
  /* Whoever was fed less saw the same end, or none. */
  for (gsize part = 0; part < size; part += size / 50 + 1)
    {
      gboolean earlier;
      gsize found = pf_header_length (copy, part, &earlier);

      g_assert_true (!earlier || (complete && found == length));
    }
  {
    g_autofree char *text = g_strndup ((const char *) data, size);

    try_addresses (text);
  }
  return 0;
}
