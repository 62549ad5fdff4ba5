/* table.h - text in columns, aligned by what a terminal shows, not by octets. */
#pragma once

#include <glib.h>

/* Colour is never the only carrier of a meaning. */
typedef enum
{
  PF_STYLE_PLAIN,
  PF_STYLE_BOLD,
  PF_STYLE_DIM,
  PF_STYLE_GOOD,
  PF_STYLE_WARNING,
  PF_STYLE_BAD
} PfStyle;

/* "" or an escape sequence. */
const char *pf_style_begin (PfStyle style, gboolean color);
const char *pf_style_end (PfStyle style, gboolean color);

/* Columns that @text takes: wide characters two, combining ones none. */
guint pf_text_width (const char *text);

typedef struct
{
  const char *title;
  gboolean right; /* numbers */
} PfColumn;

typedef struct _PfTable PfTable;

/* @columns is kept by reference. */
PfTable *pf_table_new (const PfColumn *columns, guint n_columns);
void pf_table_free (PfTable *self);
/* The next cell, left to right, row by row. @text may come from anywhere: it is made printable
 * here. */
void pf_table_add (PfTable *self, PfStyle style, const char *text);
/* (transfer full): a line for each row; with @legend the titles above it. */
char *pf_table_to_text (PfTable *self, gboolean legend, gboolean color);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfTable, pf_table_free)
