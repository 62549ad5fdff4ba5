#include "drivers.h"
#include "fuzz.h"

static const FuzzDeed deeds[] = {
  { 'c', "capa", FUZZ_GROUP },
  { 's', "stat", FUZZ_GROUP },
  { 'l', "list", FUZZ_GROUP },
  { 'u', "uidl", FUZZ_GROUP },
  { 'r', "retr 1", FUZZ_GROUP },
  { 'R', "retr 2", FUZZ_GROUP },
  { 'd', "dele 1", FUZZ_GROUP },
  { 'n', "noop", FUZZ_GROUP },
  { 'x', "rset", FUZZ_GROUP },
  { '8', "utf8", FUZZ_GROUP },
  { 'U', "user alice", FUZZ_ALONE },
  { 'P', "pass secret", FUZZ_ALONE },
  { 'a', "auth PLAIN AA==", FUZZ_ALONE },
  { 'A', "auth CRAM-MD5", FUZZ_ALONE },
  { 'q', "quit", FUZZ_ALONE },
  { 'b', "respond AAAA", FUZZ_ANY },
  { 'B', "cancel", FUZZ_ANY },
  { 'f', "forget", FUZZ_ANY },
  { 'h', "has SASL", FUZZ_ANY },
  { 'T', "stls", FUZZ_HOLD },
  { 't', "tls", FUZZ_UNHOLD },
};

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  fuzz_conversation (&talk_pop3, deeds, G_N_ELEMENTS (deeds), "pipelining", data, size);
  return 0;
}
