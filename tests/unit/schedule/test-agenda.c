#include "schedule/agenda.h"

#include <string.h>

static GString *called;

static void
on_date (gpointer item, gpointer user_data)
{
  g_string_append (called, item);
  if (strcmp (item, "z") == 0)
    g_main_loop_quit (user_data);
}

static PfDate *
add (PfAgenda *agenda, guint milliseconds, const char *name)
{
  return pf_agenda_add (agenda, milliseconds, (gpointer) name);
}

/* What fails it: compare() without its look at the number; dispatch's loop without its look at the
 * time. */
static void
test_in_order_of_time (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  PfAgenda *agenda = pf_agenda_new (on_date, loop);
  PfDate *gone;

  called = g_string_new (NULL);
  add (agenda, 60, "z");
  add (agenda, 30, "b");
  gone = add (agenda, 0, "x");
  add (agenda, 30, "c");
  add (agenda, 5, "a");
  add (agenda, 600000, "never");
  pf_date_remove (gone);
  g_main_loop_run (loop);
  g_assert_cmpstr (called->str, ==, "abcz");
  pf_agenda_free (agenda);
  g_string_free (called, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/agenda/order", test_in_order_of_time);
  return g_test_run ();
}
