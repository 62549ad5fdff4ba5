#include "cli-client/output.h"

#include "cli-client/failure.h"
#include "cli-client/i18n.h"
#include "cli-client/json.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- Colour ----------------------------------------------------------------------------------- */

static gboolean
is_set (const char *variable)
{
  const char *value = g_getenv (variable);

  return value != NULL && *value != '\0';
}

static gboolean
color_by_itself (void)
{
  if (is_set ("NO_COLOR"))
    return FALSE;
  if (is_set ("CLICOLOR_FORCE") && g_strcmp0 (g_getenv ("CLICOLOR_FORCE"), "0") != 0)
    return TRUE;
  return isatty (STDOUT_FILENO) && g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;
}

gboolean
pf_output_init (PfOutput *self, const PfOptions *options, GError **error)
{
  const char *color = options->color != NULL ? options->color : "auto";

  self->json = options->json;
  self->legend = !options->no_legend;
  self->may_page = isatty (STDOUT_FILENO) && !options->no_pager && !options->json;
  self->pager = 0;
  if (g_str_equal (color, "auto"))
    self->color = color_by_itself ();
  else if (g_str_equal (color, "always"))
    self->color = TRUE;
  else if (g_str_equal (color, "never"))
    self->color = FALSE;
  else
    return pf_usage (error, _ ("--color=%s: allowed are auto, always and never"), color);
  return TRUE;
}

const char *
pf_output_style (const PfOutput *self, PfStyle style)
{
  return pf_style_begin (style, self->color);
}

const char *
pf_output_plain (const PfOutput *self, PfStyle style)
{
  return pf_style_end (style, self->color);
}

/* --- Pager ------------------------------------------------------------------------------------ */

/* (nullable): none is wanted. */
static const char *
pager_command (void)
{
  const char *command = g_getenv ("POSTFERRY_PAGER");

  if (command == NULL)
    command = g_getenv ("PAGER");
  if (command == NULL)
    return "less";
  return *command == '\0' || g_str_equal (command, "cat") ? NULL : command;
}

void
pf_output_page (PfOutput *self)
{
  const char *command = pager_command ();
  g_auto (GStrv) argv = NULL;
  g_auto (GStrv) environment = g_get_environ ();
  int input;

  if (!self->may_page || self->pager != 0 || command == NULL
      || !g_shell_parse_argv (command, NULL, &argv, NULL))
    return;
  environment = g_environ_setenv (environment, "LESS", "FRSX", FALSE);
  if (!g_spawn_async_with_pipes (NULL, argv, environment,
                                 G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                                 &self->pager, &input, NULL, NULL, NULL))
    {
      self->pager = 0;
      return;
    }
  fflush (stdout);
  dup2 (input, STDOUT_FILENO);
  close (input);
}

/* --- Writing ---------------------------------------------------------------------------------- */

/* Nobody reads any more: that is how `| head` ends, not a failure. */
static void
check_reader (void)
{
  if (ferror (stdout) && errno == EPIPE)
    _exit (PF_EXIT_DONE);
}

static void
put (const char *text)
{
  fputs (text, stdout);
  check_reader ();
}

void
pf_output_print (PfOutput *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  put (text);
}

void
pf_output_table (PfOutput *self, PfTable *table)
{
  g_autofree char *text = pf_table_to_text (table, self->legend, self->color);

  put (text);
}

void
pf_output_json (PfOutput *self, JsonNode *node, gboolean line)
{
  g_autofree char *text = pf_json_text (node, !line);

  json_node_unref (node);
  put (text);
  put ("\n");
  if (line)
    {
      fflush (stdout);
      check_reader ();
    }
}

PfExit
pf_output_finish (PfOutput *self, PfExit status)
{
  gboolean failed = fflush (stdout) != 0 || ferror (stdout);

  if (self->pager != 0)
    {
      /* Ctrl-C is the pager's now. It reads until our end is closed. */
      signal (SIGINT, SIG_IGN);
      fclose (stdout);
      while (waitpid (self->pager, NULL, 0) < 0 && errno == EINTR)
        continue;
      return status;
    }
  check_reader ();
  if (failed)
    g_printerr (_ ("postferry: cannot write the answer: %s\n"), g_strerror (errno));
  return failed ? PF_EXIT_FAILED : status;
}
