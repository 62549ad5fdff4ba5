/* fuzz.h - what the fuzz targets share. Each is built with libFuzzer (option fuzz), and always
 * as a program that runs the files of a corpus once: an ordinary test.
 *
 * A conversation is two octets, which say where its stream is cut, and then the server's octets
 * as they come; octet 1 and a letter between them is a deed of the client's.
 * */
#pragma once

#include "talk-run.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

typedef enum
{
  FUZZ_ANY,   /* at any time */
  FUZZ_GROUP, /* while nothing is owed, or only answers to such */
  FUZZ_ALONE, /* while nothing is owed */
  FUZZ_HOLD,  /* as ALONE; until UNHOLD nothing else is done but ANY */
  FUZZ_UNHOLD
} FuzzWhen;

typedef struct
{
  char letter;
  const char *words; /* of the deed */
  FuzzWhen when;
} FuzzDeed;

/* Runs the conversation whole, byte by byte and cut in two: whatever the server says, the client
 * must tell and send the same. @opening: a deed before all, or NULL. */
void fuzz_conversation (const TalkDriver *driver, const FuzzDeed *deeds, guint n_deeds,
                        const char *opening, const guint8 *data, gsize size);
