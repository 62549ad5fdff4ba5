/* drivers.h - what a talk's deeds do to each machine, and how its events are written down. */
#pragma once

#include "talk.h"

extern const TalkDriver talk_imap;
extern const TalkDriver talk_pop3;
extern const TalkDriver talk_lmtp;
extern const TalkDriver talk_clamd;
