#include "cli-client/steps.h"

#include "cli-client/i18n.h"
#include "dbus-interfaces/text.h"

#include <stdio.h>

/* The longest name of a step is "delivery". */
#define NAME_WIDTH 10

typedef struct
{
  PfOutput *output;
  gsize told;
} Telling;

static void
print_step (PfOutput *output, GVariant *step)
{
  gboolean ok = pf_property_boolean (step, "Ok");
  g_autofree char *name = pf_text_printable (pf_property_string (step, "Name"), -1, 40);
  g_autofree char *text = pf_text_printable (pf_property_string (step, "Text"), -1, 0);
  g_autofree char *mend = pf_text_printable (pf_property_string (step, "Mend"), -1, 0);
  PfStyle style = ok ? PF_STYLE_GOOD : PF_STYLE_BAD;

  pf_output_print (output, "%-*s %s%-6s%s  %s\n", NAME_WIDTH, name, pf_output_style (output, style),
                   ok ? _ ("ok") : _ ("FAILED"), pf_output_plain (output, style), text);
  if (!ok && *mend != '\0')
    pf_output_print (output, "%*s  %s\n", NAME_WIDTH + 7, "", mend);
  fflush (stdout);
}

static void
on_changed (PfChecks *checks, PfChecked *check, gpointer user_data)
{
  Telling *telling = user_data;
  g_autoptr (GVariant) steps =
      g_variant_lookup_value (check->properties, "Steps", G_VARIANT_TYPE ("aa{sv}"));

  for (; steps != NULL && telling->told < g_variant_n_children (steps); telling->told++)
    {
      g_autoptr (GVariant) step = g_variant_get_child_value (steps, telling->told);

      print_step (telling->output, step);
    }
}

PfChecked *
pf_steps_run (PfChecks *checks,
              const char *path,
              const char *address,
              PfOutput *output,
              gboolean told,
              GError **error)
{
  Telling telling = { output, 0 };
  PfChecked *check = pf_checks_add (checks, path, address, error);

  if (check == NULL || !pf_checks_wait (checks, told ? on_changed : NULL, &telling, error))
    return NULL;
  return check;
}

gboolean
pf_steps_succeeded (PfChecked *check, const char **code, const char **text)
{
  pf_property_problem (check->result, "Problem", code, text);
  return g_str_equal (check->state, "succeeded") && **code == '\0';
}
