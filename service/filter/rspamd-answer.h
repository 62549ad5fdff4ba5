/* rspamd-answer.h - Rspamd's answer to a scan, read strictly and bounded: pure (specs 06 section
 * 3). */
#pragma once

#include "filter/scanner.h"

typedef enum
{
  PF_RSPAMD_NO_ACTION,
  PF_RSPAMD_GREYLIST, /* we ask for none; makes no sense after acceptance */
  PF_RSPAMD_ADD_HEADER,
  PF_RSPAMD_REWRITE_SUBJECT,
  PF_RSPAMD_SOFT_REJECT, /* come again: not a verdict */
  PF_RSPAMD_REJECT,
  PF_RSPAMD_DISCARD, /* never followed as such: it is spam of the worst kind */
  PF_RSPAMD_QUARANTINE,
  PF_RSPAMD_UNKNOWN /* one of the administrator's own: @action_text; not a verdict */
} PfRspamdAction;

typedef struct
{
  char *name;        /* at most 100 octets */
  double score;
  char *description; /* "" where there is none */
  char *options;     /* joined by ", ", cut */
} PfRspamdSymbol;

typedef struct
{
  char *name;
  char *value; /* printable ASCII of one line, unfolded, at most PF_LIMIT_RSPAMD_HEADER */
  int order;   /* 0: behind our own lines; 1 and on: that place among the lines on top */
} PfRspamdHeader;

typedef struct
{
  char *name;
  int index; /* 1: the first of that name, -1: the last, 0: all */
} PfRspamdRemoval;

/* Texts are never NULL, and fit to be read. */
struct _PfRspamdAnswer
{
  PfRspamdAction action;
  char *action_text; /* as Rspamd says it */
  gboolean has_score;
  double score, required_score; /* 0 where not told; required is that of `reject` */
  gboolean is_skipped; /* Rspamd decided before all its tests had run */
  GPtrArray *symbols;  /* (element-type PfRspamdSymbol): the weightiest first, at most
                          PF_LIMIT_RSPAMD_SYMBOLS */
  guint n_symbols;     /* how many there were */
  /* What Rspamd would have done to the message, as far as the allow-list goes (specs 12 section 4):
   * X-*, Authentication-Results, ARC-*, but never X-Postferry*. */
  GPtrArray *add_headers;    /* (element-type PfRspamdHeader) */
  GPtrArray *remove_headers; /* (element-type PfRspamdRemoval) */
  char *subject; /* UTF-8 of one line, of PF_RSPAMD_REWRITE_SUBJECT only; "" else */
  char *message; /* what it would have told the sending host, why it rejects */
};

/**
 * pf_rspamd_answer_parse:
 * @data: the body of a 200
 * @problem: (out) (transfer full): what is wrong with it, as a part of a sentence
 *
 * Returns: (transfer full) (nullable): NULL for anything but one JSON object with an action and
 *   right types. Needs no locale, keeps to PF_LIMIT_RSPAMD_DEPTH and _VALUES.
 */
PfRspamdAnswer *pf_rspamd_answer_parse (const char *data, gsize length, char **problem);
void            pf_rspamd_answer_free  (PfRspamdAnswer *self);

/* TRUE when a header of that name may be put into a message, or taken out, on Rspamd's word. */
gboolean        pf_rspamd_header_is_allowed (const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfRspamdAnswer, pf_rspamd_answer_free)
