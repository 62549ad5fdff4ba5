#include "pump-fixture.h"

#include <string.h>

/* --- A machine: each command is owed one line ------------------------------------------------- */

static void
machine_feed (gpointer data, const guint8 *octets, gsize length)
{
  Machine *machine = data;

  g_assert_false (machine->eof);
  g_string_append_len (machine->fed, (const char *) octets, (gssize) length);
  for (gsize i = 0; i < length; i++)
    if (octets[i] == '\n' && machine->owed > 0)
      {
        machine->owed--;
        machine->answers++;
      }
}

static void
machine_feed_eof (gpointer data)
{
  Machine *machine = data;

  g_assert_false (machine->eof);
  machine->eof = TRUE;
}

static GBytes *
machine_take_output (gpointer data)
{
  Machine *machine = data;

  return g_queue_pop_head (&machine->output);
}

static gboolean
machine_expects_answer (gpointer data)
{
  Machine *machine = data;

  return machine->owed > 0;
}

static guint64
machine_answers (gpointer data)
{
  Machine *machine = data;

  return machine->answers;
}

static const PfMachineClass machine_class = { machine_feed, machine_feed_eof, machine_take_output,
                                              machine_expects_answer, machine_answers };

/* --- What a test has -------------------------------------------------------------------------- */

void
command (Fixture *f, const char *text)
{
  g_queue_push_tail (&f->machine.output, g_bytes_new (text, strlen (text)));
  f->machine.owed++;
}

static void
on_progress (PfPump *pump, gpointer user_data)
{
  Fixture *f = user_data;

  g_assert_false (f->failed);
  f->progresses++;
  if (f->command_in_progress != NULL)
    command (f, g_steal_pointer (&f->command_in_progress));
  if (f->free_in_progress)
    g_clear_pointer (&f->pump, pf_pump_free);
}

static void
on_failed (PfPump *pump, const GError *error, gpointer user_data)
{
  Fixture *f = user_data;

  g_assert_false (f->failed);
  f->failed = TRUE;
  f->error = g_error_copy (error);
  if (f->free_in_failed)
    g_clear_pointer (&f->pump, pf_pump_free);
}

static void
on_drained (PfPump *pump, gpointer user_data)
{
  Fixture *f = user_data;

  f->drains++;
  if (f->free_in_drained)
    g_clear_pointer (&f->pump, pf_pump_free);
}

static PfChannel *
make_channel (Fixture *f, gboolean secure)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (PfEndpoint) endpoint = NULL;
  PfChannel *near;

  f->far = far_end_new (&near);
  if (!secure)
    return near;
  endpoint = far_end_begin_tls (f->far, near, &result);
  far_end_finish_tls (f->far, near, &result);
  return near;
}

void
set_up (Fixture *f, gconstpointer secure)
{
  static const PfPumpHandlers handlers = { on_progress, on_failed, on_drained };
  g_autoptr (PfChannel) channel = make_channel (f, secure != NULL);

  f->machine.fed = g_string_new (NULL);
  g_queue_init (&f->machine.output);
  f->pump =
      pf_pump_new (channel, &machine_class, &f->machine, "mail.example.com", 60, 900, &handlers, f);
}

void
tear_down (Fixture *f, gconstpointer unused)
{
  g_clear_handle_id (&f->ticker, g_source_remove);
  g_clear_pointer (&f->pump, pf_pump_free);
  far_end_free (f->far);
  g_string_free (f->machine.fed, TRUE);
  g_queue_clear_full (&f->machine.output, (GDestroyNotify) g_bytes_unref);
  g_clear_error (&f->error);
}

void
hear (Fixture *f, const char *text)
{
  char buffer[256] = "";
  gsize length = 0;

  while (strcmp (buffer, text) != 0)
    {
      gssize n = far_end_read (f->far, buffer + length, sizeof buffer - 1 - length);

      g_assert_cmpint (n, >=, 0);
      length += (gsize) n;
      buffer[length] = '\0';
      g_main_context_iteration (NULL, FALSE);
    }
}

void
add_pump_tests (const PumpTest *tests, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *clear = g_strdup_printf ("/net/pump/%s/clear", tests[i].name);
      g_autofree char *secure = g_strdup_printf ("/net/pump/%s/tls", tests[i].name);

      if (tests[i].clear)
        g_test_add (clear, Fixture, NULL, set_up, tests[i].func, tear_down);
      if (tests[i].secure)
        g_test_add (secure, Fixture, "tls", set_up, tests[i].func, tear_down);
    }
}
