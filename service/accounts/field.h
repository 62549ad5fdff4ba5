/* field.h - one key of a settings file: a row of a table, and what can be done by it.
 *
 * Settings of accounts (settings-table.c) and of the service (service-settings.c) are such tables.
 * Reading, writing, comparing and copying are the same for every row; what is special about a key
 * is in the row.
 */
#pragma once

#include <gio/gio.h>

typedef enum
{
  PF_KIND_TEXT,     /* char *, never NULL */
  PF_KIND_BOOLEAN,  /* gboolean */
  PF_KIND_CHOICE,   /* an enum in the order of the row's choices */
  PF_KIND_NUMBER16, /* guint16 */
  PF_KIND_NUMBER32, /* guint */
  PF_KIND_SIZE,     /* guint64, octets; as text it may end in K, M or G */
  PF_KIND_SCORE,    /* double */
  PF_KIND_LIST      /* char **, never NULL */
} PfKind;

typedef enum
{
  PF_FIELD_REQUIRED = 1 << 0,
  /* A change of it needs the secret anew, or `manage` (DESIGN 5). */
  PF_FIELD_MOVES_SECRET = 1 << 1,
  /* An empty list is no way to ask for the default: it is refused. */
  PF_FIELD_NOT_EMPTY = 1 << 2
} PfFieldFlags;

/* Why a value is refused. */
typedef struct
{
  const char *code;   /* "wrong-type", "out-of-range", "not-allowed", "syntax" */
  const char *reason; /* (nullable): a sentence of its own; NULL: the row's @allowed says it */
  char *shown;        /* the value or item, fit to be read */
} PfRefusal;

void pf_refusal_clear (PfRefusal *self);

/**
 * PfReadText:
 * @text: not empty, valid UTF-8 without control characters, no blanks at its ends, not longer than
 *   the row's @most
 * @refusal: gets code and reason, not the shown value
 *
 * Returns: (transfer full) (nullable): the text as it is kept, NULL when it is refused.
 */
typedef char *(*PfReadText) (const char *text, PfRefusal *refusal);

typedef struct
{
  const char *group; /* of the key file */
  const char *name;
  PfKind kind;
  gsize offset;
  const char *initial;        /* the default, as text */
  guint64 least, most;        /* of a number or score; of a text or an item, @most octets */
  const char *const *choices; /* NULL-terminated */
  PfReadText read;            /* (nullable): texts, and each item of a list */
  const char *allowed;        /* ends the sentence "KEY=VALUE: allowed is ..." */
  PfFieldFlags flags;
} PfField;

/* "s", "b", "q", "u", "t", "d" or "as". */
const char *pf_field_type (const PfField *field);

/* Sets the default; what was there before is freed. */
void     pf_field_reset (const PfField *field, gpointer object);
void     pf_field_clear (const PfField *field, gpointer object);
void     pf_field_copy  (const PfField *field, gconstpointer from, gpointer to);
gboolean pf_field_equal (const PfField *field, gconstpointer a, gconstpointer b);

/* TRUE when @text or @value is the empty text or list that gives a key back its default. */
gboolean pf_field_is_reset (const PfField *field, GVariant *value);

/**
 * pf_field_read_text:
 * @text: valid UTF-8, as it stands in a file; blanks at its ends are refused
 *
 * Returns: FALSE with @refusal, which the caller clears; @object is as it was then.
 */
gboolean pf_field_read_text (const PfField *field, gpointer object, const char *text,
                             PfRefusal *refusal);
/* The same for a value from D-Bus: of the row's type, of any integer type, or a string that is
 * read as text. */
gboolean pf_field_read_value (const PfField *field, gpointer object, GVariant *value,
                              PfRefusal *refusal);

/* (transfer full): what pf_field_read_text() would read. */
char     *pf_field_to_text  (const PfField *field, gconstpointer object);
/* Floating. */
GVariant *pf_field_to_value (const PfField *field, gconstpointer object);

/* (transfer full): "KEY=VALUE: what is allowed". */
char *pf_field_sentence (const PfField *field, const PfRefusal *refusal);
