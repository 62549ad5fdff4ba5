#include "cli-client/progress.h"

#include "cli-client/table.h"
#include "cli-client/terminal.h"

#include <stdio.h>
#include <unistd.h>

#define UPDATE_MS 200
#define WIDEST_BAR 30
#define NARROWEST_BAR 5

struct _PfProgress
{
  gboolean active;
  gboolean shown;
  char *label, *detail; /* (nullable): nothing to show */
  guint64 done, total;
  guint timer;
};

PfProgress *
pf_progress_new (gboolean wanted)
{
  PfProgress *self = g_new0 (PfProgress, 1);

  self->active = wanted && isatty (STDERR_FILENO) && g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;
  return self;
}

void
pf_progress_free (PfProgress *self)
{
  pf_progress_hide (self);
  g_free (self);
}

/* Cuts @line to @columns. */
static char *
cut (const char *line, guint columns)
{
  g_autoptr (GString) out = g_string_new (NULL);

  for (; *line != '\0'; line = g_utf8_next_char (line))
    {
      g_string_append_unichar (out, g_utf8_get_char (line));
      if (pf_text_width (out->str) > columns)
        {
          g_string_truncate (out,
                             out->len - (gsize) g_unichar_to_utf8 (g_utf8_get_char (line), NULL));
          break;
        }
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

char *
pf_progress_line (const char *label, guint64 done, guint64 total, const char *detail, guint columns)
{
  /* Blanks, brackets, percent: "LABEL [###   ] 100% DETAIL". */
  guint used = pf_text_width (label) + pf_text_width (detail) + 9;
  guint bar = used < columns ? MIN (columns - used, WIDEST_BAR) : 0;
  double part = total > 0 ? (double) MIN (done, total) / (double) total : 0;
  g_autoptr (GString) line = g_string_new (label);

  if (total > 0 && bar >= NARROWEST_BAR)
    {
      guint filled = (guint) (part * bar);

      g_string_append (line, " [");
      for (guint i = 0; i < bar; i++)
        g_string_append_c (line, i < filled ? '#' : ' ');
      g_string_append_c (line, ']');
    }
  if (total > 0)
    g_string_append_printf (line, " %3u%%", (guint) (part * 100));
  if (*detail != '\0')
    g_string_append_printf (line, " %s", detail);
  return cut (line->str, columns);
}

static gboolean
draw (gpointer user_data)
{
  PfProgress *self = user_data;
  g_autofree char *line = NULL;

  self->timer = 0;
  if (self->label == NULL)
    return G_SOURCE_REMOVE;
  /* The last column stays free: some terminals wrap there. */
  line = pf_progress_line (self->label, self->done, self->total, self->detail,
                           pf_terminal_width (STDERR_FILENO) - 1);
  fprintf (stderr, "\r%s\033[K", line);
  fflush (stderr);
  self->shown = TRUE;
  return G_SOURCE_REMOVE;
}

void
pf_progress_set (PfProgress *self,
                 const char *label,
                 guint64 done,
                 guint64 total,
                 const char *detail)
{
  if (!self->active)
    return;
  g_free (self->label);
  g_free (self->detail);
  self->label = g_strdup (label);
  self->detail = g_strdup (detail);
  self->done = done;
  self->total = total;
  if (self->timer == 0)
    self->timer = g_timeout_add (UPDATE_MS, draw, self);
}

void
pf_progress_hide (PfProgress *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_pointer (&self->label, g_free);
  g_clear_pointer (&self->detail, g_free);
  if (self->shown)
    fputs ("\r\033[K", stderr);
  self->shown = FALSE;
}
