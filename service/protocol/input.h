/* input.h - octets that a machine was fed and has not read yet; takes lines out of them. */
#pragma once

#include <glib.h>

typedef struct
{
  GByteArray *octets;
  gsize offset;   /* what is before was read */
  gsize searched; /* octets behind the offset known to hold no LF: each is looked at once */
} PfInput;

typedef enum
{
  PF_LINE_MORE,    /* none is complete yet */
  PF_LINE_TAKEN,
  PF_LINE_TOO_LONG
} PfLineResult;

typedef struct
{
  char *text;       /* without its end, a NUL in it replaced by "?"; never NULL in a line taken */
  gsize length;
  gboolean bare;    /* it ended in LF alone */
  gboolean has_nul;
} PfLine;

void pf_input_init  (PfInput *self);
void pf_input_clear (PfInput *self);
/* What was pointed to by pf_input_peek() is void after this. */
void pf_input_feed  (PfInput *self, const guint8 *data, gsize length);
/* Throws away what was not read. */
void pf_input_drop  (PfInput *self);

const guint8 *pf_input_peek (const PfInput *self);
gsize         pf_input_left (const PfInput *self);
void          pf_input_skip (PfInput *self, gsize length);

/* A line of at most @limit octets before its LF; a bare LF ends it too. */
PfLineResult pf_input_take_line (PfInput *self, gsize limit, PfLine *line);
void         pf_line_clear      (PfLine *line);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PfLine, pf_line_clear)
