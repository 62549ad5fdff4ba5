#include "cli-client/table.h"

#include "dbus-interfaces/text.h"

#define GAP 2

typedef struct
{
  char *text;
  guint width;
  PfStyle style;
} Cell;

struct _PfTable
{
  const PfColumn *columns;
  guint n_columns;
  GArray *cells;
};

const char *
pf_style_begin (PfStyle style, gboolean color)
{
  static const char *const sequences[] = {
    [PF_STYLE_PLAIN] = "",        [PF_STYLE_BOLD] = "\033[1m",     [PF_STYLE_DIM] = "\033[2m",
    [PF_STYLE_GOOD] = "\033[32m", [PF_STYLE_WARNING] = "\033[33m", [PF_STYLE_BAD] = "\033[31m",
  };

  return color ? sequences[style] : "";
}

const char *
pf_style_end (PfStyle style, gboolean color)
{
  return color && style != PF_STYLE_PLAIN ? "\033[0m" : "";
}

guint
pf_text_width (const char *text)
{
  guint width = 0;

  for (; *text != '\0'; text = g_utf8_next_char (text))
    {
      gunichar c = g_utf8_get_char (text);

      if (!g_unichar_iszerowidth (c))
        width += g_unichar_iswide (c) ? 2 : 1;
    }
  return width;
}

static void
cell_clear (gpointer data)
{
  Cell *cell = data;

  g_free (cell->text);
}

PfTable *
pf_table_new (const PfColumn *columns, guint n_columns)
{
  PfTable *self = g_new0 (PfTable, 1);

  self->columns = columns;
  self->n_columns = n_columns;
  self->cells = g_array_new (FALSE, FALSE, sizeof (Cell));
  g_array_set_clear_func (self->cells, cell_clear);
  return self;
}

void
pf_table_free (PfTable *self)
{
  g_array_unref (self->cells);
  g_free (self);
}

void
pf_table_add (PfTable *self, PfStyle style, const char *text)
{
  Cell cell = { .text = pf_text_printable (text, -1, 0), .style = style };

  cell.width = pf_text_width (cell.text);
  g_array_append_val (self->cells, cell);
}

static void
append_cell (GString *out,
             const Cell *cell,
             guint width,
             gboolean right,
             gboolean last,
             gboolean color)
{
  guint padding = width - cell->width;

  if (right)
    g_string_append_printf (out, "%*s", (int) padding, "");
  g_string_append_printf (out, "%s%s%s", pf_style_begin (cell->style, color), cell->text,
                          pf_style_end (cell->style, color));
  if (!last)
    g_string_append_printf (out, "%*s", (int) (right ? GAP : padding + GAP), "");
}

static void
measure (PfTable *self, gboolean legend, guint *widths)
{
  for (guint i = 0; i < self->n_columns; i++)
    widths[i] = legend ? pf_text_width (self->columns[i].title) : 0;
  for (guint i = 0; i < self->cells->len; i++)
    {
      guint *width = &widths[i % self->n_columns];

      *width = MAX (*width, g_array_index (self->cells, Cell, i).width);
    }
}

/* A line without blanks at its end. */
static void
append_line (GString *out, GString *line)
{
  while (line->len > 0 && line->str[line->len - 1] == ' ')
    g_string_truncate (line, line->len - 1);
  g_string_append (out, line->str);
  g_string_append_c (out, '\n');
  g_string_truncate (line, 0);
}

char *
pf_table_to_text (PfTable *self, gboolean legend, gboolean color)
{
  g_autofree guint *widths = g_new0 (guint, self->n_columns);
  g_autoptr (GString) line = g_string_new (NULL);
  GString *out = g_string_new (NULL);

  measure (self, legend, widths);
  for (guint i = 0; legend && i < self->n_columns; i++)
    {
      Cell title = { (char *) self->columns[i].title, pf_text_width (self->columns[i].title),
                     PF_STYLE_BOLD };

      append_cell (line, &title, widths[i], self->columns[i].right, i + 1 == self->n_columns,
                   color);
    }
  if (legend)
    append_line (out, line);
  for (guint i = 0; i < self->cells->len; i++)
    {
      guint column = i % self->n_columns;
      gboolean last = column + 1 == self->n_columns;

      append_cell (line, &g_array_index (self->cells, Cell, i), widths[column],
                   self->columns[column].right, last, color);
      if (last)
        append_line (out, line);
    }
  return g_string_free (out, FALSE);
}
