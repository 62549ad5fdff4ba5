#include "dbus-interfaces/suggest.h"

#include <string.h>

/* Longer words are no slip of any known one. */
#define LONGEST 40

/* Lower case without '_', '-' and blanks, so that local_user is near LocalUser. */
static void
fold (const char *word, char folded[LONGEST + 1])
{
  gsize length = 0;

  for (; *word != '\0' && length < LONGEST; word++)
    if (*word != '_' && *word != '-' && *word != ' ')
      folded[length++] = g_ascii_tolower (*word);
  folded[length] = '\0';
}

/* Insertions, deletions, replacements, neighbours that changed places. */
static guint
distance (const char *a, const char *b)
{
  gsize length = strlen (b);
  guint rows[3][LONGEST + 1]; /* of the last three letters of @a */

  for (gsize j = 0; j <= length; j++)
    rows[0][j] = (guint) j;
  for (gsize i = 1; a[i - 1] != '\0'; i++)
    {
      guint *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];

      row[0] = (guint) i;
      for (gsize j = 1; j <= length; j++)
        {
          row[j] = MIN (above[j - 1] + (a[i - 1] != b[j - 1]), MIN (above[j], row[j - 1]) + 1);
          if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
            row[j] = MIN (row[j], two_above[j - 2] + 1);
        }
    }
  return rows[strlen (a) % 3][length];
}

const char *
pf_suggest (const char *typed, const char *const *known)
{
  char wanted[LONGEST + 1], candidate[LONGEST + 1];
  const char *best = NULL;
  guint least = G_MAXUINT;

  fold (typed, wanted);
  for (; *known != NULL; known++)
    {
      guint here;

      fold (*known, candidate);
      here = distance (wanted, candidate);
      if (here < least)
        {
          least = here;
          best = *known;
        }
    }
  return least <= MAX (1, strlen (wanted) / 3) ? best : NULL;
}
