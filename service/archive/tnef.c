#include "archive/tnef.h"

#include "archive/bytes.h"
#include "archive/content.h"

#include <string.h>

/* After the mark (4) and a key (2): level (1), attribute (4), length (4), data, sum (2). */
#define HEAD_LENGTH 6
#define ATTRIBUTE_TITLE 0x00018010u
#define ATTRIBUTE_DATA 0x0006800fu
#define ATTRIBUTE_BEGIN 0x00069002u
#define ATTRIBUTE_PROPERTIES 0x00069005u
/* Properties ([MS-OXPROPS]). */
#define PROPERTY_DATA 0x3701
#define PROPERTY_NAME 0x3704
#define PROPERTY_LONG_NAME 0x3707
#define TYPE_OBJECT 0x0d
#define TYPE_TEXT 0x1e
#define TYPE_WIDE_TEXT 0x1f
#define TYPE_BINARY 0x102
#define MANY_VALUES 0x1000

typedef struct
{
  PfExamination *examination;
  const char *name;
  char *file; /* (nullable): the last one that a name was read of */
} Reading;

typedef struct
{
  const guint8 *at, *end;
  gboolean failed;
} Input;

/* --- Input: all is 0 once it has failed ------------------------------------------------------- */

static guint32
take_number (Input *self)
{
  if (self->failed || self->end - self->at < 4)
    {
      self->failed = TRUE;
      return 0;
    }
  self->at += 4;
  return pf_u32 (self->at - 4);
}

static const guint8 *
take (Input *self, gsize length)
{
  if (self->failed || (gsize) (self->end - self->at) < length)
    {
      self->failed = TRUE;
      return NULL;
    }
  self->at += length;
  return self->at - length;
}

/* Padded to four octets; at the end of the data the padding may be missing. */
static const guint8 *
take_padded (Input *self, gsize length)
{
  const guint8 *octets = take (self, length);
  gsize padding = (4 - length % 4) % 4;

  if (octets != NULL)
    self->at += MIN (padding, (gsize) (self->end - self->at));
  return octets;
}

/* --- Names and files -------------------------------------------------------------------------- */

static void
take_name (Reading *self, char *name)
{
  pf_examination_name (self->examination, name);
  g_free (self->file);
  self->file = name;
}

static void
read_value (Reading *self, guint property, guint type, const guint8 *data, gsize length)
{
  if (property == PROPERTY_NAME || property == PROPERTY_LONG_NAME)
    {
      char *name = type == TYPE_WIDE_TEXT
                       ? g_convert ((const char *) data, (gssize) (length & ~(gsize) 1), "UTF-8",
                                    "UTF-16LE", NULL, NULL, NULL)
                       : NULL;

      take_name (self,
                 name != NULL ? name : g_utf8_make_valid ((const char *) data, (gssize) length));
    }
  else if (property == PROPERTY_DATA)
    {
      /* A message that lies in it: its class, then its own TNEF. */
      gsize head = type == TYPE_OBJECT ? MIN (length, 16) : 0;

      pf_content_examine (self->examination, self->file != NULL ? self->file : self->name,
                          PF_CONTENT_FILE, data + head, length - head);
    }
}

/* --- Properties ------------------------------------------------------------------------------- */

/* Octets of a value of fixed length; 0: it has a length of its own. */
static gsize
fixed_length (guint type)
{
  switch (type)
    {
    case 2:
    case 3:
    case 4:
    case 10:
    case 11:
      return 4;
    case 5:
    case 6:
    case 7:
    case 20:
    case 64:
      return 8;
    case 72:
      return 16;
    default:
      return 0;
    }
}

static void
skip_own_name (Input *input)
{
  take (input, 16);
  if (take_number (input) == 0)
    take_number (input);
  else
    take_padded (input, take_number (input));
}

/* FALSE: what follows cannot be found. */
static gboolean
read_property (Reading *self, Input *input)
{
  guint32 head = take_number (input);
  guint type = head & 0xffff & ~(guint) MANY_VALUES, property = head >> 16;
  gsize length = fixed_length (type);
  gboolean has_length =
      type == TYPE_TEXT || type == TYPE_WIDE_TEXT || type == TYPE_OBJECT || type == TYPE_BINARY;
  guint32 n = 1;

  if (property >= 0x8000)
    skip_own_name (input);
  if (has_length || (head & MANY_VALUES) != 0)
    n = take_number (input);
  if (length == 0 && !has_length)
    return FALSE;
  for (guint32 i = 0; i < n && !input->failed; i++)
    {
      gsize size = has_length ? take_number (input) : length;
      const guint8 *value = take_padded (input, size);

      if (value != NULL && has_length)
        read_value (self, property, type, value, size);
    }
  return !input->failed;
}

static gboolean
read_properties (Reading *self, const guint8 *data, gsize length)
{
  Input input = { data, data + length, FALSE };
  guint32 n = take_number (&input);

  for (guint32 i = 0; i < n; i++)
    {
      if (!pf_examination_entry (self->examination) || !read_property (self, &input))
        return FALSE;
    }
  return !input.failed;
}

/* --- Attributes ------------------------------------------------------------------------------- */

static gboolean
read_attribute (Reading *self, guint32 attribute, const guint8 *data, gsize length)
{
  if (attribute == ATTRIBUTE_BEGIN)
    g_clear_pointer (&self->file, g_free);
  else if (attribute == ATTRIBUTE_TITLE)
    take_name (self, g_utf8_make_valid ((const char *) data,
                                        (gssize) strnlen ((const char *) data, length)));
  else if (attribute == ATTRIBUTE_DATA)
    pf_content_examine (self->examination, self->file != NULL ? self->file : self->name,
                        PF_CONTENT_FILE, data, length);
  else if (attribute == ATTRIBUTE_PROPERTIES)
    return read_properties (self, data, length);
  return TRUE;
}

void
pf_tnef_examine (PfExamination *examination, const char *name, const guint8 *data, gsize length)
{
  Reading self = { examination, name, NULL };
  Input input = { data, data + length, FALSE };
  gboolean ok = TRUE;

  take (&input, HEAD_LENGTH);
  while (ok && !input.failed && input.at < input.end && pf_examination_entry (examination))
    {
      guint32 attribute, size;
      const guint8 *value;

      take (&input, 1);
      attribute = take_number (&input);
      size = take_number (&input);
      value = take (&input, size);
      ok = value != NULL && read_attribute (&self, attribute, value, size)
           && take (&input, 2) != NULL;
    }
  if (!ok || input.failed)
    pf_examination_malformed (examination, name, "the file cannot be read to its end");
  g_free (self.file);
}
