#include "fuzz.h"

#include "net/deflate.h"

#include <string.h>

/* What a fuzzer's few octets stand for is looked at so far. */
#define MOST (1 << 20)
#define STEP 257

/* All that @data stands for, fed @slice octets at a time. FALSE: it is no compressed stream. */
static gboolean
inflate_all (const guint8 *data, gsize size, gsize slice, GByteArray *out)
{
  g_autoptr (PfDeflate) deflate = pf_deflate_new ();
  guint8 step[STEP];
  gsize offset = 0, length = 0;

  while (out->len < MOST)
    {
      if (!pf_deflate_read (deflate, step, sizeof step, &length))
        return FALSE;
      g_assert_cmpuint (length, <=, sizeof step);
      g_byte_array_append (out, step, (guint) length);
      if (length > 0)
        continue;
      g_assert_false (pf_deflate_has_input (deflate));
      if (offset >= size)
        return TRUE;
      length = MIN (slice, size - offset);
      pf_deflate_feed (deflate, data + offset, length);
      offset += length;
    }
  return TRUE;
}

/* However it is cut, it stands for the same; and what we pack, anybody unpacks. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GByteArray) whole = g_byte_array_new (), bytewise = g_byte_array_new ();
  g_autoptr (GByteArray) packed = g_byte_array_new (), back = g_byte_array_new ();
  g_autoptr (PfDeflate) deflate = pf_deflate_new ();
  gboolean clean = inflate_all (data, size, MAX (size, 1), whole);

  gboolean clean_bytewise = inflate_all (data, size, 1, bytewise);

  g_assert_cmpmem (whole->data, MIN (whole->len, MOST), bytewise->data, MIN (bytewise->len, MOST));
  if (whole->len < MOST)
    g_assert_cmpint (clean_bytewise, ==, clean);
  pf_deflate_write (deflate, data, size / 2, packed);
  pf_deflate_write (deflate, data + size / 2, size - size / 2, packed);
  g_assert_true (inflate_all (packed->data, packed->len, 7, back));
  g_assert_cmpmem (back->data, back->len, data, size);
  return 0;
}
