/* talk.h - runs conversations with servers, written down in files, against a protocol machine.
 *
 * A talk is a text file, one step a line, blanks around the word behind the mark dropped:
 *
 * # a remark S: text        the server's line, CR LF is added S= text        octets of the
 * server, nothing is added S* N text      the same, N times over > words        what the user of
 * the machine does now: given to the driver C: text        the line that the client must have
 * sent by now E: text        the event that the driver must have told by now EOF            the
 * stream ends
 *
 * Texts know \r \n \t \0 \\ and \xHH. All S lines in a row are one stretch of octets. Events and
 * client lines are each compared in order, with all that came since the last stretch or deed, so
 * that nothing may come unsaid.
 *
 * Every talk is run with its stretches whole, byte by byte, and cut in two at every octet; and
 * it is broken off by the end of the stream at every octet: then what was told must be a
 * beginning of what the whole talk tells, and a machine that was owed an answer must say so.
 * */
#pragma once

#include "protocol/machine.h"

typedef struct _TalkTrace TalkTrace;

/* One line of the trace; the driver's events. */
void talk_trace_event  (TalkTrace *trace, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* Octets of a body: what comes in a row becomes one line, @label "octets". */
void talk_trace_octets (TalkTrace *trace, const char *label, const void *data, gsize length);
/* (transfer full): @text between quotation marks, as it is spelt in talks. */
char *talk_quote       (const void *text, gsize length);
/* Appends @text as it is spelt in talks. */
void  talk_unquote     (GByteArray *octets, const char *text);

typedef struct
{
  const PfMachineClass *machine_class;
  gpointer (*create)  (void);
  void     (*destroy) (gpointer machine);
  /* Takes all events there are and traces them. */
  void     (*drain)   (gpointer machine, TalkTrace *trace);
  /* Does what a ">" line says, and may trace an answer; FALSE when there is no such deed. */
  gboolean (*act)     (gpointer machine, char **words, TalkTrace *trace);
} TalkDriver;

/* For main(): each argument is a talk. */
int talk_main (int argc, char **argv, const TalkDriver *driver);
