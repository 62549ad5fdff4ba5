/* talk-run.h - one machine on its way through a talk: what is told and sent is written down. */
#pragma once

#include "talk.h"

struct _TalkTrace
{
  GString *events; /* since the last talk_run_forget(), a line each */
  GString *body;   /* octets in a row, quoted */
  char *label;
};

typedef struct
{
  const TalkDriver *driver;
  gpointer machine;
  TalkTrace trace;
  GString *sent; /* since the last talk_run_forget() */
} TalkRun;

void talk_run_begin   (TalkRun *run, const TalkDriver *driver);
void talk_run_end     (TalkRun *run);
/* Takes what the machine has to tell and to send. */
void talk_run_collect (TalkRun *run);
/* Feeds @piece octets at once, each piece in memory of its own. */
void talk_run_feed    (TalkRun *run, const guint8 *data, gsize length, gsize piece);
/* FALSE when there is no such deed. */
gboolean talk_run_act (TalkRun *run, char **words);
void talk_run_eof     (TalkRun *run);

const char *talk_run_events (TalkRun *run);
/* (transfer full): the client's octets as lines; what does not end in CR LF is shown to be so. */
char *talk_run_sent   (TalkRun *run);
void  talk_run_forget (TalkRun *run);
