#include "cli-client/suggest.h"

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

/* Levenshtein: insertions, deletions, replacements. */
static guint
distance (const char *a, const char *b)
{
  gsize length = strlen (b);
  guint row[LONGEST + 1];

  for (gsize j = 0; j <= length; j++)
    row[j] = (guint) j;
  for (gsize i = 1; a[i - 1] != '\0'; i++)
    {
      guint diagonal = row[0];

      row[0] = (guint) i;
      for (gsize j = 1; j <= length; j++)
        {
          guint replaced = diagonal + (a[i - 1] != b[j - 1]);

          diagonal = row[j];
          row[j] = MIN (replaced, MIN (row[j], row[j - 1]) + 1);
        }
    }
  return row[length];
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
